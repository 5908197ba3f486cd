"""What the data pages share: the blueprint, the view that an address asks for, and how it is answered."""

import json
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for

from . import queries

COLUMNS_IN_A_SHEET = 12
data = Blueprint("data", __name__)


@data.errorhandler(queries.FilterError)
def _not_a_filter(error):
    if request.path.endswith((".json", ".csv", ".bin")):
        return {"error": {"code": "not_a_filter", "message": str(error)}}, 400
    return render_template("error.html", code=400, title="Not a filter", message=str(error)), 400


def named(name):
    """The data set `name`; 404 with words where there is none."""
    sets = current_app.extensions["datasets"]
    if name not in sets:
        wrong = current_app.extensions["datasets_wrong"].get(name)
        abort(404, wrong or f"There is no data set {name!r}; there are: {', '.join(sets) or 'none'}.")
    return sets[name]


def asked(name):
    """The data set `name` and the View that the request's address asks for."""
    dataset = named(name)
    return dataset, queries.parse(request.args.items(multi=True), dataset.summary)


def explaining(dataset):
    """Names of the models that can be asked about this data set's pictures."""
    images = dataset.pictures.images
    bundles = current_app.extensions["emoscope"].bundles
    return [] if images is None else [
        model["name"] for model in dataset.summary["models"]
        if (bundle := bundles.get(model["name"])) and not bundle.error
        and not changed(model) and images.shape[1:] == (bundle.card["input"]["size"],) * 2]


def changed(model):
    """The version of `model`, of the summary, that the site has, where that is another network; else None."""
    bundle = current_app.extensions["emoscope"].bundles.get(model["name"])
    if not bundle or bundle.error:
        return None
    network = bundle.card["files"].get("model.keras", {}).get("sha256")
    return bundle.card["version"] if network and network != model["model_sha256"] else None


def judged_view(dataset, view):
    """The view with the last split, where the address names none: what no model has learnt from or was chosen on."""
    if any(name == "split" for name, _ in view.filters):
        return view, None
    split = dataset.summary["splits"][-1]
    return queries.parse([*request.args.items(multi=True), ("split", split)], dataset.summary), split


def issues_view(dataset, view):
    """The data set, and the view with label issues alone, the worst first, where the address says nothing else."""
    arguments = dict(request.args.items())
    arguments.setdefault("label_issue", "yes")
    arguments.setdefault("sort", "label_quality")
    return dataset, queries.parse(arguments.items(), dataset.summary)


def robustness(dataset, model):
    """[{name, unit, shares: [{strength, share}]}]: how `model`, of the summary, bears disturbed pictures.

    From static/robustness.json, which `python -m training robustness --json` writes; [] where it does not
    speak of this data and this network.
    """
    path = Path(current_app.static_folder) / "robustness.json"
    told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"md5": None}
    network = told["networks"].get(model["name"]) if told["md5"] and told["md5"] == dataset.summary["md5"] else None
    if not network or network["model_sha256"] != model["model_sha256"]:
        return []
    undisturbed = {"name": "none", "unit": "", "shares": [{"strength": "", "share": network["undisturbed"]}]}
    return [undisturbed] + [
        {"name": kind["name"], "unit": kind["unit"], "shares": [
            {"strength": strength, "share": share}
            for strength, share in zip(kind["strengths"], network[kind["name"]], strict=True)]}
        for kind in told["disturbances"]]


def page(what, dataset, view, **values):
    """The page templates/data/WHAT.html of a view."""
    return render_template(
        f"explorer/{what}.html", what=what, dataset=dataset, summary=dataset.summary, view=view,
        several=len(current_app.extensions["datasets"]) > 1,
        has_pictures=dataset.pictures.images is not None, columns_in_a_sheet=COLUMNS_IN_A_SHEET,
        address=lambda to, **changes: address(to, dataset.name, view, **changes),
        toggled=lambda field, choice: toggled(view, field, choice), **values)


def address(to, name, view, **changes):
    """The address of page `to` with the view's filters and `changes`."""
    values = {"row": changes.pop("to_row")} if "to_row" in changes else {}
    values |= {"what": changes.pop("what")} if to == "csv" else {}
    changes = {"page": None} | changes
    query = view.address(**changes)
    return url_for(f"data.{to}", name=name, **values) + (f"?{query}" if query else "")


def toggled(view, field, choice):
    """The field's value with `choice` put in or taken out; None for no filter."""
    chosen = [value for value in dict(view.filters).get(field, "").split(",") if value]
    chosen = [value for value in chosen if value != choice] if choice in chosen else [*chosen, choice]
    return ",".join(chosen) or None


def twin(dataset, view, **values):
    """A view as JSON."""
    return as_json({"dataset": dataset.name, "filters": dict(view.filters), "sort": view.sort, "model": view.model}
                 | values)


def as_json(value):
    """`value` as the answer."""
    return Response(json.dumps(value, ensure_ascii=False, allow_nan=False), mimetype="application/json")
