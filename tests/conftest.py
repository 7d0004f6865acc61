"""What every test can use."""

import os

from hypothesis import settings

pytest_plugins = ["tests.plugins.skips", "tests.plugins.postgres"]

settings.register_profile("short", max_examples=50, deadline=None)
settings.register_profile("soak", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
