"""Filters of the explorer: from the address to conditions with parameters, never SQL from the address.

A whitelist of fields is made from the data set's summary. Each filter of the address is read
by its field's kind and becomes an SQL fragment of our own with its values bound as parameters.
"""

import math
import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

MOST_ROWS_NAMED = 200
MOST_LASSO_POINTS = 96
MOST_A_PAGE = 200
A_PAGE = 60
MOST_FLOAT = 3.4e38    # of 32 bits
NONE = "none"
#: Parameters that are not filters of rows.
PLAIN = ("model", "other", "sort", "page", "size", "colour", "layout")
COLOURS = ("label", "split", "majority", "answer", "right", "entropy", "label_quality")
LAYOUTS = ("pages", "scroll")


class FilterError(ValueError):
    """A filter that is not one; its text is for the person who wrote the address."""


@dataclass(frozen=True)
class Field:
    """Something to filter by. kind: choice, range, flag, rows or lasso; column: an SQL expression of ours."""

    name: str
    kind: str
    column: str
    title: str
    choices: tuple[str, ...] = ()
    sortable: bool = False


def quoted(name):
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def fields(summary, model=None, other=None):
    """{name: Field} of what this data set can be filtered by; model and other are two of its models, or None."""
    labels, splits = tuple(summary["labels"]), tuple(summary["splits"])
    found = [Field("split", "choice", "split", "split", splits), Field("label", "choice", "label", "label", labels)]
    if summary["vote_names"]:
        expressions = tuple(name for name in summary["vote_names"] if name not in ("unknown", "nf"))
        found += [Field("majority", "choice", "majority", "raters' majority", (*expressions, NONE)),
                  Field("plurality", "choice", "plurality", "raters' top answer", (*expressions, NONE)),
                  Field("disagree", "flag", "(plurality <> label)", "raters disagree with the label"),
                  Field("entropy", "range", "entropy", "entropy of the votes", sortable=True),
                  Field("top_votes", "range", "top_votes", "votes for the top answer", sortable=True)]
        found += [Field(f"votes_{name}", "range", quoted(f"votes_{name}"), f"votes for {name}", sortable=True)
                  for name in summary["vote_names"]]
    found += [Field(name, "range", name, name, sortable=True) for name in ("brightness", "contrast", "sharpness")]
    found += [Field("row", "rows", "row", "row", sortable=True), Field("first", "rows", "first", "copies of row"),
              Field("duplicates", "flag", "(copies > 1)", "there more than once"),
              Field("surplus", "flag", "(first <> row)", "copy of an earlier row"),
              Field("copies", "range", "copies", "copies", sortable=True),
              Field("constant", "flag", "constant", "one grey level"),
              Field("twin", "choice", "twin_kind", "twin in another split", ("exact", "near", NONE)),
              Field("twin_correlation", "range", "twin_correlation", "correlation with the twin", sortable=True),
              Field("label_issue", "flag", "label_issue", "label looks wrong"),
              Field("label_quality", "range", "label_quality", "quality of the label", sortable=True),
              Field("suggested", "choice", "suggested", "suggested label", labels),
              Field("suggested_confidence", "range", "suggested_confidence", "confidence of the suggestion",
                    sortable=True),
              Field("x", "range", "x", "map x"), Field("y", "range", "y", "map y"),
              Field("lasso", "lasso", "", "area of the map")]
    for prefix, which in (("", model), ("other_", other)):
        if which:
            whose = which["name"]
            found += [Field(f"{prefix}answer", "choice", quoted(f"{whose}.answer"), f"{whose} answers",
                            tuple(which["labels"])),
                      Field(f"{prefix}right", "choice", _yes_no(quoted(f"{whose}.right")), f"{whose} right",
                            ("yes", "no", NONE)),
                      Field(f"{prefix}confidence", "range", quoted(f"{whose}.confidence"), f"confidence of {whose}",
                            sortable=True)]
    return {field.name: field for field in found}


@dataclass(frozen=True)
class View:
    """What an address asks for: filters as written (checked), the order, the page, and whose answers are meant."""

    fields: dict
    filters: tuple[tuple[str, str], ...]
    conditions: tuple[tuple[str, tuple], ...]
    sort: str = "row"
    page: int = 1
    size: int = A_PAGE
    model: str | None = None
    other: str | None = None
    colour: str = "label"
    layout: str = "pages"
    other_given: bool = False
    model_given: bool = False

    @property
    def where(self):
        """(SQL condition, parameters)."""
        if not self.conditions:
            return "true", []
        return (" AND ".join(f"({sql})" for sql, _ in self.conditions),
                [value for _, values in self.conditions for value in values])

    @property
    def order(self):
        """The order in SQL; rows without a value come last, ties are broken by row."""
        column = self.fields[self.sort.removeprefix("-")].column
        return f"{column} {'DESC' if self.sort.startswith('-') else 'ASC'} NULLS LAST, row"

    @property
    def key(self):
        """The order as one SQL expression, ascending, for comparing a row with another."""
        column = self.fields[self.sort.removeprefix("-")].column
        return f"coalesce({'-' if self.sort.startswith('-') else ''}({column})::DOUBLE, 'infinity'::DOUBLE)"

    @property
    def words(self):
        """The filters as [{name, title, value}]."""
        return [{"name": name, "title": self.fields[name].title,
                 "value": "drawn on the map" if name == "lasso" else value.replace(",", ", ")}
                for name, value in self.filters]

    def address(self, **changes):
        """The view as a query string with `changes` made; None takes a parameter out."""
        parameters = dict(self.filters)
        defaults = {"sort": "row", "page": 1, "size": A_PAGE, "colour": "label", "layout": "pages"}
        parameters |= {name: getattr(self, name) for name, usual in defaults.items() if getattr(self, name) != usual}
        parameters |= {"model": self.model} if self.model_given else {}
        parameters |= {"other": self.other} if self.other_given else {}
        parameters |= changes
        return urlencode({name: value for name, value in parameters.items() if value not in (None, "")},
                         safe=",.:;")

    def without(self, name):
        """This view without the filter `name`."""
        kept = [place for place, (other, _) in enumerate(self.filters) if other != name]
        return replace(self, filters=tuple(self.filters[place] for place in kept),
                       conditions=tuple(self.conditions[place] for place in kept))


def parse(arguments, summary):
    """The View that `arguments`, pairs (name, value) of an address, ask for.

    Raises FilterError for a name that is no filter, given twice, or a value that its field has not.
    """
    given = {}
    for name, value in arguments:
        if name in given:
            raise FilterError(f"{name!r} is given twice; several values are joined by commas: {name}=a,b")
        given[name] = value
    models = {about["name"]: about for about in summary["models"]}
    names = list(models)
    model = _one_of(given, "model", names, names[0] if names else None)
    other = _one_of(given, "other", names, next((name for name in names if name != model), None))
    known = fields(summary, models.get(model), models.get(other))
    filters, conditions = [], []
    for name, value in given.items():
        if name in PLAIN or value == "":
            continue
        if name not in known:
            raise FilterError(f"{name!r} is not a filter; filters are {', '.join(known)}")
        filters.append((name, value))
        conditions.append(_READERS[known[name].kind](known[name], value))
    sortable = [name for name, field in known.items() if field.sortable]
    sort = given.get("sort") or "row"
    if sort.removeprefix("-") not in sortable:
        raise FilterError(f"sort={sort!r}: sort by one of {', '.join(sortable)}, with - before it for the other way")
    colours = [name for name in COLOURS if name in known]
    return View(known, tuple(filters), tuple(conditions), sort, _number(given, "page", 1, 10_000_000),
                _number(given, "size", A_PAGE, MOST_A_PAGE), model, other,
                _one_of(given, "colour", colours, "label"), _one_of(given, "layout", LAYOUTS, "pages"),
                bool(given.get("other")), bool(given.get("model")))


def _yes_no(column):
    return f"CASE {column} WHEN true THEN 'yes' WHEN false THEN 'no' END"


def _one_of(given, name, choices, default):
    value = given.get(name) or default
    if given.get(name) and value not in choices:
        raise FilterError(f"{name}={value!r}: one of {', '.join(choices) or 'none (there are no models)'} is meant")
    return value


def _number(given, name, default, most):
    text = given.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise FilterError(f"{name}={text!r}: a whole number from 1 to {most} is meant")
    return int(text)


def _choice(field, text):
    values = text.split(",")
    for value in values:
        if value not in field.choices:
            raise FilterError(f"{field.name}={value!r}: one of {', '.join(field.choices)} is meant")
    named = tuple(value for value in values if value != NONE)
    parts = [f"{field.column} IN ({', '.join('?' * len(named))})"] if named else []
    parts += [f"{field.column} IS NULL"] if NONE in values else []
    return " OR ".join(parts), named


def _range(field, text):
    low, dots, high = text.partition("..")
    try:
        ends = [float(end) if end else None for end in ((low, high) if dots else (low, low))]
        if any(end is not None and not math.isfinite(end) for end in ends) or ends == [None, None]:
            raise ValueError
    except ValueError:
        raise FilterError(f"{field.name}={text!r}: a number, or a range such as 0.5..0.8, 0.5.. or ..0.8, "
                          "is meant") from None
    if None not in ends and ends[0] > ends[1]:
        raise FilterError(f"{field.name}={text!r}: the range ends before it begins")
    # Values are kept as float32: 0.7 must find the row whose 0.7 is 0.69999999.
    parts = [f"{field.column} {sign} ?::FLOAT" for sign, end in zip((">=", "<="), ends, strict=True) if end is not None]
    return " AND ".join(parts), tuple(max(-MOST_FLOAT, min(MOST_FLOAT, end)) for end in ends if end is not None)


def _flag(field, text):
    if text not in ("yes", "no"):
        raise FilterError(f"{field.name}={text!r}: yes or no is meant")
    return (field.column if text == "yes" else f"NOT {field.column}"), ()


def _rows(field, text):
    parts = text.split(",")
    if len(parts) > MOST_ROWS_NAMED or not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        raise FilterError(f"{field.name}={text[:60]!r}: at most {MOST_ROWS_NAMED} whole numbers, joined by commas, "
                          "are meant")
    return f"{field.column} IN ({', '.join('?' * len(parts))})", tuple(int(part) for part in parts)


def _lasso(field, text):
    """Even-odd rule: a point is inside when a ray from it crosses the outline an odd number of times."""
    try:
        points = [tuple(float(number) for number in point.split(",")) for point in text.split(";")]
        if not 3 <= len(points) <= MOST_LASSO_POINTS or any(
                len(point) != 2 or not all(math.isfinite(number) for number in point) for point in points):
            raise ValueError
    except ValueError:
        raise FilterError(f"lasso: 3 to {MOST_LASSO_POINTS} points of the map are meant, as x,y;x,y;x,y") from None
    xs, ys = zip(*points, strict=True)
    edges, values = [], []
    for (x1, y1), (x2, y2) in zip(points, (*points[1:], points[0]), strict=True):
        if y1 != y2:
            edges.append("((y < ?) <> (y < ?) AND x < ? + (y - ?) * ?)::INT")
            values += [y1, y2, x1, y1, (x2 - x1) / (y2 - y1)]
    if not edges:
        raise FilterError("lasso: the points lie on one line")
    return (f"x BETWEEN ? AND ? AND y BETWEEN ? AND ? AND ({' + '.join(edges)}) % 2 = 1",
            (min(xs), max(xs), min(ys), max(ys), *values))


_READERS = {"choice": _choice, "range": _range, "flag": _flag, "rows": _rows, "lasso": _lasso}
