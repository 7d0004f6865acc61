"""What is vendored is what the manifest says, and nothing else lies beside it."""

import hashlib
import json
from pathlib import Path

import pytest

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"
MANIFEST: dict[str, dict[str, str]] = json.loads((VENDOR / "manifest.json").read_text())


@pytest.mark.parametrize("name", MANIFEST)
def test_a_vendored_file_is_the_one_of_the_manifest(name: str) -> None:
    digest = hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()
    assert digest == MANIFEST[name]["sha256"]
    assert MANIFEST[name]["from"]
    assert MANIFEST[name]["licence"]


def test_everything_vendored_is_in_the_manifest() -> None:
    files = {path.name for path in VENDOR.iterdir() if path.is_file()}
    licences = {name for name in files if name.endswith(".LICENSE")}
    assert files == {*MANIFEST, "manifest.json", *licences}
