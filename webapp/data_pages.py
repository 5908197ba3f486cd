"""Pages under /data: what the models learnt from, and where they fail.

Every view lives in its address; the same address with .json is its twin, with .csv what is
filtered, as a table.
"""

import json
import logging
import re

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from . import explorer, security
from .vision.explain import explain

data = Blueprint("data", __name__)
log = logging.getLogger(__name__)
COLUMNS_IN_A_SHEET = 12


def init_app(app, datasets, stores):
    """Register the pages; `datasets` is the folder of data-set bundles, `stores` that of local pictures."""
    usable, wrong = explorer.find(datasets, stores)
    for line in wrong.values():
        log.warning("a data set is left out: %s", line)
    app.extensions["datasets"] = usable
    app.extensions["datasets_wrong"] = wrong
    app.register_blueprint(data)


@data.errorhandler(explorer.FilterError)
def _not_a_filter(error):
    if request.path.endswith((".json", ".csv", ".bin")):
        return {"error": {"code": "not_a_filter", "message": str(error)}}, 400
    return render_template("error.html", code=400, title="Not a filter", message=str(error)), 400


@data.get("/data")
def index():
    """The one data set there is, or a list of all."""
    sets = current_app.extensions["datasets"]
    if len(sets) == 1 and not current_app.extensions["datasets_wrong"]:
        return redirect(url_for("data.overview", name=next(iter(sets))))
    return render_template("data/index.html", sets=sets, wrong=current_app.extensions["datasets_wrong"])


@data.get("/data.json", endpoint="index_json")
def index_json():
    """The data sets there are."""
    return _json({"datasets": [{"name": name, "title": one.summary["title"], "rows": one.summary["rows"],
                                "models": [model["name"] for model in one.summary["models"]],
                                "pictures": one.pictures.images is not None,
                                "href": url_for("data.overview_json", name=name)}
                               for name, one in current_app.extensions["datasets"].items()],
                  "unusable": current_app.extensions["datasets_wrong"]})


@data.get("/data/<name>")
def overview(name):
    """Counts, imbalance, votes, duplicates, quality."""
    dataset, view = _asked(name)
    return _page("overview", dataset, view, found=dataset.overview(view))


@data.get("/data/<name>.json", endpoint="overview_json")
def overview_json(name):
    """The overview's twin."""
    dataset, view = _asked(name)
    return _twin(dataset, view, summary=_without_curves(dataset.summary), **dataset.overview(view))


@data.get("/data/<name>/browse")
def browse(name):
    """The rows of the view, page by page."""
    dataset, view = _asked(name)
    return _page("browse", dataset, view, found=dataset.page(view), facets=dataset.facets(view))


@data.get("/data/<name>/browse.json", endpoint="browse_json")
def browse_json(name):
    """One page of the view's rows."""
    dataset, view = _asked(name)
    return _twin(dataset, view, **dataset.page(view), facets=dataset.facets(view))


@data.get("/data/<name>/samples/<int:row>")
def sample(name, row):
    """One row: its votes, the models' answers, what lies near it."""
    dataset, view = _asked(name)
    found = dataset.sample(row, view) or abort(404, f"{dataset.summary['title']} has no row {row}")
    before, after = dataset.beside(view, row)
    return _page("sample", dataset, view, found=found, row=found["sample"], before=before, after=after,
                 explains=_explaining(dataset))


@data.get("/data/<name>/samples/<int:row>.json", endpoint="sample_json")
def sample_json(name, row):
    """The sample's twin."""
    dataset, view = _asked(name)
    found = dataset.sample(row, view) or abort(404)
    before, after = dataset.beside(view, row)
    return _twin(dataset, view, **found, before=before, after=after)


@data.get("/data/<name>/samples/<int:row>/explanation.json", endpoint="explanation")
def explanation(name, row):
    """How much the answer of model=NAME falls when a part of the picture is hidden (vision/explain.py)."""
    dataset = _dataset(name)
    model, offered = request.args.get("model", ""), _explaining(dataset)
    if model not in offered:
        names = ", ".join(offered) or "none (no pictures here, or no network for them)"
        raise explorer.FilterError(f"model={model!r}: one of {names} is meant")
    if row >= dataset.summary["rows"]:
        abort(404, f"{dataset.summary['title']} has no row {row}.")
    network = current_app.extensions["emoscope"].readers.get(model).expressions
    picture = dataset.pictures.images[row]
    probabilities = network.probabilities(picture[None])[0]
    label = int(probabilities.argmax())
    falls = explain(network.probabilities, picture, label)
    return _json({"row": row, "model": model, "label": network.labels[label],
                  "probability": round(float(probabilities[label]), 4), "falls": falls.round(4).tolist()})


@data.get("/data/<name>/models")
def models(name):
    """How the models do on the view's rows."""
    dataset, view = _asked(name)
    if view.model is None:
        return _page("models", dataset, view, found=None, split=None)
    view, split = _judged_view(dataset, view)
    return _page("models", dataset, view, found=_judged(dataset, view), split=split)


@data.get("/data/<name>/models.json", endpoint="models_json")
def models_json(name):
    """The models' twin."""
    dataset, view = _asked(name)
    if view.model is None:
        return _twin(dataset, view, models=[])
    view, _ = _judged_view(dataset, view)
    return _twin(dataset, view, **_judged(dataset, view))


@data.get("/data/<name>/map", endpoint="map")
def map_page(name):
    """All rows of the view as points."""
    dataset, view = _asked(name)
    response = make_response(_page("map", dataset, view, count=dataset.count(view)))
    # regl, which draws the points, writes its functions at run time; no other page allows that.
    response.headers["Content-Security-Policy"] = security.policy(request.host).replace(
        "'wasm-unsafe-eval'", "'wasm-unsafe-eval' 'unsafe-eval'")
    return response


@data.get("/data/<name>/map.json", endpoint="map_json")
def map_json(name):
    """What the points are, and where they can be had as numbers."""
    dataset, view = _asked(name)
    *_, names, stride = dataset.points(view)
    return _twin(dataset, view, count=dataset.count(view), one_in=stride, colour=view.colour, categories=names,
                 map=dataset.summary["map"],
                 points={"href": _address("map_points", name, view), "layout": [
                     "n: uint32, little-endian as all", "x: float32 n", "y: float32 n", "row: uint32 n",
                     "colour: uint8 n (place in categories)" if names else "colour: float32 n, NaN where unknown"]})


@data.get("/data/<name>/map.bin", endpoint="map_points")
def map_points(name):
    """The points themselves, as map.json describes them."""
    dataset, view = _asked(name)
    x, y, row, colour, names, _ = dataset.points(view)
    kinds = ("<f4", "<f4", "<u4", "u1" if names else "<f4")
    parts = [len(x).to_bytes(4, "little")] + [values.astype(kind).tobytes()
                                              for values, kind in zip((x, y, row, colour), kinds, strict=True)]
    return Response(b"".join(parts), mimetype="application/octet-stream")


@data.get("/data/<name>/issues")
def issues(name):
    """Labels that look wrong, the worst first."""
    dataset, view = _issues_view(*_asked(name))
    return _page("issues", dataset, view, found=dataset.page(view))


@data.get("/data/<name>/issues.json", endpoint="issues_json")
def issues_json(name):
    """One page of the labels that look wrong."""
    dataset, view = _issues_view(*_asked(name))
    return _twin(dataset, view, about=dataset.summary["label_issues"], **dataset.page(view))


@data.get("/data/<name>/<any(browse, issues, map, models, overview):what>.csv", endpoint="csv")
def csv_of(name, what):
    """The view's rows as a table; of the models, those that are judged."""
    dataset, view = _asked(name)
    if what == "issues":
        dataset, view = _issues_view(dataset, view)
    if what == "models" and view.model:
        view, _ = _judged_view(dataset, view)
    return Response(dataset.csv(view), mimetype="text/csv", headers={
        "Content-Disposition": f'attachment; filename="{name}-{what}.csv"'})


@data.get("/data/<name>/pictures.png", endpoint="pictures")
def pictures(name):
    """A sprite sheet of rows=1,2,3 from the local store, twelve a line."""
    dataset = _dataset(name)
    numbers = request.args.get("rows", "")
    if not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", numbers):
        raise explorer.FilterError("rows: whole numbers joined by commas are meant")
    numbers = [int(number) for number in numbers.split(",")]
    if len(numbers) > explorer.MOST_IN_A_SHEET:
        raise explorer.FilterError(f"rows: at most {explorer.MOST_IN_A_SHEET} at once")
    if dataset.pictures.images is None:
        abort(404, "The pictures of this data set are not on this machine.")
    if max(numbers) >= dataset.summary["rows"]:
        abort(404, f"{dataset.summary['title']} has no row {max(numbers)}.")
    return Response(dataset.pictures.sheet(numbers, COLUMNS_IN_A_SHEET), mimetype="image/png",
                    headers={"Cache-Control": "private, max-age=3600"})


@data.get("/data/<name>/faces/<any(mean, variance):kind>.png", endpoint="faces")
def faces(name, kind):
    """Mean or variance faces: a row a split, a column a label."""
    path = _dataset(name).folder / f"{kind}.png"
    if not path.is_file():
        abort(404)
    return Response(path.read_bytes(), mimetype="image/png", headers={"Cache-Control": "max-age=3600"})


def _dataset(name):
    sets = current_app.extensions["datasets"]
    if name not in sets:
        wrong = current_app.extensions["datasets_wrong"].get(name)
        abort(404, wrong or f"There is no data set {name!r}; there are: {', '.join(sets) or 'none'}.")
    return sets[name]


def _asked(name):
    dataset = _dataset(name)
    return dataset, explorer.parse(request.args.items(multi=True), dataset.summary)


def _explaining(dataset):
    """Names of the models that can be asked about this data set's pictures."""
    images = dataset.pictures.images
    bundles = current_app.extensions["emoscope"].bundles
    return [] if images is None else [
        model["name"] for model in dataset.summary["models"]
        if (bundle := bundles.get(model["name"])) and not bundle.error
        and images.shape[1:] == (bundle.card["input"]["size"],) * 2]


def _judged_view(dataset, view):
    """The view with the last split, where the address names none: what no model has learnt from or was chosen on."""
    if any(name == "split" for name, _ in view.filters):
        return view, None
    split = dataset.summary["splits"][-1]
    return explorer.parse([*request.args.items(multi=True), ("split", split)], dataset.summary), split


def _judged(dataset, view):
    found = {"first": dataset.judged(view, view.model)}
    if view.other:
        found |= {"second": dataset.judged(view, view.other),
                  "together": dataset.together(view, view.model, view.other)}
    return found


def _issues_view(dataset, view):
    arguments = dict(request.args.items())
    arguments.setdefault("label_issue", "yes")
    arguments.setdefault("sort", "label_quality")
    return dataset, explorer.parse(arguments.items(), dataset.summary)


def _page(what, dataset, view, **values):
    return render_template(
        f"data/{what}.html", what=what, dataset=dataset, summary=dataset.summary, view=view,
        has_pictures=dataset.pictures.images is not None, columns_in_a_sheet=COLUMNS_IN_A_SHEET,
        address=lambda to, **changes: _address(to, dataset.name, view, **changes),
        toggled=lambda field, choice: _toggled(view, field, choice), **values)


def _address(to, name, view, **changes):
    """The address of page `to` with the view's filters and `changes`."""
    values = {"row": changes.pop("to_row")} if "to_row" in changes else {}
    values |= {"what": changes.pop("what")} if to == "csv" else {}
    changes = {"page": None} | changes
    query = view.address(**changes)
    return url_for(f"data.{to}", name=name, **values) + (f"?{query}" if query else "")


def _toggled(view, field, choice):
    """The field's value with `choice` put in or taken out; None for no filter."""
    chosen = [value for value in dict(view.filters).get(field, "").split(",") if value]
    chosen = [value for value in chosen if value != choice] if choice in chosen else [*chosen, choice]
    return ",".join(chosen) or None


def _twin(dataset, view, **values):
    return _json({"dataset": dataset.name, "filters": dict(view.filters), "sort": view.sort, "model": view.model}
                 | values)


def _json(value):
    return Response(json.dumps(value, ensure_ascii=False, allow_nan=False), mimetype="application/json")


def _without_curves(summary):
    return summary | {"models": [{key: value for key, value in model.items() if key != "curve"}
                                 for model in summary["models"]]}
