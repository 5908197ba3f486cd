"""Endpoints for operators: /healthz for health checks, /metrics for Prometheus."""

from flask import Blueprint, Flask, Response, abort, current_app

health = Blueprint("health", __name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(health)


@health.get("/healthz")
def healthz():
    """200 when the default model can read images, 503 when not."""
    site = current_app.extensions["emoscope"]
    bundle = site.bundles.get(site.settings.model)
    ready = bool(bundle and bundle.card)
    return {"ready": ready, "model": f"{bundle.name} {bundle.card['version']}" if ready else None,
            "engine": site.readers.engine}, 200 if ready else 503


@health.get("/metrics")
def metrics():
    """The metrics in Prometheus text format; 404 if the setting `metrics` is off."""
    site = current_app.extensions["emoscope"]
    if not site.settings.metrics:
        abort(404)
    return Response(site.metrics.text(), mimetype="text/plain; version=0.0.4; charset=utf-8")
