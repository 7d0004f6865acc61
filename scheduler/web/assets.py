"""Style sheets and pictures: addressed by their content, kept a year, sent compressed."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for
from flask_compress import Compress

_MARK = "v"
_COMPRESSED = ("text/css", "image/svg+xml")
_YEAR_SECONDS = 365 * 24 * 3600


def register(app: Flask) -> None:
    """Serve static files; pages are never compressed, as their form tokens could be guessed."""
    app.config["COMPRESS_MIMETYPES"] = list(_COMPRESSED)
    app.config["COMPRESS_ALGORITHM"] = ["gzip"]
    app.config["COMPRESS_ALGORITHM_STREAMING"] = ["gzip"]  # files are streams to it
    app.config["COMPRESS_STREAMS"] = False
    Compress(app)
    app.after_request(_read_whole)  # runs before the compression, as it was registered after it
    app.add_template_global(static_url)
    app.after_request(_keep)


def static_url(filename: str) -> str:
    """Return the address of a static file, another one whenever its content is another."""
    folder = current_app.static_folder
    if folder is None:
        raise RuntimeError("the application serves no static files")
    mark = _digest(Path(folder) / filename)
    return url_for("static", filename=filename, v=mark)


@cache
def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]


def _read_whole(response: Response) -> Response:
    """Read a small static file at once: a compressed stream would leave its file open."""
    if request.endpoint == "static" and response.mimetype in _COMPRESSED:
        response.direct_passthrough = False
        response.get_data()
    return response


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and _MARK in request.args:
        response.headers["Cache-Control"] = f"public, max-age={_YEAR_SECONDS}, immutable"
    return response
