"""Built scripts and styles: `asset('live.js')` in a template is the URL of static/dist/live-HASH.js.

The build writes Brotli and gzip copies beside each file that shrinks; these are served where the browser accepts them.
"""

import json
import mimetypes
from pathlib import Path
from typing import IO

from flask import Flask, Response, request, send_file, url_for
from werkzeug.security import safe_join

from ..errors import AssetsMissingError


class Assets:
    """Looks up built files in the manifest, {"live.js": "live-HASH.js"}, and reloads it when it changes."""

    def __init__(self, dist: str | Path):
        self.folder = Path(dist)
        self._manifest = self.folder / "manifest.json"
        self._modified: int | None = None
        self._names: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """The URL of the built file. Raises AssetsMissingError."""
        names = self.names()
        if name not in names:
            raise AssetsMissingError(f"{self._manifest}: {name} is not built; run `make build`")
        return url_for("static", filename=f"dist/{names[name]}")

    def names(self) -> dict[str, str]:
        """{name: built name}. Raises AssetsMissingError."""
        try:
            modified = self._manifest.stat().st_mtime_ns
            if modified != self._modified:
                self._names, self._modified = json.loads(self._manifest.read_text()), modified
        except (OSError, ValueError) as error:
            raise AssetsMissingError(f"{self._manifest}: scripts and styles are not built; run `make build`") from error
        return self._names

    def compressed(self, sha256: str) -> Path:
        """The path of the compressed copies of the file with this hash, without .br or .gz."""
        return self.folder / "compressed" / sha256


def init_app(app: Flask) -> None:
    assets = app.extensions["assets"] = app.jinja_env.globals["asset"] = Assets(Path(app.static_folder or "") / "dist")
    serve_uncompressed = app.view_functions["static"]

    def static(filename):
        """A file of static/, compressed if it is built and the browser accepts it."""
        path = safe_join(str(assets.folder), filename.removeprefix("dist/")) if filename.startswith("dist/") else None
        return send(path, path) if path and _compressed_copy(path) else serve_uncompressed(filename=filename)

    app.view_functions["static"] = static


def send(file: str | IO[bytes], copies: str | Path, mimetype: str | None = None) -> Response:
    """Send `file`, a path or a binary stream, or a compressed copy of it: `copies` plus .br or .gz.

    Without a mimetype, `file` must be a path, and its extension decides.
    """
    if mimetype is None:
        mimetype = mimetypes.guess_type(str(file))[0]
    copy = _compressed_copy(copies)
    response = send_file(copy[0] if copy else file, mimetype=mimetype, conditional=True)
    if copy:
        response.headers["Content-Encoding"] = copy[1]
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _compressed_copy(path):
    """(path, encoding) of the compressed copy the browser prefers, or None."""
    for extension, encoding in (("br", "br"), ("gz", "gzip")):
        copy = Path(f"{path}.{extension}")
        if encoding in request.accept_encodings and copy.is_file():
            return copy, encoding
    return None
