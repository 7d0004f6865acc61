"""Where a page may send somebody on to: addresses of our own, no others."""

from urllib.parse import urlsplit


def safe_next(wanted: object) -> str:
    """Return a path of this site, or nothing for whatever could lead elsewhere."""
    if not isinstance(wanted, str) or not wanted.startswith("/") or wanted.startswith("//"):
        return ""
    if "\\" in wanted or any(ord(letter) <= ord(" ") for letter in wanted):
        return ""
    parts = urlsplit(wanted)
    return wanted if not parts.scheme and not parts.netloc else ""
