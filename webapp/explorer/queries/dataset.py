"""A data-set bundle, and the questions a page asks it: DuckDB over Parquet, read-only.

The table is never in memory as a whole, so five million rows answer as a small set does.
"""

import csv
import io
import threading
from pathlib import Path

import numpy as np

from . import statistics
from .filters import View, quoted
from .image_store import PictureStore
from .opening import DataSetError, checked_columns, connect, read_summary

MOST_POINTS = 400_000
#: Columns that only the page of one sample shows.
OF_SAMPLES = frozenset({"x", "y", "first", "constant", "twin", "twin_correlation", "neighbours"})
QUALITY = ("brightness", "contrast", "sharpness")
#: Digits after the point that training/data/bundle.py keeps of what histograms are drawn of.
DIGITS = {"brightness": 2, "contrast": 2, "sharpness": 2, "entropy": 4}


class DataSet:
    """The bundle in `folder`; pictures, where there are any, in `store`. Safe to ask from several threads."""

    def __init__(self, folder, store=None, threads=2):
        self.folder = Path(folder)
        self.name = self.folder.name
        self.summary = read_summary(self.folder)
        self.table = self.folder / "samples.parquet"
        self._connection = connect(self.table, threads)
        self._columns = checked_columns(self._connection, self.table, self.summary)
        self._local = threading.local()
        self.pictures = PictureStore(store, self.summary["rows"]) if store else None

    # What every page asks

    def count(self, view: View):
        """How many rows the view has."""
        where, values = view.where
        return self._ask(f"SELECT count(*) FROM samples WHERE {where}", values)[0][0]

    def page(self, view: View):
        """One page of the view: {count, pages, page, rows: [{...}]}."""
        where, values = view.where
        count = self.count(view)
        found = self._ask(f"SELECT row FROM samples WHERE {where} ORDER BY {view.order} LIMIT ? OFFSET ?",
                          [*values, view.size, (view.page - 1) * view.size])
        return {"count": count, "page": view.page, "pages": max(1, -(-count // view.size)), "size": view.size,
                "rows": self.rows([row for row, in found], view)}

    def rows(self, numbers, view: View):
        """The rows with these numbers, in this order, as dictionaries of what a tile shows; `sample` has the rest."""
        if not numbers:
            return []
        models = (view.model, view.other) if view.other_given else (view.model,)
        columns = [name for name in self._columns
                   if name not in OF_SAMPLES and not name.endswith(".probabilities")
                   and ("." not in name or name.rpartition(".")[0] in models)]
        found = self._records(columns, numbers)
        return [found[number] for number in numbers if number in found]

    def sample(self, number, view: View):
        """All of one row, with its neighbours, copies and twin as rows; None where there is no such row."""
        found = self._records(self._columns, [number])
        if number not in found:
            return None
        row = found[number]
        for model in self.summary["models"]:
            key = f"{model['name']}.probabilities"
            row[key] = {label: round(value / 255, 3) for label, value in zip(model["labels"], row[key], strict=True)}
        neighbours = [other for other in row.pop("neighbours") if other >= 0]
        copies = [other for other, in self._ask(
            "SELECT row FROM samples WHERE first = ? AND row <> ? ORDER BY row LIMIT 24", [row["first"], number])]
        twin = [row["twin"]] if row["twin"] is not None else []
        beside = {other["row"]: other for other in self.rows(sorted({*neighbours, *copies, *twin}), view)}
        return {"sample": row, "neighbours": [beside[other] for other in neighbours],
                "copies": [beside[other] for other in copies], "twin": beside[twin[0]] if twin else None}

    def beside(self, view: View, number):
        """The rows before and after row `number` in the view's order: (row or None, row or None)."""
        where, values = view.where
        place = self._ask(f"SELECT {view.key} FROM samples WHERE row = ?", [number])
        if not place:
            return None, None
        key, found = place[0][0], []
        for sign, way in (("<", "DESC"), (">", "ASC")):
            other = self._ask(
                f"SELECT row FROM samples WHERE ({where}) AND ({view.key} {sign} ? OR ({view.key} = ? "
                f"AND row {sign} ?)) ORDER BY {view.key} {way}, row {way} LIMIT 1", [*values, key, key, number])
            found.append(other[0][0] if other else None)
        return tuple(found)

    def facets(self, view: View):
        """How many rows of the view have each choice: {field: {choice: rows}}.

        A field's own filter is left out of its counts: they say what a further choice would bring.
        """
        names = [name for name in ("split", "label", "majority", "twin", "answer", "right") if name in view.fields]
        filtered = {name for name, _ in view.filters}
        counts = {name: {} for name in names}
        together = [name for name in names if name not in filtered]    # these are counted in one pass
        for group in filter(None, [together, *([name] for name in names if name in filtered)]):
            columns = [f"coalesce({view.fields[name].column}, 'none')" for name in group]
            where, values = view.without(group[0]).where
            for *choices, rows in self._ask(
                    f"SELECT {', '.join(columns)}, count(*) FROM samples WHERE {where} "
                    f"GROUP BY GROUPING SETS ({', '.join(f'({column})' for column in columns)})", values):
                place = next(place for place, choice in enumerate(choices) if choice is not None)
                counts[group[place]][choices[place]] = rows
        return {name: {choice: counts[name][choice] for choice in dict.fromkeys((*view.fields[name].choices, "none"))
                       if choice in counts[name]} for name in names}

    # Overview

    def overview(self, view: View):
        """Counts and histograms of the view."""
        found = {"count": self.count(view), "label_by_split": self._cross(view, "label", "split"),
                 "histograms": {name: self._histogram(view, name) for name in QUALITY}}
        found["imbalance"] = statistics.imbalance(found["label_by_split"])
        if self.summary["vote_names"]:
            found["plurality_by_label"] = self._cross(view, "label", "plurality")
            found["majority_by_split"] = self._cross(view, "majority", "split")
            found["top_votes"] = self._cross(view, "top_votes", "split")
            found["histograms"]["entropy"] = self._histogram(view, "entropy")
            where, values = view.where
            row = self._ask("SELECT count(plurality), count(*) FILTER (plurality = label), count(majority), "
                            f"avg(entropy) FROM samples WHERE {where}", values)[0]
            found["votes"] = {"faces": row[0], "agree_with_label": row[1], "with_majority": row[2],
                              "mean_entropy": None if row[3] is None else round(row[3], 4)}
        return found

    def _cross(self, view, first, second):
        """[{first, second, rows}], sorted."""
        where, values = view.where
        return [{first: a, second: b, "rows": rows} for a, b, rows in self._ask(
            f"SELECT {first}, {second}, count(*) FROM samples WHERE {where} GROUP BY 1, 2 ORDER BY 1, 2", values)]

    def _histogram(self, view, name):
        """[{low, high, rows}] of equal bins over the whole data set's range; sharpness by its logarithm."""
        where, values = view.where
        ends = self._ask(f"SELECT min({name}), max({name}) FROM samples", [])[0]
        if ends[0] is None:
            return []
        edges = statistics.edges(*ends, DIGITS[name], logarithm=name == "sharpness")
        counts = self._ask(f"SELECT histogram({name}::DOUBLE, ?::DOUBLE[]) FROM samples WHERE {where}",
                           [edges[1:], *values])[0][0] or {}
        return [{"low": _short(low), "high": _short(high), "rows": counts.get(high, 0)}
                for low, high in zip(edges, edges[1:], strict=False)]

    # Models

    def judged(self, view: View, name):
        """How the model `name` does on the view's rows: confusion matrix, figures per class, reliability."""
        model = self.model(name)
        labels, answer = model["labels"], quoted(f"{name}.answer")
        right, confidence = quoted(f"{name}.right"), quoted(f"{name}.confidence")
        where, values = view.where
        counts = self._ask(f"SELECT {model['truth']}, {answer}, count(*) FROM samples WHERE ({where}) "
                           f"AND {right} IS NOT NULL GROUP BY 1, 2", values)
        confusion = np.zeros((len(labels), len(labels)), np.int64)
        for truth, said, rows in counts:
            confusion[labels.index(truth), labels.index(said)] = rows
        meant = self._vote_share(answer) if model["truth"] == "majority" else f"{right}::INT"
        # Bins open below and closed above, as in the cards' figures.
        bins = self._ask(f"SELECT greatest(ceil({confidence} * {statistics.BINS})::INT - 1, 0), count(*), "
                         f"sum({confidence}), sum({meant}) FROM samples WHERE ({where}) "
                         f"AND ({meant}) IS NOT NULL GROUP BY 1 ORDER BY 1", values)
        total, hits = int(confusion.sum()), int(confusion.trace())
        return {"model": {key: value for key, value in model.items() if key != "curve"}, "rows": total,
                "accuracy": statistics.wilson(hits, total), "confusion": confusion.tolist(),
                "per_class": statistics.per_class(confusion, labels), **statistics.reliability(bins),
                "by_votes": self._by_votes(view, model), "curve": model["curve"]}

    def _vote_share(self, answer):
        """In SQL: the share of the votes on expressions that the answer has; null where there are none."""
        names = [name for name in self.summary["vote_names"] if name not in ("unknown", "nf")]
        votes = [quoted(f"votes_{name}") for name in names]
        own = " ".join(f"WHEN '{name}' THEN {column}" for name, column in zip(names, votes, strict=True))
        return f"(CASE {answer} {own} END) / nullif({' + '.join(f'{column}::INT' for column in votes)}, 0)"

    def _by_votes(self, view, model):
        """Accuracy by how many of the ten raters share the top answer; held against the raters' top answer
        for a model of their labels, against the label for others."""
        if not self.summary["vote_names"]:
            return []
        truth = "plurality" if model["truth"] == "majority" else "label"
        where, values = view.where
        answer = quoted(f"{model['name']}.answer")
        return [{"top_votes": votes, "rows": rows, "right": statistics.wilson(right, rows)}
                for votes, rows, right in self._ask(
                    f"SELECT top_votes, count(*), sum(({answer} = {truth})::INT) FROM samples WHERE ({where}) "
                    f"AND {truth} IS NOT NULL AND plurality IS NOT NULL GROUP BY 1 ORDER BY 1", values)]

    def together(self, view: View, first, second):
        """Where two models are right: [{first, second, rows}] over right and wrong of each."""
        where, values = view.where
        one, two = quoted(f"{first}.right"), quoted(f"{second}.right")
        return [{"first": a, "second": b, "rows": rows} for a, b, rows in self._ask(
            f"SELECT {one}, {two}, count(*) FROM samples WHERE ({where}) AND {one} IS NOT NULL AND {two} IS NOT NULL "
            "GROUP BY 1, 2 ORDER BY 1 DESC, 2 DESC", values)]

    def model(self, name):
        """What the summary says of the model `name`."""
        return next(about for about in self.summary["models"] if about["name"] == name)

    # Map and CSV

    def points(self, view: View):
        """The map's points: x, y float32 (n,), row uint32 (n,), colour as category uint8 or float32 (n,), names.

        More than MOST_POINTS rows are thinned evenly; the last value says by how much (1: all).
        """
        where, values = view.where
        field = view.fields.get(view.colour)
        stride = max(1, -(-self.count(view) // MOST_POINTS))
        column = field.column if field else "label"
        thin = f" AND row % {stride} = 0" if stride > 1 else ""
        found = self._cursor().execute(
            f"SELECT x, y, row, {column} AS colour FROM samples WHERE ({where}){thin}", values).fetchnumpy()
        colour, names = found["colour"], None
        if field is None or field.kind == "choice":
            names = list(field.choices if field else self.summary["labels"])
            if "none" not in names:
                names.append("none")
            colour = _categories(colour, names)
        else:
            colour = np.ma.filled(colour.astype(np.float32), np.nan)
        return (np.asarray(found["x"], np.float32), np.asarray(found["y"], np.float32),
                np.asarray(found["row"], np.uint32), colour, names, stride)

    def csv(self, view: View):
        """The view's rows as CSV, piece by piece: str. Model answers, votes and measures; no lists."""
        columns = [name for name in self._columns if not name.endswith((".probabilities", "neighbours"))]
        where, values = view.where
        cursor = self._cursor().execute(
            f"SELECT {', '.join(map(quoted, columns))} FROM samples WHERE {where} ORDER BY {view.order}", values)
        yield _line([columns])
        while rows := cursor.fetchmany(2000):
            yield _line([[_short(value) for value in row] for row in rows])

    def _records(self, columns, numbers):
        # Whole numbers in the text, not as parameters: DuckDB then leaves out the row groups without them.
        wanted = ", ".join(str(int(number)) for number in numbers)
        found = self._ask(f"SELECT {', '.join(map(quoted, columns))} FROM samples WHERE row IN ({wanted})", [])
        place = columns.index("row")
        return {row[place]: dict(zip(columns, map(_short, row), strict=True)) for row in found}

    def _cursor(self):
        if not hasattr(self._local, "cursor"):
            self._local.cursor = self._connection.cursor()
        return self._local.cursor

    def _ask(self, question, values):
        return self._cursor().execute(question, values).fetchall()


def find(folder, stores):
    """The data sets under `folder` by name: {name: DataSet}, and {name: what is wrong} of those that cannot be used."""
    usable, wrong = {}, {}
    for path in sorted(Path(folder).glob("*/summary.json")):
        name = path.parent.name
        try:
            usable[name] = DataSet(path.parent, Path(stores) / name)
        except DataSetError as error:
            wrong[name] = str(error)
    return usable, wrong


def _categories(values, names):
    """Names as places in `names`, uint8; what is missing or unknown is the place of *none*."""
    places = {name: place for place, name in enumerate(names)}
    nothing = places["none"]
    mask = np.ma.getmaskarray(values)
    return np.array([nothing if masked else places.get(value, nothing)
                     for value, masked in zip(np.ma.getdata(values), mask, strict=True)], np.uint8)


def _short(value):
    """A float32 of the table with the digits it has."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _line(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
