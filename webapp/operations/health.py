"""Endpoints for operators: /healthz and /readyz for health checks, /metrics for Prometheus."""

from flask import Blueprint, Flask, Response, abort, current_app

health = Blueprint("health", __name__)


def init_app(app: Flask) -> None:
    site = app.extensions["emoscope"]
    site.metrics.add_gauge("emoscope_bundles_rejected", "Model bundles whose files are invalid",
                           lambda: len(site.reloader.rejected))
    site.metrics.add_gauge("emoscope_bundles_replaced", "Model bundles replaced since the start",
                           lambda: site.reloader.replaced)
    app.register_blueprint(health)
    app.after_request(_count)


@health.get("/healthz")
def healthz():
    """200 when the process responds. A supervisor restarts a process that does not."""
    return _state()


@health.get("/readyz")
def readyz():
    """200 when the default model can read images and the process is not stopping, 503 when not."""
    state = _state()
    return state, 200 if state["ready"] else 503


def _count(response):
    current_app.extensions["emoscope"].metrics.count_request(response.status_code)
    return response


def _state():
    site = current_app.extensions["emoscope"]
    bundle = site.bundles.get(site.settings.model)
    loaded = bool(bundle and bundle.card)
    return {"ready": loaded and not site.drain.active,
            "model": f"{bundle.name} {bundle.card['version']}" if loaded else None, "engine": site.readers.engine,
            "rejected": sorted(site.reloader.rejected)}


@health.get("/metrics")
def metrics():
    """The metrics in Prometheus text format; 404 if the setting `metrics` is off."""
    site = current_app.extensions["emoscope"]
    if not site.settings.metrics:
        abort(404)
    return Response(site.metrics.text(), mimetype="text/plain; version=0.0.4; charset=utf-8")
