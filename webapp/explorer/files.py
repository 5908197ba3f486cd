"""What the data pages fetch besides: tables, points, sprite sheets, mean faces, what mattered to a model."""

import re

from flask import Response, abort, current_app, request

from ..vision.occlusion import occlusion_map
from . import queries
from . import views as views
from .views import data


@data.get("/data/<name>/map.bin", endpoint="map_points")
def map_points(name):
    """The points themselves, as map.json describes them."""
    dataset, view = views.asked(name)
    x, y, row, colour, names, _ = dataset.points(view)
    kinds = ("<f4", "<f4", "<u4", "u1" if names else "<f4")
    parts = [len(x).to_bytes(4, "little")] + [values.astype(kind).tobytes()
                                              for values, kind in zip((x, y, row, colour), kinds, strict=True)]
    return Response(b"".join(parts), mimetype="application/octet-stream")


@data.get("/data/<name>/<any(browse, issues, map, models, overview):what>.csv", endpoint="csv")
def csv_of(name, what):
    """The view's rows as a table; of the models, those that are judged."""
    dataset, view = views.asked(name)
    if what == "issues":
        dataset, view = views.issues_view(dataset, view)
    if what == "models" and view.model:
        view, _ = views.judged_view(dataset, view)
    return Response(dataset.csv(view), mimetype="text/csv", headers={
        "Content-Disposition": f'attachment; filename="{name}-{what}.csv"'})


@data.get("/data/<name>/pictures.png", endpoint="pictures")
def pictures(name):
    """A sprite sheet of rows=1,2,3 from the local store, twelve a line."""
    dataset = views.named(name)
    numbers = request.args.get("rows", "")
    if not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", numbers):
        raise queries.FilterError("rows: whole numbers joined by commas are meant")
    numbers = [int(number) for number in numbers.split(",")]
    if len(numbers) > queries.MOST_IN_A_SHEET:
        raise queries.FilterError(f"rows: at most {queries.MOST_IN_A_SHEET} at once")
    if dataset.pictures.images is None:
        abort(404, "The pictures of this data set are not on this machine.")
    if max(numbers) >= dataset.summary["rows"]:
        abort(404, f"{dataset.summary['title']} has no row {max(numbers)}.")
    return Response(dataset.pictures.sheet(numbers, views.COLUMNS_IN_A_SHEET), mimetype="image/png",
                    headers={"Cache-Control": "private, max-age=3600"})


@data.get("/data/<name>/faces/<any(mean, variance):kind>.png", endpoint="faces")
def faces(name, kind):
    """Mean or variance faces: a row a split, a column a label."""
    path = views.named(name).folder / f"{kind}.png"
    if not path.is_file():
        abort(404)
    return Response(path.read_bytes(), mimetype="image/png", headers={"Cache-Control": "max-age=3600"})


@data.get("/data/<name>/samples/<int:row>/explanation.json", endpoint="explanation")
def explanation(name, row):
    """How much the answer of model=NAME falls when a part of the picture is hidden (vision/occlusion.py)."""
    dataset = views.named(name)
    model, offered = request.args.get("model", ""), views.explaining(dataset)
    if model not in offered:
        names = ", ".join(offered) or "none (no pictures here, or no network for them)"
        raise queries.FilterError(f"model={model!r}: one of {names} is meant")
    if row >= dataset.summary["rows"]:
        abort(404, f"{dataset.summary['title']} has no row {row}.")
    network = current_app.extensions["emoscope"].readers.get(model).classifier
    picture = dataset.pictures.images[row]
    probabilities = network.probabilities(picture[None])[0]
    label = int(probabilities.argmax())
    falls = occlusion_map(network.probabilities, picture, label)
    return views.as_json({"row": row, "model": model, "label": network.labels[label],
                  "probability": round(float(probabilities[label]), 4), "falls": falls.astype(float).round(4).tolist()})
