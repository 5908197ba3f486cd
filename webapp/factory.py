"""The application put together; `webapp.create_app` is the way in."""

import logging
from dataclasses import dataclass, field
from io import BytesIO

from apiflask import APIFlask
from flask import Request
from werkzeug.middleware.proxy_fix import ProxyFix

from . import bundles
from . import settings as settings_
from .explorer import pages as explorer_pages
from .live import namespace
from .operations import failures, security
from .operations.metrics import Metrics
from .pages import assets, on_device, views
from .photos import api
from .readers import OneReader, Readers

log = logging.getLogger(__name__)


@dataclass
class Site:
    """What the parts of one application share; app.extensions["emoscope"]."""

    settings: settings_.Settings
    bundles: dict
    readers: object
    metrics: Metrics = field(default_factory=Metrics)


class MemoryRequest(Request):
    """A request whose files stay in memory: the library would put larger ones on the disk for a while."""

    def _get_file_stream(self, *_, **__):
        return BytesIO()


def create_app(settings=None, reader=None):
    """The Flask application; its SocketIO object is app.extensions["socketio"].

    settings: {name: value} that go before the environment (webapp/settings.py), or a Settings. reader: an
    object with vision.reading.Reader's `read`, asked instead of the detector and the bundles' networks.
    Raises errors.SetupError and vision.faces.DetectorMissing, each with one line that says what to do.
    """
    if not isinstance(settings, settings_.Settings):
        settings = settings_.load(settings)
    app = APIFlask(__name__, title="Emoscope", version="1.0.0", json_errors=False, docs_path=None,
                   spec_path="/api/v1/openapi.json", static_folder=str(settings_.ROOT / "static"),
                   template_folder=str(settings_.ROOT / "templates"))
    app.request_class = MemoryRequest
    app.config.update(MAX_CONTENT_LENGTH=settings.request_bytes, OPENAPI_VERSION="3.1.0",
                      AUTO_VALIDATION_ERROR_RESPONSE=False)
    app.json.ensure_ascii = app.json.sort_keys = False
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, *[settings.proxies] * 3)
    logging.getLogger(__name__).setLevel(settings.log_level.upper())

    found = bundles.find(settings.path("models"))
    for bundle in found.values():
        if bundle.error:
            log.warning("a model is left out: %s", bundle.error)
    readers = OneReader(reader, found) if reader else Readers(settings, found)
    site = app.extensions["emoscope"] = Site(settings, found, readers)
    security.init_app(app)
    assets.init_app(app)
    failures.init_app(app)
    views.init_app(app)
    explorer_pages.init_app(app, settings.path("datasets"), settings.path("instance") / "datasets")
    on_device.init_app(app)
    api.init_app(app, settings)
    namespace.init_app(app, site)
    return app
