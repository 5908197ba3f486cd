"""Routes under /data: the data sets behind the models, and where the models fail.

A view is determined by its URL. The same URL with .json returns it as JSON, with .csv the filtered rows.
"""

import logging

from flask import Response, abort, current_app, make_response, redirect, render_template, request, url_for

from ..languages.catalogues import Message, shown
from ..operations import security
from ..operations.error_handlers import error_response
from ..readers import UnknownModelError
from ..vision.occlusion import occlusion_map
from . import imports, queries
from . import quiz as _quiz  # noqa: F401 - its routes
from .views import (
    SHEET_COLUMNS,
    as_json,
    current_version,
    data,
    explainable_models,
    get_dataset,
    label_issues,
    link,
    missing_row,
    newer_version,
    only_one_correct,
    parse_request,
    render,
    requested_rows,
    robustness,
    view_as_json,
    with_default_split,
)

log = logging.getLogger(__name__)


def init_app(app, datasets, stores, memory):
    """Register the routes; `datasets` is the folder of data-set bundles, `stores` that of their local images.

    memory: limit of the queries of each data set in bytes; 0: none.
    """
    usable, unusable = queries.find(datasets, stores, memory)
    for error in unusable.values():
        log.warning("skipping a data set: %s", error)
    app.extensions["datasets"] = usable
    app.extensions["unusable_datasets"] = unusable
    app.register_blueprint(data)


@data.errorhandler(queries.OutOfMemoryError)
def _handle_out_of_memory(error):
    log.warning("%s: a query exceeds `data_bytes`: %s", request.path, str(error).partition("\n")[0])
    return error_response(503)


@data.get("/data")
def index():
    """The list of data sets; with a single one, a redirect to it."""
    datasets, unusable = current_app.extensions["datasets"], current_app.extensions["unusable_datasets"]
    if len(datasets) == 1 and not unusable:
        return redirect(url_for("data.overview", name=next(iter(datasets))))
    return render_template("explorer/index.html", datasets=datasets, errors=[*map(shown, unusable.values())])


@data.get("/data.json")
def index_json():
    """The list of data sets."""
    return as_json({"datasets": [{"name": name, "title": dataset.summary["title"], "rows": dataset.summary["rows"],
                                  "models": [model["name"] for model in dataset.summary["models"]],
                                  "pictures": dataset.images.array is not None,
                                  "average_faces": dataset.average_faces.exists,
                                  "href": url_for("data.overview_json", name=name)}
                                 for name, dataset in current_app.extensions["datasets"].items()],
                    "unusable": current_app.extensions["unusable_datasets"]})


@data.get("/data/<name>")
def overview(name):
    """Class counts, votes, duplicates, image quality."""
    dataset, view = parse_request(name)
    return render("overview", dataset, view, found=dataset.overview(view), can_import=imports.can_import(dataset))


@data.get("/data/<name>.json")
def overview_json(name):
    """The overview as JSON."""
    dataset, view = parse_request(name)
    return view_as_json(dataset, view, summary=_without_curves(dataset.summary), **dataset.overview(view))


@data.get("/data/<name>/browse")
def browse(name):
    """One page of the view's rows."""
    dataset, view = parse_request(name)
    return render("browse", dataset, view, found=dataset.page(view), facets=dataset.facets(view))


@data.get("/data/<name>/browse.json")
def browse_json(name):
    """One page of the view's rows as JSON."""
    dataset, view = parse_request(name)
    return view_as_json(dataset, view, **dataset.page(view), facets=dataset.facets(view))


@data.get("/data/<name>/samples/<int:row>")
def sample(name, row):
    """One row: votes, predictions, neighbors, duplicates."""
    dataset, view = parse_request(name)
    found = dataset.sample(row, view) or abort(404, missing_row(dataset, row))
    before, after = dataset.adjacent_rows(view, row)
    return render("sample", dataset, view, found=found, row=found["sample"], before=before, after=after,
                  explainable=explainable_models(dataset),
                  newer={model["name"]: newer_version(model) for model in dataset.summary["models"]})


@data.get("/data/<name>/samples/<int:row>.json")
def sample_json(name, row):
    """One row as JSON."""
    dataset, view = parse_request(name)
    found = dataset.sample(row, view) or abort(404)
    before, after = dataset.adjacent_rows(view, row)
    return view_as_json(dataset, view, **found, before=before, after=after)


@data.get("/data/<name>/samples/<int:row>/explanation.json")
def explanation(name, row):
    """Occlusion map of the prediction of model=NAME for one row (vision/occlusion.py)."""
    dataset = get_dataset(name)
    model, allowed = request.args.get("model", ""), explainable_models(dataset)
    if model not in allowed:
        if not allowed:
            raise queries.FilterError(Message("No model can explain its predictions here: the images or the models are "
                                              "not installed"))
        raise queries.not_one_of("model", allowed, model)
    if row >= dataset.summary["rows"]:
        abort(404, missing_row(dataset, row))
    try:
        classifier = current_app.extensions["emoscope"].readers.get(model).classifier
    except UnknownModelError as error:      # its files have changed
        abort(404, str(error))
    image = dataset.images.array[row]
    probabilities = classifier.probabilities(image[None])[0]
    label = int(probabilities.argmax())
    drop = occlusion_map(classifier.probabilities, image, label)
    return as_json({"row": row, "model": model, "label": classifier.labels[label],
                    "probability": round(float(probabilities[label]), 4),
                    "falls": drop.astype(float).round(4).tolist()})


@data.get("/data/<name>/models")
def models(name):
    """Metrics of the models on the view's rows."""
    dataset, view = parse_request(name)
    if view.model is None:
        return render("models", dataset, view, found=None, split=None)
    view, split = with_default_split(dataset, view)
    return render("models", dataset, view, found=_evaluations(dataset, view), split=split,
                  only_one_correct=only_one_correct(dataset, view))


@data.get("/data/<name>/models.json")
def models_json(name):
    """Metrics of the models as JSON."""
    dataset, view = parse_request(name)
    if view.model is None:
        return view_as_json(dataset, view, models=[])
    view, _ = with_default_split(dataset, view)
    return view_as_json(dataset, view, **_evaluations(dataset, view))


@data.get("/data/<name>/map", endpoint="map")
def map_page(name):
    """The view's rows as points."""
    dataset, view = parse_request(name)
    response = make_response(render("map", dataset, view, count=dataset.count(view)))
    # regl, which draws the points, generates functions at run time; no other page allows that.
    response.headers["Content-Security-Policy"] = security.policy(request.host).replace(
        "'wasm-unsafe-eval'", "'wasm-unsafe-eval' 'unsafe-eval'")
    return response


@data.get("/data/<name>/map.json")
def map_json(name):
    """Description of the points, with the URL and the layout of their binary data."""
    dataset, view = parse_request(name)
    *_, categories, stride = dataset.points(view)
    return view_as_json(
        dataset, view, count=dataset.count(view), one_in=stride, colour=view.color, categories=categories,
        map=dataset.summary["map"],
        points={"href": link("map_points", name, view), "layout": [
            "n: uint32, little-endian as all", "x: float32 n", "y: float32 n", "row: uint32 n",
            "colour: uint8 n (place in categories)" if categories else "colour: float32 n, NaN where unknown"]})


@data.get("/data/<name>/map.bin")
def map_points(name):
    """The points in the layout that map.json describes."""
    dataset, view = parse_request(name)
    x, y, row, color, categories, _ = dataset.points(view)
    dtypes = ("<f4", "<f4", "<u4", "u1" if categories else "<f4")
    columns = [values.astype(dtype).tobytes() for values, dtype in zip((x, y, row, color), dtypes, strict=True)]
    return Response(b"".join([len(x).to_bytes(4, "little"), *columns]), mimetype="application/octet-stream")


@data.get("/data/<name>/issues")
def issues(name):
    """Probable label errors, worst first."""
    dataset = get_dataset(name)
    view = label_issues(dataset)
    return render("issues", dataset, view, found=dataset.page(view), facets=dataset.facets(view))


@data.get("/data/<name>/issues.json")
def issues_json(name):
    """One page of the probable label errors as JSON."""
    dataset = get_dataset(name)
    view = label_issues(dataset)
    return view_as_json(dataset, view, about=dataset.summary["label_issues"], **dataset.page(view))


@data.get("/data/<name>/<any(browse, issues, map, models, overview):what>.csv")
def csv(name, what):
    """The view's rows as CSV; for models, the evaluated rows."""
    dataset, view = parse_request(name)
    if what == "issues":
        view = label_issues(dataset)
    if what == "models" and view.model:
        view, _ = with_default_split(dataset, view)
    return Response(dataset.csv(view), mimetype="text/csv", headers={
        "Content-Disposition": f'attachment; filename="{name}-{what}.csv"'})


@data.get("/data/<name>/pictures.png")
def sprite_sheet(name):
    """Sprite sheet of the images of rows=1,2,3, twelve per line."""
    dataset = get_dataset(name)
    rows = requested_rows(dataset)
    if dataset.images.array is None:
        abort(404, Message("The images of this data set are not installed on this server."))
    return Response(dataset.images.sprite_sheet(rows, SHEET_COLUMNS), mimetype="image/png",
                    headers={"Cache-Control": "private, max-age=3600"})


@data.get("/data/<name>/average-faces.jpg")
def average_faces(name):
    """Sprite sheet of the average faces of rows=1,2,3, twelve per line."""
    dataset = get_dataset(name)
    rows = requested_rows(dataset)
    if not dataset.average_faces.exists:
        abort(404, Message("This data set has no average faces; `python -m training dataset build` makes them."))
    return Response(dataset.average_faces.sprite_sheet(rows, SHEET_COLUMNS), mimetype="image/jpeg",
                    headers={"Cache-Control": "max-age=3600"})


@data.get("/data/<name>/faces/<any(mean, variance):kind>.png")
def faces(name, kind):
    """Mean or variance faces: one line per split, one column per label."""
    path = get_dataset(name).folder / f"{kind}.png"
    if not path.is_file():
        abort(404)
    return Response(path.read_bytes(), mimetype="image/png", headers={"Cache-Control": "max-age=3600"})


def _evaluations(dataset, view):
    compared = {"first": view.model} | ({"second": view.other} if view.other else {})
    found = {}
    for side, name in compared.items():
        model = dataset.model(name)
        found[side] = dataset.evaluate(view, name) | {"robustness": robustness(dataset, model),
                                                      "now": newer_version(model)}
        found[side]["model"]["version"] = current_version(model)
    if view.other:
        together = dataset.joint_accuracy(view, view.model, view.other)
        found |= {"together": together, "difference": queries.paired_difference(together),
                  "predictions": dataset.joint_predictions(view, view.model, view.other)}
    return found


def _without_curves(summary):
    return summary | {"models": [{key: value for key, value in model.items() if key != "curve"}
                                 for model in summary["models"]]}
