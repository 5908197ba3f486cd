"""Queries of the pages over one data-set bundle: DuckDB on Parquet, read-only.

The table is never loaded into memory as a whole, so the queries work for millions of rows.
"""

import csv
import io
import threading
from pathlib import Path

import duckdb
import numpy as np

from ...languages.catalogues import Message
from . import evidence, statistics
from .bundle import AverageFaces, DataSetError, ImageStore, column_names, connect, read_summary
from .filters import View, quoted

MAX_POINTS = 400_000    # on the map
CSV_ROWS = 1000         # read at a time
#: Columns that only the page of one sample shows.
SAMPLE_COLUMNS = frozenset({"x", "y", "first", "constant", "twin", "twin_correlation", "neighbours"})
QUALITY = ("brightness", "contrast", "sharpness")
#: Decimals to which training/data/bundle.py rounds the columns that have a histogram.
DECIMALS = {"brightness": 2, "contrast": 2, "sharpness": 2, "entropy": 4}


class DataSet:
    """The bundle in `folder`, with optional images in the folder `store`. Thread-safe.

    memory: limit of the queries in bytes, see `connect`.
    """

    def __init__(self, folder, store=None, threads=2, memory=0):
        self.folder = Path(folder)
        self.name = self.folder.name
        self.summary = read_summary(self.folder)
        self.table = self.folder / "samples.parquet"
        self._connection = connect(self.table, threads, memory)
        self._local = threading.local()
        try:
            self._columns = column_names(self._connection, self.table, self.summary)
            self.images = ImageStore(store, self.summary["rows"]) if store else None
            self.average_faces = AverageFaces(self.folder, self.summary)
        except (duckdb.Error, KeyError, TypeError, AttributeError) as error:
            raise DataSetError(Message("%(path)s: damaged (%(error)s); build the data set again", path=self.folder,
                                       error=str(error).partition("\n")[0])) from None

    def count(self, view: View):
        """Number of rows in the view."""
        where, values = view.where
        return self._query(f"SELECT count(*) FROM samples WHERE {where}", values)[0][0]

    def page(self, view: View):
        """One page of the view: {count, pages, page, rows: [{...}]}."""
        where, values = view.where
        count = self.count(view)
        found = self._query(f"SELECT row FROM samples WHERE {where} ORDER BY {view.order} LIMIT ? OFFSET ?",
                          [*values, view.size, (view.page - 1) * view.size])
        return {"count": count, "page": view.page, "pages": max(1, -(-count // view.size)), "size": view.size,
                "rows": self.rows([row for row, in found], view)}

    def rows(self, numbers, view: View):
        """The rows `numbers`, in this order, as dicts of the columns that a tile shows."""
        if not numbers:
            return []
        models = (view.model, view.other) if view.other_given else (view.model,)
        columns = [name for name in self._columns
                   if name not in SAMPLE_COLUMNS and not name.endswith(".probabilities")
                   and ("." not in name or name.rpartition(".")[0] in models)]
        found = self._records(columns, numbers)
        return [found[number] for number in numbers if number in found]

    def sample(self, number, view: View):
        """One row, all columns, with its neighbors, copies and near-duplicate as rows, and what speaks for and against
        its label (evidence.py); None if it does not exist."""
        found = self._records(self._columns, [number])
        if number not in found:
            return None
        row = found[number]
        for model in self.summary["models"]:
            key = f"{model['name']}.probabilities"
            row[key] = {label: round(value / 255, 3) for label, value in zip(model["labels"], row[key], strict=True)}
        neighbors = [other for other in row.pop("neighbours") if other >= 0]
        copies = [other for other, in self._query(
            "SELECT row FROM samples WHERE first = ? AND row <> ? ORDER BY row LIMIT 24", [row["first"], number])]
        duplicate = [row["twin"]] if row["twin"] is not None else []
        related = {other["row"]: other for other in self.rows(sorted({*neighbors, *copies, *duplicate}), view)}
        found = {"sample": row, "neighbours": [related[other] for other in neighbors],
                 "copies": [related[other] for other in copies], "twin": related[duplicate[0]] if duplicate else None}
        reasons = evidence.evidence(row, found["neighbours"], found["copies"], self.summary)
        return found | {"evidence": reasons, "verdict": evidence.verdict(reasons)}

    def rated_faces(self, view: View, count):
        """At most `count` rows of the view that raters labeled, selected by the view's seed.

        [{row, votes: {name: votes}, answer: label or None}]; the answer is that of the view's model. Constant images
        and those that more than two raters call no face are left out.
        """
        names = self.summary["vote_names"]
        where, values = view.where
        a_face = " AND votes_nf <= 2" if "nf" in names else ""
        chosen = [row for row, in self._query(
            f"SELECT row FROM samples WHERE ({where}) AND NOT constant{a_face} "
            "ORDER BY hash(row, ?::UINTEGER), row LIMIT ?", [*values, view.seed, count])]
        answer = [f"{view.model}.answer"] if view.model else []
        found = self._records(["row", *(f"votes_{name}" for name in names), *answer], chosen) if chosen else {}
        return [{"row": row, "votes": {name: found[row][f"votes_{name}"] for name in names},
                 "answer": found[row][answer[0]] if answer else None} for row in chosen]

    def adjacent_rows(self, view: View, number):
        """The rows before and after row `number` in the view's order: (row or None, row or None)."""
        where, values = view.where
        current = self._query(f"SELECT {view.key} FROM samples WHERE row = ?", [number])
        if not current:
            return None, None
        key, adjacent = current[0][0], []
        for sign, direction in (("<", "DESC"), (">", "ASC")):
            other = self._query(
                f"SELECT row FROM samples WHERE ({where}) AND ({view.key} {sign} ? OR ({view.key} = ? "
                f"AND row {sign} ?)) ORDER BY {view.key} {direction}, row {direction} LIMIT 1",
                [*values, key, key, number])
            adjacent.append(other[0][0] if other else None)
        return tuple(adjacent)

    def facets(self, view: View):
        """Rows of the view per choice: {field: {choice: rows}}.

        The counts of a field ignore its own filter: they show what selecting another choice would add.
        """
        names = [name for name in ("split", "label", "majority", "twin", "answer", "right") if name in view.fields]
        filtered = {name for name, _ in view.filters}
        counts: dict[str, dict[str, int]] = {name: {} for name in names}
        unfiltered = [name for name in names if name not in filtered]    # counted in one pass
        for group in filter(None, [unfiltered, *([name] for name in names if name in filtered)]):
            columns = [f"coalesce({view.fields[name].column}, 'none')" for name in group]
            where, values = view.without(group[0]).where
            for *choices, rows in self._query(
                    f"SELECT {', '.join(columns)}, count(*) FROM samples WHERE {where} "
                    f"GROUP BY GROUPING SETS ({', '.join(f'({column})' for column in columns)})", values):
                index = next(index for index, choice in enumerate(choices) if choice is not None)
                counts[group[index]][choices[index]] = rows
        return {name: {choice: counts[name][choice] for choice in dict.fromkeys((*view.fields[name].choices, "none"))
                       if choice in counts[name]} for name in names}

    def overview(self, view: View):
        """Counts and histograms of the view."""
        found = {"count": self.count(view), "label_by_split": self._contingency(view, "label", "split"),
                 "histograms": {name: self._histogram(view, name) for name in QUALITY}}
        found["imbalance"] = statistics.imbalance(found["label_by_split"])
        if self.summary["vote_names"]:
            found["plurality_by_label"] = self._contingency(view, "label", "plurality")
            found["majority_by_split"] = self._contingency(view, "majority", "split")
            found["top_votes"] = self._contingency(view, "top_votes", "split")
            found["histograms"]["entropy"] = self._histogram(view, "entropy")
            where, values = view.where
            row = self._query("SELECT count(plurality), count(*) FILTER (plurality = label), count(majority), "
                            f"avg(entropy) FROM samples WHERE {where}", values)[0]
            found["votes"] = {"faces": row[0], "agree_with_label": row[1], "with_majority": row[2],
                              "mean_entropy": None if row[3] is None else round(row[3], 4)}
        return found

    def _contingency(self, view, first, second):
        """Contingency table of two columns: [{first, second, rows}], sorted."""
        where, values = view.where
        return [{first: a, second: b, "rows": rows} for a, b, rows in self._query(
            f"SELECT {first}, {second}, count(*) FROM samples WHERE {where} GROUP BY 1, 2 ORDER BY 1, 2", values)]

    def _histogram(self, view, name):
        """[{low, high, rows}] of equal bins over the range of the whole data set; logarithmic for sharpness."""
        where, values = view.where
        low, high = self._query(f"SELECT min({name}), max({name}) FROM samples", [])[0]
        if low is None:
            return []
        edges = statistics.edges(low, high, DECIMALS[name], logarithm=name == "sharpness")
        counts = self._query(f"SELECT histogram({name}::DOUBLE, ?::DOUBLE[]) FROM samples WHERE {where}",
                           [edges[1:], *values])[0][0] or {}
        return [{"low": _short(low), "high": _short(high), "rows": counts.get(high, 0)}
                for low, high in zip(edges, edges[1:], strict=False)]

    def evaluate(self, view: View, name):
        """Metrics of the model `name` on the view: confusion matrix, per class, reliability diagram.

        `examples` has the row of each cell of the confusion matrix that is predicted with the highest confidence.
        """
        model = self.model(name)
        labels, prediction = model["labels"], quoted(f"{name}.answer")
        correct, confidence = quoted(f"{name}.right"), quoted(f"{name}.confidence")
        where, values = view.where
        counts = self._query(f"SELECT {model['truth']}, {prediction}, count(*), arg_max(row, {confidence}) "
                           f"FROM samples WHERE ({where}) AND {correct} IS NOT NULL GROUP BY 1, 2", values)
        confusion = np.zeros((len(labels), len(labels)), np.int64)
        examples = [[None] * len(labels) for _ in labels]
        for truth, predicted, rows, example in counts:
            confusion[labels.index(truth), labels.index(predicted)] = rows
            examples[labels.index(truth)][labels.index(predicted)] = example
        target = self._vote_fraction(prediction) if model["truth"] == "majority" else f"{correct}::INT"
        # Bins are open below and closed above, as for the metrics in model cards.
        bins = self._query(f"SELECT greatest(ceil({confidence} * {statistics.BINS})::INT - 1, 0), count(*), "
                         f"sum({confidence}), sum({target}) FROM samples WHERE ({where}) "
                         f"AND ({target}) IS NOT NULL GROUP BY 1 ORDER BY 1", values)
        total, hits = int(confusion.sum()), int(confusion.trace())
        return {"model": {key: value for key, value in model.items() if key != "curve"}, "rows": total,
                "accuracy": statistics.wilson(hits, total), "confusion": confusion.tolist(),
                "examples": examples, "per_class": statistics.per_class(confusion, labels),
                **statistics.reliability(bins), "by_votes": self._by_votes(view, model), "curve": model["curve"]}

    def _vote_fraction(self, prediction):
        """SQL for the fraction of the votes on expressions that is for the prediction; null if there are none."""
        names = [name for name in self.summary["vote_names"] if name not in ("unknown", "nf")]
        votes = [quoted(f"votes_{name}") for name in names]
        own = " ".join(f"WHEN '{name}' THEN {column}" for name, column in zip(names, votes, strict=True))
        return f"(CASE {prediction} {own} END) / nullif({' + '.join(f'{column}::INT' for column in votes)}, 0)"

    def _by_votes(self, view, model):
        """Accuracy by the number of votes for the plurality label. The reference is the plurality label for
        models of the raters' labels, and the data set's label for others."""
        if not self.summary["vote_names"]:
            return []
        truth = "plurality" if model["truth"] == "majority" else "label"
        where, values = view.where
        prediction = quoted(f"{model['name']}.answer")
        return [{"top_votes": votes, "rows": rows, "right": statistics.wilson(correct, rows)}
                for votes, rows, correct in self._query(
                    f"SELECT top_votes, count(*), sum(({prediction} = {truth})::INT) FROM samples WHERE ({where}) "
                    f"AND {truth} IS NOT NULL AND plurality IS NOT NULL GROUP BY 1 ORDER BY 1", values)]

    def joint_accuracy(self, view: View, first, second):
        """Rows by whether each of two models is correct: [{first, second, rows}]."""
        where, values = view.where
        one, two = quoted(f"{first}.right"), quoted(f"{second}.right")
        return [{"first": a, "second": b, "rows": rows} for a, b, rows in self._query(
            f"SELECT {one}, {two}, count(*) FROM samples WHERE ({where}) AND {one} IS NOT NULL AND {two} IS NOT NULL "
            "GROUP BY 1, 2 ORDER BY 1 DESC, 2 DESC", values)]

    def joint_predictions(self, view: View, first, second):
        """Rows by the predictions of two models: [{first, second, same, rows}]."""
        where, values = view.where
        return [{"first": a, "second": b, "same": a == b, "rows": rows} for a, b, rows in self._query(
            f"SELECT {quoted(f'{first}.answer')}, {quoted(f'{second}.answer')}, count(*) FROM samples WHERE ({where}) "
            "GROUP BY 1, 2 ORDER BY 1, 2", values)]

    def model(self, name):
        """The summary's entry for the model `name`."""
        return next(about for about in self.summary["models"] if about["name"] == name)

    def points(self, view: View):
        """Points of the map: (x, y, row, color, categories, stride).

        x, y: float32 (n,). row: uint32 (n,). color: uint8 (n,), index into `categories`; or float32 (n,),
        NaN where unknown, and `categories` is None. Of more than MAX_POINTS rows, every `stride`-th is used.
        """
        where, values = view.where
        field = view.fields.get(view.color)
        stride = max(1, -(-self.count(view) // MAX_POINTS))
        column = field.column if field else "label"
        thin = f" AND row % {stride} = 0" if stride > 1 else ""
        found = self._cursor().execute(
            f"SELECT x, y, row, {column} AS color FROM samples WHERE ({where}){thin}", values).fetchnumpy()
        color, categories = found["color"], None
        if field is None or field.kind == "choice":
            categories = list(field.choices if field else self.summary["labels"])
            if "none" not in categories:
                categories.append("none")
            color = _indices(color, categories)
        else:
            color = np.ma.filled(color.astype(np.float32), np.nan)
        return (np.asarray(found["x"], np.float32), np.asarray(found["y"], np.float32),
                np.asarray(found["row"], np.uint32), color, categories, stride)

    def csv(self, view: View):
        """The view's rows as CSV, in chunks of str; without columns that hold lists.

        Only the row numbers are held while a client reads: a result of all columns that waits for a slow reader would
        occupy the memory of the whole table.
        """
        columns = [name for name in self._columns if not name.endswith((".probabilities", "neighbours"))]
        where, values = view.where
        numbers = self._cursor().execute(
            f"SELECT row FROM samples WHERE {where} ORDER BY {view.order}", values).fetchnumpy()["row"]
        yield _line([columns])
        for first in range(0, len(numbers), CSV_ROWS):
            chunk = numbers[first:first + CSV_ROWS].tolist()
            yield _line(self._rows_of(columns, chunk))

    def _rows_of(self, columns, numbers):
        """The values of `columns` of the rows `numbers`, in this order."""
        found = self._records(columns, numbers)
        return [found[number].values() for number in numbers]

    def _records(self, columns, numbers):
        # Literals instead of parameters let DuckDB skip the row groups without these rows.
        literals = ", ".join(str(int(number)) for number in numbers)
        found = self._query(f"SELECT {', '.join(map(quoted, columns))} FROM samples WHERE row IN ({literals})", [])
        index = columns.index("row")
        return {row[index]: dict(zip(columns, map(_short, row), strict=True)) for row in found}

    def _cursor(self):
        if not hasattr(self._local, "cursor"):
            self._local.cursor = self._connection.cursor()
        return self._local.cursor

    def _query(self, sql, values):
        return self._cursor().execute(sql, values).fetchall()


def find(folder, stores, memory=0):
    """The data sets under `folder`: ({name: DataSet}, {name: error Message} of the unusable ones).

    memory: limit of the queries of each in bytes, see `connect`.
    """
    usable, unusable = {}, {}
    for path in sorted(Path(folder).glob("*/summary.json")):
        name = path.parent.name
        try:
            usable[name] = DataSet(path.parent, Path(stores) / name, memory=memory)
        except DataSetError as error:
            unusable[name] = error.args[0]
    return usable, unusable


def _indices(values, categories):
    """Index of each value in `categories`, uint8; that of "none" for missing and unknown values."""
    indices = {name: index for index, name in enumerate(categories)}
    none = indices["none"]
    mask = np.ma.getmaskarray(values)
    return np.array([none if masked else indices.get(value, none)
                     for value, masked in zip(np.ma.getdata(values), mask, strict=True)], np.uint8)


def _short(value):
    """A float32 value without the noise digits of its conversion to double."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _line(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
