"""The application for a WSGI server."""

from config import Settings
from scheduler.app import create_app

app = create_app(Settings.from_env())
