"""Pages under /data: what the models learnt from, and where they fail.

Every view lives in its address; the same address with .json is its twin, with .csv what is
filtered, as a table.
"""

import logging

from flask import abort, current_app, make_response, redirect, render_template, request, url_for

from ..operations import security
from . import files as files  # its routes belong to the blueprint, too
from . import queries, views
from .views import data

log = logging.getLogger(__name__)


def init_app(app, datasets, stores):
    """Register the pages; `datasets` is the folder of data-set bundles, `stores` that of local pictures."""
    usable, wrong = queries.find(datasets, stores)
    for line in wrong.values():
        log.warning("a data set is left out: %s", line)
    app.extensions["datasets"] = usable
    app.extensions["datasets_wrong"] = wrong
    app.register_blueprint(data)


@data.get("/data")
def index():
    """The one data set there is, or a list of all."""
    sets = current_app.extensions["datasets"]
    if len(sets) == 1 and not current_app.extensions["datasets_wrong"]:
        return redirect(url_for("data.overview", name=next(iter(sets))))
    return render_template("explorer/index.html", sets=sets, wrong=current_app.extensions["datasets_wrong"])


@data.get("/data.json", endpoint="index_json")
def index_json():
    """The data sets there are."""
    return views.as_json({"datasets": [{"name": name, "title": one.summary["title"], "rows": one.summary["rows"],
                                "models": [model["name"] for model in one.summary["models"]],
                                "pictures": one.pictures.images is not None,
                                "href": url_for("data.overview_json", name=name)}
                               for name, one in current_app.extensions["datasets"].items()],
                  "unusable": current_app.extensions["datasets_wrong"]})


@data.get("/data/<name>")
def overview(name):
    """Counts, imbalance, votes, duplicates, quality."""
    dataset, view = views.asked(name)
    return views.page("overview", dataset, view, found=dataset.overview(view))


@data.get("/data/<name>.json", endpoint="overview_json")
def overview_json(name):
    """The overview's twin."""
    dataset, view = views.asked(name)
    return views.twin(dataset, view, summary=_without_curves(dataset.summary), **dataset.overview(view))


@data.get("/data/<name>/browse")
def browse(name):
    """The rows of the view, page by page."""
    dataset, view = views.asked(name)
    return views.page("browse", dataset, view, found=dataset.page(view), facets=dataset.facets(view))


@data.get("/data/<name>/browse.json", endpoint="browse_json")
def browse_json(name):
    """One page of the view's rows."""
    dataset, view = views.asked(name)
    return views.twin(dataset, view, **dataset.page(view), facets=dataset.facets(view))


@data.get("/data/<name>/samples/<int:row>")
def sample(name, row):
    """One row: its votes, the models' answers, what lies near it."""
    dataset, view = views.asked(name)
    found = dataset.sample(row, view) or abort(404, f"{dataset.summary['title']} has no row {row}")
    before, after = dataset.beside(view, row)
    return views.page("sample", dataset, view, found=found, row=found["sample"], before=before, after=after,
                 explains=views.explaining(dataset),
                 now={model["name"]: views.changed(model) for model in dataset.summary["models"]})


@data.get("/data/<name>/samples/<int:row>.json", endpoint="sample_json")
def sample_json(name, row):
    """The sample's twin."""
    dataset, view = views.asked(name)
    found = dataset.sample(row, view) or abort(404)
    before, after = dataset.beside(view, row)
    return views.twin(dataset, view, **found, before=before, after=after)


@data.get("/data/<name>/models")
def models(name):
    """How the models do on the view's rows."""
    dataset, view = views.asked(name)
    if view.model is None:
        return views.page("models", dataset, view, found=None, split=None)
    view, split = views.judged_view(dataset, view)
    return views.page("models", dataset, view, found=_judged(dataset, view), split=split)


@data.get("/data/<name>/models.json", endpoint="models_json")
def models_json(name):
    """The models' twin."""
    dataset, view = views.asked(name)
    if view.model is None:
        return views.twin(dataset, view, models=[])
    view, _ = views.judged_view(dataset, view)
    return views.twin(dataset, view, **_judged(dataset, view))


@data.get("/data/<name>/map", endpoint="map")
def map_page(name):
    """All rows of the view as points."""
    dataset, view = views.asked(name)
    response = make_response(views.page("map", dataset, view, count=dataset.count(view)))
    # regl, which draws the points, writes its functions at run time; no other page allows that.
    response.headers["Content-Security-Policy"] = security.policy(request.host).replace(
        "'wasm-unsafe-eval'", "'wasm-unsafe-eval' 'unsafe-eval'")
    return response


@data.get("/data/<name>/map.json", endpoint="map_json")
def map_json(name):
    """What the points are, and where they can be had as numbers."""
    dataset, view = views.asked(name)
    *_, names, stride = dataset.points(view)
    return views.twin(dataset, view, count=dataset.count(view), one_in=stride, colour=view.colour, categories=names,
                 map=dataset.summary["map"],
                 points={"href": views.address("map_points", name, view), "layout": [
                     "n: uint32, little-endian as all", "x: float32 n", "y: float32 n", "row: uint32 n",
                     "colour: uint8 n (place in categories)" if names else "colour: float32 n, NaN where unknown"]})


@data.get("/data/<name>/issues")
def issues(name):
    """Labels that look wrong, the worst first."""
    dataset, view = views.issues_view(*views.asked(name))
    return views.page("issues", dataset, view, found=dataset.page(view), facets=dataset.facets(view))


@data.get("/data/<name>/issues.json", endpoint="issues_json")
def issues_json(name):
    """One page of the labels that look wrong."""
    dataset, view = views.issues_view(*views.asked(name))
    return views.twin(dataset, view, about=dataset.summary["label_issues"], **dataset.page(view))


def _judged(dataset, view):
    sides = {"first": view.model} | ({"second": view.other} if view.other else {})
    found = {side: dataset.judged(view, name) | {"robustness": views.robustness(dataset, dataset.model(name)),
                                                "now": views.changed(dataset.model(name))}
             for side, name in sides.items()}
    if view.other:
        found["together"] = dataset.together(view, view.model, view.other)
    return found


def _without_curves(summary):
    return summary | {"models": [{key: value for key, value in model.items() if key != "curve"}
                                 for model in summary["models"]]}
