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
    """Looks up built files in the manifest, {"live.js": "live-HASH.js"}, and reloads it when it changes.

    imports.json beside it has {"live.js": ["chunk-HASH.js", …]}; without it nothing is preloaded.
    """

    def __init__(self, dist: str | Path):
        self.folder = Path(dist)
        self._manifest = self.folder / "manifest.json"
        self._modified: int | None = None
        self._names: dict[str, str] = {}
        self._imports: dict[str, list[str]] = {}

    def __call__(self, name: str) -> str:
        """The URL of the built file. Raises AssetsMissingError."""
        names = self.names()
        if name not in names:
            raise AssetsMissingError(f"{self._manifest}: {name} is not built; run `make build`")
        return url_for("static", filename=f"dist/{names[name]}")

    def imports(self, name: str) -> list[str]:
        """The URLs of the built files that the script imports, for `<link rel="modulepreload">`."""
        self.names()        # reloads both files when they change
        return [url_for("static", filename=f"dist/{built}") for built in self._imports.get(name, [])]

    def names(self) -> dict[str, str]:
        """{name: built name}. Raises AssetsMissingError."""
        try:
            modified = self._manifest.stat().st_mtime_ns
            if modified != self._modified:
                self._imports = self._read_imports()
                self._names, self._modified = json.loads(self._manifest.read_text()), modified
        except (OSError, ValueError) as error:
            raise AssetsMissingError(f"{self._manifest}: scripts and styles are not built; run `make build`") from error
        return self._names

    def _read_imports(self) -> dict[str, list[str]]:
        file = self.folder / "imports.json"
        return json.loads(file.read_text()) if file.is_file() else {}

    def compressed(self, sha256: str) -> Path:
        """The path of the compressed copies of the file with this hash, without .br or .gz."""
        return self.folder / "compressed" / sha256


def init_app(app: Flask) -> None:
    assets = app.extensions["assets"] = app.jinja_env.globals["asset"] = Assets(Path(app.static_folder or "") / "dist")
    app.jinja_env.globals["asset_imports"] = assets.imports
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
