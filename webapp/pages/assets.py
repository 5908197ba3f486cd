"""`asset('live.js')` in a template: the address of the built file, static/dist/live-HASH.js; and how files are
sent: the build lays a Brotli and a gzip copy beside each that gains by it."""

import json
import mimetypes
from pathlib import Path

from flask import request, send_file, url_for
from werkzeug.security import safe_join

from ..errors import SetupError


class AssetsMissing(SetupError):  # noqa: N818 - says what is the matter
    """The scripts and styles have not been built, or not this one."""


class Assets:
    """Reads the build's manifest, {"live.js": "live-HASH.js"}, anew when it has changed."""

    def __init__(self, dist):
        self.folder = Path(dist)
        self._manifest = self.folder / "manifest.json"
        self._read, self._names = None, {}

    def __call__(self, name):
        """The address of the built file. Raises AssetsMissing."""
        names = self.names()
        if name not in names:
            raise AssetsMissing(f"{self._manifest}: {name} is not built; run `make build`")
        return url_for("static", filename=f"dist/{names[name]}")

    def names(self):
        """{name: built name}. Raises AssetsMissing."""
        try:
            changed = self._manifest.stat().st_mtime_ns
            if changed != self._read:
                self._names, self._read = json.loads(self._manifest.read_text()), changed
        except (OSError, ValueError) as error:
            raise AssetsMissing(f"{self._manifest}: the pages' scripts are not built; run `make build`") from error
        return self._names


    def compressed(self, sha256):
        """Where the build laid the compressed copies of the file with this hash, without their endings."""
        return self.folder / "compressed" / sha256


def init_app(app):
    found = app.extensions["assets"] = app.jinja_env.globals["asset"] = Assets(Path(app.static_folder) / "dist")
    plain = app.view_functions["static"]

    def static(filename):
        """A file of static/; built ones compressed, where the browser takes that."""
        path = safe_join(found.folder, filename.removeprefix("dist/")) if filename.startswith("dist/") else None
        copy = _copy(path) if path else None
        return send(path, path, None) if copy else plain(filename=filename)

    app.view_functions["static"] = static


def send(file, copies, mimetype):
    """`file`, a path or a binary stream, compressed where `copies` with an ending .br or .gz is there and the
    browser takes it; mimetype None: by the path's ending."""
    copy, encoding = _copy(copies) or (file, None)
    response = send_file(copy, mimetype=mimetype or mimetypes.guess_type(file)[0], conditional=True)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _copy(path):
    """(path of the compressed copy, its encoding) the browser likes best; None."""
    for ending, encoding in (("br", "br"), ("gz", "gzip")):
        copy = Path(f"{path}.{ending}")
        if encoding in request.accept_encodings and copy.is_file():
            return copy, encoding
    return None
