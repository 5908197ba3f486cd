"""Assembles the Flask application. Callers use `webapp.create_app`."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, TypeAlias

from apiflask import APIFlask
from flask import Request
from flask.json.provider import DefaultJSONProvider
from flask_compress import Compress
from werkzeug.middleware.proxy_fix import ProxyFix

from . import bundles
from . import settings as settings_
from .explorer import pages as explorer_pages
from .languages import choice
from .live import namespace
from .operations import error_handlers, health, logs, security
from .operations.draining import Drain
from .operations.metrics import Metrics
from .operations.reloading import Reloader
from .operations.strikes import Strikes
from .pages import assets, on_device, views
from .photos import api
from .ray_readers import RayReaders
from .readers import FixedReader, Readers

log = logging.getLogger(__name__)


AnyReaders: TypeAlias = Readers | RayReaders | FixedReader


@dataclass
class Site:
    """What the parts of one application share, as app.extensions["emoscope"]."""

    settings: settings_.Settings
    bundles: dict[str, bundles.Bundle]
    readers: AnyReaders
    reloader: Reloader
    metrics: Metrics = field(default_factory=Metrics)
    drain: Drain = field(default_factory=Drain)
    live_strikes: Strikes = field(init=False)
    api_strikes: Strikes = field(default_factory=lambda: Strikes(api.REFUSALS_PER_MINUTE))

    def __post_init__(self):
        # Behind a proxy, the server sees one address.
        self.live_strikes = Strikes(0 if self.settings.proxies else self.settings.live_strikes)


class InMemoryRequest(Request):
    """A request whose uploads stay in memory: Werkzeug writes large ones to temporary files."""

    def _get_file_stream(self, *_, **__):
        return BytesIO()


def create_app(settings: Mapping[str, Any] | settings_.Settings | None = None, reader: Any = None) -> APIFlask:
    """Create the Flask application; its SocketIO object is app.extensions["socketio"].

    settings: {name: value} that override the environment (see webapp.settings), or complete Settings. reader: an
    object with the `read` method of vision.reading.Reader, used instead of the detector and the bundles' networks.
    Raises errors.SetupError and vision.faces.DetectorMissingError.
    """
    if not isinstance(settings, settings_.Settings):
        settings = settings_.load(settings)
    app = APIFlask(__name__, title="Emoscope", version="1.0.0", json_errors=False, docs_path=None,
                   spec_path="/api/v1/openapi.json", static_folder=str(settings_.ROOT / "static"),
                   template_folder=str(settings_.ROOT / "templates"))
    app.request_class = InMemoryRequest
    app.config.update(MAX_CONTENT_LENGTH=settings.request_bytes, OPENAPI_VERSION="3.1.0",
                      AUTO_VALIDATION_ERROR_RESPONSE=False,
                      COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_STREAMS=False)
    app.json = DefaultJSONProvider(app)
    app.json.ensure_ascii = app.json.sort_keys = False
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, *[settings.proxies] * 3)  # type: ignore[method-assign]
    logs.init_app(app, settings)

    found = bundles.find(settings.path("models"))
    for bundle in found.values():
        if bundle.error:
            log.warning("skipping an invalid model bundle: %s", bundle.error)
    readers = _readers(settings, found, reader)
    site = app.extensions["emoscope"] = Site(
        settings, found, readers, Reloader(settings.path("models"), found, readers, settings.model,
                                           lambda: on_device.reload(app)))
    site.metrics.add_gauge("emoscope_gpu_memory_errors", "Batches for which the GPU's memory was exhausted",
                           lambda: sum(guard.errors for guard in readers.guards))
    site.metrics.add_gauge("emoscope_gpu_networks_on_cpu", "Networks that run on the CPU for want of GPU memory",
                           lambda: sum(not guard.limit for guard in readers.guards))
    Compress(app)       # pages and JSON; the build compresses scripts, styles and networks
    security.init_app(app)
    choice.init_app(app)
    assets.init_app(app)
    error_handlers.init_app(app)
    health.init_app(app)
    views.init_app(app)
    explorer_pages.init_app(app, settings.path("datasets"), settings.path("instance") / "datasets",
                        settings.data_bytes)
    on_device.init_app(app)
    namespace.init_app(app, site)
    api.init_app(app, settings)
    return app


def _readers(settings, found, reader) -> AnyReaders:
    if reader:
        return FixedReader(reader, found)
    return RayReaders(settings, found) if settings.ray else Readers(settings, found)
