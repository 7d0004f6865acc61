"""pytest plugins of this project, registered in tests/conftest.py."""
