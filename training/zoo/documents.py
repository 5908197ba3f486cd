"""Write static/documents.json for the page *The documents*: each document's experiments beside ours."""

from pathlib import Path

import numpy as np

from ..data.labels import LABEL_SETS
from ..evaluate.bundles import round_floats
from ..evaluate.metrics import per_class, wilson
from .compare import as_text
from .published import AFFECTNET_ROWS, FER2013_TEST, ROWS, SWEEPS
from .tables import NOTHING_LEFT, is_cut, table_row, to_train

FILE = "documents.json"
#: The columns of the table that the page shows.
COLUMNS = ("network", "recipe", "stated", "stated_on", "public", "private", "epochs", "epochs_of_recipe", "steps",
           "share", "cut", "faces", "seeds", "private_lowest", "private_highest", "size", "parameters", "command")


def write(results, remaining=NOTHING_LEFT, static=Path("static")):
    """Write the file; its path. results: {recipe: result}. remaining: as of `left.stored`."""
    path = static / FILE
    path.write_text(as_text(round_floats({"cores": remaining["cores"], "documents": documents(results, remaining)})))
    return path


def documents(results, remaining=NOTHING_LEFT):
    """The documents in order, a list of {"id", "name", "rows", "sweeps"}; JSON-serializable.

    A row has COLUMNS, `affectnet` (whether it is trained on AffectNet), `hours_left`, `difference` (percentage points,
    ours on PrivateTest minus the document's), `reasons`, and, if the run has a record, `curve`, `labels`, `confusion`
    and `classes` on PrivateTest.
    """
    published = (*ROWS, *AFFECTNET_ROWS)
    rows = {row.recipe: _row(row, table_row(row, results), results.get(row.recipe, {})) for row in published}
    for name, row in rows.items():
        row["hours_left"] = remaining["rows"].get(name, {}).get("hours")
    names = dict.fromkeys(row.document for row in published)
    return [{"id": identifier(name), "name": name,
             "rows": [rows[row.recipe] for row in published if row.document == name],
             "sweeps": [_sweep(sweep, rows) for sweep in SWEEPS if sweep.document == name]} for name in names]


def identifier(name):
    """A document's part of the address, from its name: "Tan et al." is `tan`."""
    return name.split()[0].lower()


def reasons(row, result):
    """Why a row's accuracy can differ from its document's: keys of published.REASONS, the most important first."""
    private = result.get("PrivateTest")
    if not private:
        return ["needs-affectnet"] if row in AFFECTNET_ROWS else ["untrained"]
    if is_cut(result):
        return ["cut"]
    if row.accuracy is None:
        return ["nothing", *row.reasons]
    if row.split == FER2013_TEST and _within_interval(row.accuracy / 100, private):
        return ["chance", *row.reasons]
    return list(row.reasons)


def _row(row, table, result):
    private = result.get("PrivateTest", {})
    shown = {name: table[name] for name in COLUMNS}
    shown["command"] = shown["command"] or to_train(row.recipe)
    shown["affectnet"] = row in AFFECTNET_ROWS
    shown["difference"] = None
    if private and row.accuracy is not None:
        shown["difference"] = 100 * private["accuracy"] - row.accuracy
    shown["reasons"] = reasons(row, result)
    if result.get("curve"):
        shown["curve"] = result["curve"]
    if "confusion" in private:
        labels = LABEL_SETS[result["label_set"]]
        matrix = np.array(private["confusion"])
        shown |= {"labels": list(labels), "confusion": private["confusion"],
                  "classes": [{"label": label, "precision": precision, "recall": recall, "f1": f1, "faces": faces}
                              for label, precision, recall, f1, faces
                              in zip(labels, *(values.tolist() for values in per_class(matrix)),
                                     matrix.sum(1).tolist(), strict=True)]}
    return shown


def _sweep(sweep, rows):
    keys = ("recipe", "stated", "private", "cut", "epochs", "epochs_of_recipe", "share", "seeds", "private_lowest",
            "private_highest")
    return {"name": sweep.name, "title": sweep.title,
            "points": [{"value": value} | {key: rows[recipe][key] for key in keys} for value, recipe in sweep.points]}


def _within_interval(stated, private):
    interval = wilson(round(private["accuracy"] * private["faces"]), private["faces"])
    return interval["low"] <= stated <= interval["high"]
