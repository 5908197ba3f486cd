"""You against ten: visitors name the expression on faces that ten raters labeled. Their answers stay in the browser."""

import random
from dataclasses import replace

from flask import abort, redirect

from ..languages.catalogues import Message
from . import queries
from .views import data, link, parse_request, render, view_as_json, with_default_split

FACES = 20


@data.get("/data/<name>/you-against-ten")
def quiz(name):
    """The page. `seed` selects the faces; without it, a redirect to random ones."""
    dataset, view = _parse_request(name)
    if view.seed is None:
        return redirect(link("quiz", name, view, seed=random.randint(1, queries.MAX_SEED)))
    return render("quiz", dataset, view, faces=FACES,
                  labels=[label for label in dataset.summary["vote_names"] if label != "nf"])


@data.get("/data/<name>/you-against-ten.json")
def quiz_json(name):
    """The faces of `seed` (default 1): their rows, the raters' votes, and the prediction of `model`."""
    dataset, view = _parse_request(name)
    view = replace(view, seed=view.seed or 1)
    selected, _ = with_default_split(dataset, view)
    return view_as_json(dataset, view, seed=view.seed,
                        faces=dataset.rated_faces(replace(selected, seed=view.seed), FACES))


def _parse_request(name):
    dataset, view = parse_request(name)
    if not dataset.summary["vote_names"]:
        abort(404, Message("The data set %(name)r has no votes of raters to compare yours with.", name=dataset.name))
    return dataset, view
