"""The HTML pages and the JSON versions of the model pages."""

import json
from pathlib import Path

from flask import Blueprint, Flask, abort, current_app, render_template

from .. import bundles as bundles_
from ..languages import openapi_texts
from ..languages.catalogues import Message, gettext
from ..languages.data_texts import data_text
from ..settings import NAMES
from . import documents as documents_
from . import outside
from . import raters as raters_

pages = Blueprint("pages", __name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(pages)
    app.jinja_env.globals.update(notice=_notice, model_titles=_model_titles)


@pages.get("/")
def front():
    """The front page."""
    return render_template("front.html")


@pages.get("/live")
def live():
    """The live webcam page."""
    return render_template("live.html")


@pages.get("/photos")
def photos():
    """The photo gallery."""
    return render_template("photos.html")


@pages.get("/api")
def api():
    """The API reference, with a form to try each call."""
    return render_template("api.html", openapi_texts=openapi_texts.translations)


@pages.get("/about")
def about():
    """How the site works, its limits, privacy and sources."""
    bundle = _site().bundles.get(_site().settings.model)
    card = bundle.card if bundle and not bundle.error else None
    figures = (card or {}).get("figures", {}).get("PrivateTest") or {}
    lowest_recall = sorted(figures.get("per_class", []), key=lambda row: row["recall"])[:3]
    return render_template("about.html", card=card, lowest_recall=lowest_recall)


@pages.get("/responsible-use")
def responsible_use():
    """When not to use the site, and the law in the EU and elsewhere."""
    return render_template("responsible_use.html")


@pages.get("/models")
def models():
    """The available models and the comparison table."""
    cards = _cards()
    return render_template("models.html", cards=cards, zoo=_zoo(), name_of=documents_.name,
                           comparison=outside.comparison(current_app.static_folder or "", cards))


@pages.get("/models/raters")
def raters():
    """How many human raters each model of votes is worth."""
    rated = [name for name, dataset in current_app.extensions["datasets"].items() if dataset.summary["vote_names"]]
    return render_template("raters.html", comparison=raters_.comparison(_cards()), rated=rated)


@pages.get("/models/documents")
def documents():
    """The documents whose experiments are redone."""
    return render_template("documents.html", documents=documents_.overview(current_app.static_folder or ""))


@pages.get("/models/documents/<name>")
def document(name):
    """One document: its experiments beside ours, sweeps, learning curves and confusion matrices."""
    found = documents_.document(current_app.static_folder or "", name)
    if found is None:
        abort(404, Message("There is no document %(name)r here.", name=name))
    return render_template("document.html", document=found,
                           documents=documents_.overview(current_app.static_folder or ""))


@pages.get("/models.json")
def models_json():
    """The available models, as in the socket's `hello`, and the names of invalid bundles."""
    site = _site()
    return {"models": bundles_.available(site.bundles, site.settings.model),
            "broken": [bundle.name for bundle in list(site.bundles.values()) if bundle.error]}


@pages.get("/models/<name>")
def model(name):
    """One model's card."""
    card = _card(name)
    return render_template("model.html", card=card,
                           comparison=outside.comparison(current_app.static_folder or "", [card]))


@pages.get("/models/<name>.json")
def model_json(name):
    """One model's card.json."""
    return _card(name)


def _cards():
    """The cards of the available models, the default first."""
    site = _site()
    return [site.bundles[one["name"]].card for one in bundles_.available(site.bundles, site.settings.model)]


def _card(name):
    bundle = _site().bundles.get(name)
    if bundle is None or bundle.error:
        abort(404, Message("There is no model %(name)r here.", name=name) if bundle is None
              else Message("The bundle of the model %(name)r is broken; see the server's log.", name=name))
    return bundle.card


def _model_titles():
    """{name: title in the current language} of the available models; the scripts get the rest from the JSON."""
    return {card["name"]: data_text(card["title"]) for card in _cards()}


def _notice():
    """The notice to visitors; the default one in the current language, the operator's as it is."""
    notice = _site().settings.notice.strip()
    return gettext(notice) if notice == NAMES["notice"].default else notice


def _site():
    return current_app.extensions["emoscope"]


def _zoo():
    """The rows of static/zoo.json, the comparison with published networks; [] if the file does not exist."""
    path = Path(current_app.static_folder or "") / "zoo.json"
    return json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []
