"""`asset('live.js')` in a template: the address of the built file, static/dist/live-HASH.js."""

import json
from pathlib import Path

from flask import url_for

from .errors import SetupError


class AssetsMissing(SetupError):  # noqa: N818 - says what is the matter
    """The scripts and styles have not been built, or not this one."""


class Assets:
    """Reads the build's manifest, {"live.js": "live-HASH.js"}, anew when it has changed."""

    def __init__(self, dist):
        self._manifest = Path(dist) / "manifest.json"
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


def init_app(app):
    app.extensions["assets"] = app.jinja_env.globals["asset"] = Assets(Path(app.static_folder) / "dist")
