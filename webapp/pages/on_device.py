"""What a browser needs to read by itself: the networks' files by their hash, and what the page says of them.

Pages opened with `?on=device` come with a Content-Security-Policy under which neither they nor their worker
can send anything anywhere: all they may ask for are our scripts, styles and the networks' files.
"""

import hashlib
import json
from io import BytesIO
from pathlib import PurePath

from flask import Blueprint, abort, current_app, request, send_from_directory

from .. import bundles
from ..operations.security import FOR_EVER, device_policy
from . import assets

device = Blueprint("device", __name__)
PAGES = ("pages.live", "pages.photos")
PARTS = ("model.json", "weights.bin")
_TYPES = {".json": "application/json", ".bin": "application/octet-stream", ".js": "text/javascript"}


def init_app(app):
    site = app.extensions["emoscope"]
    app.extensions["device"] = Device(site.bundles, site.settings)
    app.register_blueprint(device)
    app.after_request(_forbid_sending)
    app.jinja_env.globals["device_offer"] = lambda: current_app.extensions["device"].offer()


class Device:
    """Attributes: files, {sha256: (name, bytes)} of all that may be fetched.

    They are held in memory: a bundle that is replaced under the running server reaches nobody by halves.
    The server reads with the bundles it started with, and so does every device until it starts again.
    """

    def __init__(self, found, settings):
        """found: {name: Bundle}. A missing detector is no error: reading on the device is then not offered."""
        self._found, self._settings, self.files = found, settings, {}
        self._detector = self._read_detector(settings.path("detector"))
        models = [self._read_model(bundle) for bundle in self._with_files()] if self._detector else []
        self._models = [model for model in models if model]

    def offer(self):
        """What static/js/device/offer.js describes; None where nothing can be offered."""
        if not self._models:
            return None
        return {"worker": current_app.jinja_env.globals["asset"]("device-worker.js"), "detector": self._detector,
                "models": self._models,
                "thresholds": {"live": self._settings.live_threshold, "photo": self._settings.photo_threshold}}

    def _with_files(self):
        names = [one["name"] for one in bundles.offered(self._found, self._settings.model)]
        return [self._found[name] for name in names if "tfjs/model.json" in self._found[name].card["files"]]

    def _read_detector(self, folder):
        try:
            described = json.loads((folder / "detector.json").read_text())
            return {"sizes": described["sizes"], "files": self._files(folder, described["files"])}
        except (OSError, ValueError, KeyError):
            return None

    def _read_model(self, bundle):
        card = bundle.card
        try:
            files = self._files(bundle.folder, card["files"])
        except (OSError, ValueError):       # replaced since the bundles were found; offered from the next start on
            return None
        wanted = {name: card[name] for name in ("name", "version", "label_set", "labels", "raters", "input")}
        wanted |= {"crop": {"points": card["crop"]["points"]}, "unsure": {"threshold": card["unsure"]["threshold"]},
                   "calibration": {"temperature": card["calibration"]["temperature"]}}
        return {"name": bundle.name, "title": card["title"], "default": bundle.name == self._settings.model,
                "card": wanted, "files": files}

    def _files(self, folder, described):
        """What the page is told of the PARTS in `folder`. Raises OSError, and ValueError for another hash."""
        contents = {part: (folder / "tfjs" / part).read_bytes() for part in PARTS}
        hashes = {part: hashlib.sha256(content).hexdigest() for part, content in contents.items()}
        for part, sha256 in hashes.items():
            if sha256 != described[f"tfjs/{part}"]["sha256"]:
                raise ValueError(f"{folder / 'tfjs' / part}: not the file that is described")
        self.files |= {hashes[part]: (part, content) for part, content in contents.items()}
        return {part: {"url": f"/device/files/{hashes[part]}/{part}", "sha256": hashes[part], "bytes": len(content)}
                for part, content in contents.items()}


@device.get("/device/files/<sha256>/<name>")
def file(sha256, name):
    """A file of a network for the browser; its address changes with its content."""
    meant, content = current_app.extensions["device"].files.get(sha256, (None, b""))
    if meant != name:
        abort(404, "This file was replaced; load the page again.")
    copies = current_app.extensions["assets"].compressed(sha256)
    return assets.send(BytesIO(content), copies, _TYPES[PurePath(name).suffix])


@device.get("/sw.js")
def service_worker():
    """The service worker, which keeps pages for use without a network."""
    found = current_app.extensions["assets"]
    response = send_from_directory(found.folder, found.names()["service-worker.js"], mimetype=_TYPES[".js"])
    response.headers["Cache-Control"] = "no-cache"
    return response


def _forbid_sending(response):
    """The policy under which nothing can be sent: for pages on the device, and for static files, of which the
    worker is one; a policy says nothing to the others."""
    on_device = request.endpoint in PAGES and request.args.get("on") == "device"
    if on_device or request.endpoint == "static":
        response.headers["Content-Security-Policy"] = device_policy(request.host, worker=request.endpoint == "static")
    if on_device or request.endpoint == "static":
        response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    if request.endpoint == "device.file" and response.status_code < 400:
        response.headers["Cache-Control"] = FOR_EVER
    return response
