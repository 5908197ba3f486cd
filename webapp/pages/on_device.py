"""Reading on the device: the model files by hash, and the offer that the page embeds.

The front page, and pages opened with `?on=device`, have a Content-Security-Policy that prevents them and their worker
from sending data anywhere: they can only load scripts, styles and model files.
"""

import hashlib
import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path, PurePath

from flask import Blueprint, Flask, abort, current_app, request, send_from_directory

from .. import bundles as bundles_
from ..bundles import Bundle
from ..languages.catalogues import Message
from ..languages.data_texts import data_text
from ..operations.security import IMMUTABLE, device_policy
from ..settings import Settings
from . import assets

device = Blueprint("device", __name__)
PAGES = ("pages.live", "pages.photos")       # on the device with ?on=device
ALWAYS = ("pages.front",)
PARTS = ("model.json", "weights.bin")
_TYPES = {".json": "application/json", ".bin": "application/octet-stream", ".js": "text/javascript"}


def init_app(app: Flask) -> None:
    site = app.extensions["emoscope"]
    app.extensions["device"] = DeviceFiles(site.bundles, site.settings)
    app.register_blueprint(device)
    app.after_request(_add_headers)
    app.jinja_env.globals["device_offer"] = lambda: current_app.extensions["device"].offer()


def reload(app: Flask) -> None:
    """Offer the bundles that are served now. Pages that are open can still load the files of the last offer."""
    site, old = app.extensions["emoscope"], app.extensions["device"]
    app.extensions["device"] = DeviceFiles(site.bundles, site.settings, old)


class DeviceFiles:
    """The model files for the browser, in the attribute `files`: {sha256: (name, content)}.

    The files are held in memory, so that no device gets a mix of two versions when a bundle is replaced while the
    server runs.
    """

    def __init__(self, bundles: Mapping[str, Bundle], settings: Settings, old: "DeviceFiles | None" = None):
        """Load the files. Without a detector, reading on the device is not offered.

        old: its files stay available, and its models are offered where their bundle has become unreadable.
        """
        self._settings, self._old = settings, old
        self.files: dict[str, tuple[str, bytes]] = {}
        self._detector = self._load_detector(settings.path("detector"))
        models = [self._load_model(bundle) for bundle in self._convertible(bundles)] if self._detector else []
        self.models = [model for model in models if model]
        self.offered = dict(self.files)
        if old:
            self.files |= old.offered

    def offer(self) -> dict | None:
        """The offer that static/js/device reads from the page, or None if reading on the device is not available."""
        if not self.models:
            return None
        models = [model | {"title": data_text(model["title"])} for model in self.models]
        return {"worker": current_app.extensions["assets"]("device-worker.js"), "detector": self._detector,
                "models": models,
                "thresholds": {"live": self._settings.live_threshold, "photo": self._settings.photo_threshold}}

    def _convertible(self, bundles):
        """The valid bundles that have a TensorFlow.js model, the default first."""
        names = [one["name"] for one in bundles_.available(bundles, self._settings.model)]
        return [bundles[name] for name in names if "tfjs/model.json" in bundles[name].card["files"]]

    def _load_detector(self, folder):
        try:
            manifest = json.loads((folder / "detector.json").read_text())
            return {"sizes": manifest["sizes"], "files": self._load_files(folder, manifest["files"])}
        except (OSError, ValueError, KeyError):
            return None

    def _load_model(self, bundle):
        card = bundle.card
        try:
            files = self._load_files(bundle.folder, card["files"])
        except (OSError, ValueError):       # its files have changed since it was read
            return self._keep(bundle)
        excerpt = {name: card[name] for name in ("name", "version", "label_set", "labels", "raters", "input")}
        excerpt |= {"crop": {"points": card["crop"]["points"]}, "unsure": {"threshold": card["unsure"]["threshold"]},
                    "calibration": {"temperature": card["calibration"]["temperature"]}}
        if "balanced" in card:
            excerpt["balanced"] = {"offsets": card["balanced"]["offsets"]}
        if "unlike" in card:
            excerpt["unlike"] = {"threshold": card["unlike"]["threshold"]}
        return {"name": bundle.name, "title": card["title"], "default": bundle.name == self._settings.model,
                "card": excerpt, "files": files}

    def _keep(self, bundle):
        """The last offer of a bundle that is still served although its files have changed, or None."""
        old = self._old
        model = next((model for model in old.models if model["name"] == bundle.name), None) if old else None
        if old is None or model is None or model["card"]["version"] != bundle.card["version"]:
            return None
        self.files |= {file["sha256"]: old.files[file["sha256"]] for file in model["files"].values()}
        return model

    def _load_files(self, folder: Path, expected: Mapping[str, Mapping]) -> dict[str, dict]:
        """{part: {url, sha256, bytes}} of the PARTS in `folder`. Raises OSError, and ValueError on a wrong hash."""
        contents = {part: (folder / "tfjs" / part).read_bytes() for part in PARTS}
        hashes = {part: hashlib.sha256(content).hexdigest() for part, content in contents.items()}
        for part, sha256 in hashes.items():
            if sha256 != expected[f"tfjs/{part}"]["sha256"]:
                raise ValueError(f"{folder / 'tfjs' / part}: the SHA-256 must be "
                                 f"{expected[f'tfjs/{part}']['sha256']}, got {sha256}")
        self.files |= {hashes[part]: (part, content) for part, content in contents.items()}
        return {part: {"url": f"/device/files/{hashes[part]}/{part}", "sha256": hashes[part], "bytes": len(content)}
                for part, content in contents.items()}


@device.get("/device/files/<sha256>/<name>")
def file(sha256, name):
    """A model file for the browser. Its URL changes with its content."""
    known_name, content = current_app.extensions["device"].files.get(sha256, (None, b""))
    if known_name != name:
        abort(404, Message("This file was replaced; reload the page."))
    copies = current_app.extensions["assets"].compressed(sha256)
    return assets.send(BytesIO(content), copies, _TYPES[PurePath(name).suffix])


@device.get("/sw.js")
def service_worker():
    """The service worker, which caches pages and model files for offline use."""
    built = current_app.extensions["assets"]
    response = send_from_directory(built.folder, built.names()["service-worker.js"], mimetype=_TYPES[".js"])
    response.headers["Cache-Control"] = "no-cache"
    return response


def _add_headers(response):
    """Apply the policy for reading on the device to its pages and to static files, including the worker.

    Browsers apply the policy of a static file only if it is a worker.
    """
    static = request.endpoint == "static"
    on_device = request.endpoint in PAGES and request.args.get("on") == "device"
    if static or on_device or request.endpoint in ALWAYS:
        response.headers["Content-Security-Policy"] = device_policy(request.host, worker=static)
        response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    if request.endpoint == "device.file" and response.status_code < 400:
        response.headers["Cache-Control"] = IMMUTABLE
    return response
