"""The HTML pages, the models' JSON twins, and what a machine asks of the site: /healthz, /metrics."""

import json
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, render_template

from .. import bundles as bundles_

pages = Blueprint("pages", __name__)


def init_app(app):
    app.register_blueprint(pages)


@pages.get("/")
def front():
    """What this is, what it is not, and where to go."""
    return render_template("front.html")


@pages.get("/live")
def live():
    """The webcam, face by face."""
    return render_template("live.html")


@pages.get("/photos")
def photos():
    """The photo gallery."""
    return render_template("photos.html")


@pages.get("/api")
def api():
    """The API described, and a form to try each call."""
    return render_template("api.html")


@pages.get("/about")
def about():
    """How it works, limits, privacy, sources."""
    bundle = _site().bundles.get(_site().settings.model)
    card = bundle.card if bundle and not bundle.error else None
    figures = (card or {}).get("figures", {}).get("PrivateTest") or {}
    missed = sorted(figures.get("per_class", []), key=lambda line: line["recall"])[:3]
    return render_template("about.html", card=card, missed=missed)


@pages.get("/models")
def models():
    """The models on offer."""
    site = _site()
    offered = bundles_.offered(site.bundles, site.settings.model)
    return render_template("models.html", cards=[site.bundles[one["name"]].card for one in offered], zoo=_zoo())


@pages.get("/models.json")
def models_json():
    """The models on offer, as the socket's hello gives them, and the names of broken bundles."""
    site = _site()
    return {"models": bundles_.offered(site.bundles, site.settings.model),
            "broken": [bundle.name for bundle in site.bundles.values() if bundle.error]}


@pages.get("/models/<name>")
def model(name):
    """One model's card."""
    return render_template("model.html", card=_card(name))


@pages.get("/models/<name>.json")
def model_json(name):
    """One model's card as the bundle holds it."""
    return _card(name)


@pages.get("/healthz")
def healthz():
    """Whether readings can be made: 200 when they can, 503 when not."""
    site = _site()
    bundle = site.bundles.get(site.settings.model)
    ready = bool(bundle and bundle.card)
    return {"ready": ready, "model": f"{bundle.name} {bundle.card['version']}" if ready else None,
            "engine": site.readers.engine}, 200 if ready else 503


@pages.get("/metrics")
def metrics():
    """Prometheus's text, where the setting `metrics` is on."""
    site = _site()
    if not site.settings.metrics:
        abort(404)
    return Response(site.metrics.text(), mimetype="text/plain; version=0.0.4; charset=utf-8")


def _card(name):
    bundle = _site().bundles.get(name)
    if bundle is None or bundle.error:
        abort(404, f"There is no model {name!r} here." if bundle is None
              else f"The bundle of the model {name!r} is broken; the server's log says how.")
    return bundle.card


def _site():
    return current_app.extensions["emoscope"]


def _zoo():
    """The rows of `static/zoo.json`, other people's networks beside ours; none where the table was never made."""
    path = Path(current_app.static_folder) / "zoo.json"
    return json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []
