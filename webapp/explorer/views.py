"""What the /data routes share: the blueprint, URL parsing, links between views, and rendering."""

import json
import re
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for

from ..languages import choice, terms
from ..languages.catalogues import Message, gettext, shown
from . import queries

SHEET_COLUMNS = 12
data = Blueprint("data", __name__)
data.add_app_template_filter(terms.vote)


@data.errorhandler(queries.FilterError)
def _bad_filter(error):
    if request.path.endswith((".json", ".csv", ".bin")):
        return {"error": {"code": "not_a_filter", "message": str(error)}}, 400
    return render_template("error.html", code=400, title=gettext("Invalid filter"), message=shown(error.args[0])), 400


def get_dataset(name):
    """The data set `name`, or a 404 response that says what is available."""
    datasets = current_app.extensions["datasets"]
    if name not in datasets:
        error = current_app.extensions["unusable_datasets"].get(name)
        if error or not datasets:
            abort(404, error or Message("There is no data set %(name)r; none is installed.", name=name))
        abort(404, Message("There is no data set %(name)r; available: %(names)s.",
                           name=name, names=", ".join(datasets)))
    return datasets[name]


def parse_request(name):
    """(DataSet, View) of the current request for the data set `name`."""
    dataset = get_dataset(name)
    return dataset, queries.parse(choice.arguments(), dataset.summary)


def with_default_split(dataset, view):
    """(view, split): the view restricted to the last split, unless the URL names one; then split is None.

    No model was trained on the last split or selected by it.
    """
    if any(name == "split" for name, _ in view.filters):
        return view, None
    split = dataset.summary["splits"][-1]
    return queries.parse([*choice.arguments(), ("split", split)], dataset.summary), split


def only_one_correct(dataset, view):
    """[(View, page)] of the rows that only the first, and only the second, of the view's two models predicts correctly.

    The most confident errors come first. [] without a second model, or if the view already filters by correctness.
    """
    filters = dict(view.filters)
    if not view.other or {"right", "other_right"} & filters.keys():
        return []
    models, found = {"model": view.model, "other": view.other, "size": str(SHEET_COLUMNS)}, []
    for right, other_right, sort in (("yes", "no", "-other_confidence"), ("no", "yes", "-confidence")):
        own = queries.parse((filters | models | {"right": right, "other_right": other_right, "sort": sort}).items(),
                            dataset.summary)
        found.append((own, dataset.page(own)))
    return found


def label_issues(dataset):
    """The view of the current request, restricted to label issues, worst first, unless the URL says otherwise."""
    arguments = dict(choice.arguments())
    arguments.setdefault("label_issue", "yes")
    arguments.setdefault("sort", "label_quality")
    return queries.parse(arguments.items(), dataset.summary)


def explainable_models(dataset):
    """Names of the models that can compute an occlusion map for this data set's images."""
    images = dataset.images.array
    bundles = current_app.extensions["emoscope"].bundles
    return [] if images is None else [
        model["name"] for model in dataset.summary["models"]
        if (bundle := bundles.get(model["name"])) and not bundle.error
        and not newer_version(model) and images.shape[1:] == (bundle.card["input"]["size"],) * 2]


def newer_version(model):
    """Version of the installed bundle of `model` (an entry of the summary) if its network differs, else None."""
    version, network = _installed(model)
    return version if network and network != model["model_sha256"] else None


def current_version(model):
    """Version of `model`: that of the installed bundle if it has the same network, or else that of the data set."""
    version, network = _installed(model)
    return version if network == model["model_sha256"] else model["version"]


def _installed(model):
    """(version, SHA-256 of the network) of the installed bundle of `model`; (None, None) if there is none."""
    bundle = current_app.extensions["emoscope"].bundles.get(model["name"])
    if not bundle or bundle.error:
        return None, None
    return bundle.card["version"], bundle.card["files"].get("model.keras", {}).get("sha256")


def robustness(dataset, model):
    """Accuracy of `model` (an entry of the summary) on corrupted images.

    Returns [{name, unit, shares: [{strength, share}]}] from static/robustness.json, the output of
    `python -m training robustness --json`; [] if that file is about other data or another network.
    """
    path = Path(current_app.static_folder or "") / "robustness.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    same_data = results.get("md5") and results["md5"] == dataset.summary["md5"]
    network = results["networks"].get(model["name"]) if same_data else None
    if not network or network["model_sha256"] != model["model_sha256"]:
        return []
    clean = {"name": "none", "unit": "", "shares": [{"strength": "", "share": network["undisturbed"]}]}
    return [clean] + [
        {"name": corruption["name"], "unit": corruption["unit"], "shares": [
            {"strength": strength, "share": accuracy}
            for strength, accuracy in zip(corruption["strengths"], network[corruption["name"]], strict=True)]}
        for corruption in results["disturbances"]]


def requested_rows(dataset):
    """The integers of rows=1,2,3 in the URL, rows of `dataset`. Raises FilterError; 404 for a missing row."""
    text = request.args.get("rows", "")
    if not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", text):
        raise queries.FilterError(Message("`rows` must be integers separated by commas, got %(value)r",
                                          value=text[:60]))
    rows = [int(row) for row in text.split(",")]
    if len(rows) > queries.MAX_SHEET_IMAGES:
        raise queries.FilterError(Message("`rows` must be at most %(maximum)d rows, got %(count)d",
                                          maximum=queries.MAX_SHEET_IMAGES, count=len(rows)))
    if max(rows) >= dataset.summary["rows"]:
        abort(404, missing_row(dataset, max(rows)))
    return rows


def missing_row(dataset, row):
    """The message of a 404 response for a row that `dataset` does not have."""
    return Message("The data set %(name)r has no row %(row)d.", name=dataset.name, row=row)


def sheet_url(dataset):
    """URL of the sprite sheets of this data set without its parameter `rows`: its images, or else its average faces.

    None if the data set has neither.
    """
    if dataset.images.array is not None:
        return url_for("data.sprite_sheet", name=dataset.name)
    return url_for("data.average_faces", name=dataset.name) if dataset.average_faces.exists else None


def render(what, dataset, view, **values):
    """The page templates/explorer/WHAT.html."""
    return render_template(
        f"explorer/{what}.html", what=what, dataset=dataset, summary=dataset.summary, view=view,
        datasets=current_app.extensions["datasets"],
        has_images=dataset.images.array is not None, sheet=sheet_url(dataset), sheet_columns=SHEET_COLUMNS,
        link=lambda to, **changes: link(to, dataset.name, view, **changes),
        toggled=lambda field, choice: _toggled(view, field, choice), **values)


def link(to, name, view, **changes):
    """URL of the endpoint `to` with the view's parameters and `changes` to them.

    `to_row` and `what` are the path parameters of the endpoints `sample` and `csv`.
    """
    path = {"row": changes.pop("to_row")} if "to_row" in changes else {}
    path |= {"what": changes.pop("what")} if to == "csv" else {}
    query = view.query_string(**{"page": None} | changes)
    return url_for(f"data.{to}", name=name, **path) + (f"?{query}" if query else "")


def _toggled(view, field, choice):
    """The field's filter with `choice` added or removed; None if no choice is left."""
    chosen = [value for value in dict(view.filters).get(field, "").split(",") if value]
    chosen = [value for value in chosen if value != choice] if choice in chosen else [*chosen, choice]
    return ",".join(chosen) or None


def view_as_json(dataset, view, **values):
    """A JSON response: the view's parameters and `values`."""
    return as_json({"dataset": dataset.name, "filters": dict(view.filters), "sort": view.sort, "model": view.model}
                   | values)


def as_json(value):
    """A JSON response."""
    return Response(json.dumps(value, ensure_ascii=False, allow_nan=False), mimetype="application/json")
