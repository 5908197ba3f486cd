"""Parse URL parameters into SQL conditions with bound values. No SQL ever comes from the URL.

The allowed fields are derived from the data set's summary. The kind of a field determines how its value is
parsed; the result is a fixed SQL fragment with the values bound as parameters.
"""

import math
import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from ...languages import terms
from ...languages.catalogues import N_, Message, gettext, pgettext

MAX_LISTED_ROWS = 200
MAX_LASSO_POINTS = 96
MAX_PAGE_SIZE = 200
PAGE_SIZE = 60
MAX_FLOAT32 = 3.4e38
NONE = "none"
#: Parameters that do not filter rows.
MAX_SEED = 999_999
OTHER_PARAMETERS = ("model", "other", "sort", "page", "size", "colour", "layout", "seed")
COLOR_FIELDS = ("label", "split", "majority", "answer", "right", "entropy", "label_quality")
LAYOUTS = ("pages", "scroll")
# Choices that are not labels or splits, as they are shown.
CHOICES = {"yes": N_("yes"), "no": N_("no"), "exact": N_("identical"), "near": N_("near-duplicate")}
NO_CHOICE = {"twin": N_("no duplicate"), "right": N_("not evaluated"), "other_right": N_("not evaluated")}


class FilterError(ValueError):
    """A URL parameter is invalid; the message, a languages.catalogues.Message, is written for the user."""


@dataclass(frozen=True)
class Field:
    """A field to filter by. kind: choice, range, flag, rows or lasso; column: a fixed SQL expression.

    The title is in the current language.
    """

    name: str
    kind: str
    column: str
    title: str
    choices: tuple[str, ...] = ()
    sortable: bool = False

    def shown(self, value):
        """A value of the URL parameter, as it is shown in the current language."""
        if self.kind == "lasso":
            return gettext("drawn on the map")
        return ", ".join(self.shown_choice(part) if self.kind in ("choice", "flag") else part
                         for part in value.split(","))

    def shown_choice(self, choice):
        """The name of a choice, or yes or no, in the current language."""
        if choice == NONE:
            return gettext(NO_CHOICE[self.name]) if self.name in NO_CHOICE else pgettext("label", "none")
        return gettext(CHOICES[choice]) if choice in CHOICES else terms.expression(choice)


def quoted(name):
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def fields(summary, model=None, other=None):
    """The fields of a data set: {name: Field}. model, other: entries of summary["models"], or None."""
    labels, splits = tuple(summary["labels"]), tuple(summary["splits"])
    found = [Field("split", "choice", "split", gettext("split"), splits),
             Field("label", "choice", "label", gettext("label"), labels)]
    if summary["vote_names"]:
        expressions = tuple(name for name in summary["vote_names"] if name not in ("unknown", "nf"))
        found += [Field("majority", "choice", "majority", gettext("majority label"), (*expressions, NONE)),
                  Field("plurality", "choice", "plurality", gettext("plurality label"), (*expressions, NONE)),
                  Field("disagree", "flag", "(plurality <> label)", gettext("label differs from plurality")),
                  Field("entropy", "range", "entropy", gettext("vote entropy"), sortable=True),
                  Field("top_votes", "range", "top_votes", gettext("votes for the plurality label"), sortable=True)]
        found += [Field(f"votes_{name}", "range", quoted(f"votes_{name}"),
                        gettext("votes for %(label)s", label=terms.vote(name)), sortable=True)
                  for name in summary["vote_names"]]
    found += [Field("brightness", "range", "brightness", gettext("brightness"), sortable=True),
              Field("contrast", "range", "contrast", gettext("contrast"), sortable=True),
              Field("sharpness", "range", "sharpness", gettext("sharpness"), sortable=True),
              Field("row", "rows", "row", gettext("row"), sortable=True),
              Field("first", "rows", "first", gettext("duplicates of row")),
              Field("duplicates", "flag", "(copies > 1)", gettext("has duplicates")),
              Field("surplus", "flag", "(first <> row)", gettext("duplicate of an earlier row")),
              Field("copies", "range", "copies", gettext("identical images"), sortable=True),
              Field("constant", "flag", "constant", gettext("constant image")),
              Field("twin", "choice", "twin_kind", gettext("duplicate in another split"), ("exact", "near", NONE)),
              Field("twin_correlation", "range", "twin_correlation", gettext("correlation with the duplicate"),
                    sortable=True),
              Field("label_issue", "flag", "label_issue", gettext("label issue")),
              Field("label_quality", "range", "label_quality", gettext("label quality"), sortable=True),
              Field("suggested", "choice", "suggested", gettext("suggested label"), labels),
              Field("suggested_confidence", "range", "suggested_confidence", gettext("suggestion confidence"),
                    sortable=True),
              Field("x", "range", "x", gettext("map x")), Field("y", "range", "y", gettext("map y")),
              Field("lasso", "lasso", "", gettext("area of the map"))]
    for prefix, about in (("", model), ("other_", other)):
        if about:
            name = about["name"]
            found += [Field(f"{prefix}answer", "choice", quoted(f"{name}.answer"),
                            gettext("%(model)s prediction", model=name), tuple(about["labels"])),
                      Field(f"{prefix}right", "choice", _yes_no(quoted(f"{name}.right")),
                            gettext("%(model)s correct", model=name), ("yes", "no", NONE)),
                      Field(f"{prefix}confidence", "range", quoted(f"{name}.confidence"),
                            gettext("%(model)s confidence", model=name), sortable=True)]
    return {field.name: field for field in found}


@dataclass(frozen=True)
class View:
    """The parsed parameters of a URL: filters, order, page, and the models whose predictions are used."""

    fields: dict
    filters: tuple[tuple[str, str], ...]
    conditions: tuple[tuple[str, tuple], ...]
    sort: str = "row"
    page: int = 1
    size: int = PAGE_SIZE
    model: str | None = None
    other: str | None = None
    color: str = "label"
    layout: str = "pages"
    other_given: bool = False
    model_given: bool = False
    seed: int | None = None

    @property
    def where(self):
        """(SQL condition, parameters)."""
        if not self.conditions:
            return "true", []
        return (" AND ".join(f"({sql})" for sql, _ in self.conditions),
                [value for _, values in self.conditions for value in values])

    @property
    def order(self):
        """SQL ORDER BY expression: rows without a value come last, ties are broken by row."""
        column = self.fields[self.sort.removeprefix("-")].column
        return f"{column} {'DESC' if self.sort.startswith('-') else 'ASC'} NULLS LAST, row"

    @property
    def key(self):
        """SQL expression that ascends in the view's order, to compare rows with one another."""
        column = self.fields[self.sort.removeprefix("-")].column
        return f"coalesce({'-' if self.sort.startswith('-') else ''}({column})::DOUBLE, 'infinity'::DOUBLE)"

    @property
    def described_filters(self):
        """The filters as [{name, title, value}] for display."""
        return [{"name": name, "title": self.fields[name].title, "value": self.fields[name].shown(value)}
                for name, value in self.filters]

    def query_string(self, **changes):
        """The view as a query string, with `changes` applied; None removes a parameter."""
        parameters: dict[str, object] = dict(self.filters)
        optional: dict[str, tuple[object, object]] = {
            "sort": (self.sort, "row"), "page": (self.page, 1), "size": (self.size, PAGE_SIZE),
            "colour": (self.color, "label"), "layout": (self.layout, "pages")}
        parameters |= {name: value for name, (value, default) in optional.items() if value != default}
        parameters |= {"model": self.model} if self.model_given else {}
        parameters |= {"other": self.other} if self.other_given else {}
        parameters |= {"seed": self.seed} if self.seed else {}
        parameters |= changes
        return urlencode({name: value for name, value in parameters.items() if value not in (None, "")},
                         safe=",.:;")

    def without(self, name):
        """This view without the filter `name`."""
        indices = [index for index, (other, _) in enumerate(self.filters) if other != name]
        return replace(self, filters=tuple(self.filters[index] for index in indices),
                       conditions=tuple(self.conditions[index] for index in indices))


def parse(arguments, summary):
    """The View for `arguments`, the (name, value) pairs of a URL's query string.

    Raises FilterError for an unknown or repeated name and for an invalid value.
    """
    given = {}
    for name, value in arguments:
        if name in given:
            raise FilterError(Message("`%(name)s` must be given once, got it twice; separate values by commas: "
                                      "%(name)s=a,b", name=name))
        given[name] = value
    models = {about["name"]: about for about in summary["models"]}
    names = list(models)
    model = _one_of(given, "model", names, names[0] if names else None)
    other = _one_of(given, "other", names, next((name for name in names if name != model), None))
    known = fields(summary, models.get(model), models.get(other))
    filters, conditions = [], []
    for name, value in given.items():
        if name in OTHER_PARAMETERS or value == "":
            continue
        if name not in known:
            raise FilterError(Message("`%(name)s` is not a filter; the filters are %(filters)s",
                                      name=name, filters=", ".join(known)))
        filters.append((name, value))
        conditions.append(_PARSERS[known[name].kind](known[name], value))
    sortable = [name for name, field in known.items() if field.sortable]
    sort = given.get("sort") or "row"
    if sort.removeprefix("-") not in sortable:
        raise FilterError(Message("`sort` must be one of %(fields)s, with a prefix - for descending order, "
                                  "got %(value)r", fields=", ".join(sortable), value=sort))
    color_fields = [name for name in COLOR_FIELDS if name in known]
    return View(known, tuple(filters), tuple(conditions), sort, _integer(given, "page", 1, 10_000_000),
                _integer(given, "size", PAGE_SIZE, MAX_PAGE_SIZE), model, other,
                _one_of(given, "colour", color_fields, "label"), _one_of(given, "layout", LAYOUTS, "pages"),
                bool(given.get("other")), bool(given.get("model")),
                _integer(given, "seed", 1, MAX_SEED) if given.get("seed") else None)


def _yes_no(column):
    return f"CASE {column} WHEN true THEN 'yes' WHEN false THEN 'no' END"


def not_one_of(name, choices, value):
    """The FilterError of the parameter `name` whose value is none of `choices`."""
    return FilterError(Message("`%(name)s` must be one of %(choices)s, got %(value)r",
                               name=name, choices=", ".join(choices), value=value))


def _one_of(given, name, choices, default):
    value = given.get(name) or default
    if given.get(name) and value not in choices:
        if not choices:
            raise FilterError(Message("`%(name)s` cannot be given, there are no models; got %(value)r",
                                      name=name, value=value))
        raise not_one_of(name, choices, value)
    return value


def _integer(given, name, default, maximum):
    text = given.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= maximum:
        raise FilterError(Message("`%(name)s` must be an integer from 1 to %(maximum)d, got %(value)r",
                                  name=name, maximum=maximum, value=text))
    return int(text)


def _choice(field, text):
    values = text.split(",")
    for value in values:
        if value not in field.choices:
            raise not_one_of(field.name, field.choices, value)
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
        raise FilterError(Message("`%(name)s` must be a number or a range such as 0.5..0.8, 0.5.. or ..0.8, "
                                  "got %(value)r", name=field.name, value=text)) from None
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        raise FilterError(Message("`%(name)s` must be a range with low <= high, got %(value)r",
                                  name=field.name, value=text))
    # The table holds float32: 0.7 must match the row whose 0.7 is 0.69999999.
    parts = [f"{field.column} {sign} ?::FLOAT" for sign, end in zip((">=", "<="), ends, strict=True) if end is not None]
    return " AND ".join(parts), tuple(max(-MAX_FLOAT32, min(MAX_FLOAT32, end)) for end in ends if end is not None)


def _flag(field, text):
    if text not in ("yes", "no"):
        raise FilterError(Message("`%(name)s` must be yes or no, got %(value)r", name=field.name, value=text))
    return (field.column if text == "yes" else f"NOT {field.column}"), ()


def _rows(field, text):
    parts = text.split(",")
    if len(parts) > MAX_LISTED_ROWS or not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        raise FilterError(Message("`%(name)s` must be at most %(maximum)d integers separated by commas, "
                                  "got %(value)r", name=field.name, maximum=MAX_LISTED_ROWS, value=text[:60]))
    return f"{field.column} IN ({', '.join('?' * len(parts))})", tuple(int(part) for part in parts)


def _lasso(field, text):
    """Even-odd rule: a point is inside if a ray from it crosses the outline an odd number of times."""
    try:
        points = [tuple(float(number) for number in point.split(",")) for point in text.split(";")]
        if not 3 <= len(points) <= MAX_LASSO_POINTS or any(
                len(point) != 2 or not all(math.isfinite(number) for number in point) for point in points):
            raise ValueError
    except ValueError:
        raise FilterError(Message("`lasso` must be 3 to %(maximum)d points of the map such as x,y;x,y;x,y, "
                                  "got %(value)r", maximum=MAX_LASSO_POINTS, value=text[:60])) from None
    xs, ys = zip(*points, strict=True)
    edges, values = [], []
    for (x1, y1), (x2, y2) in zip(points, (*points[1:], points[0]), strict=True):
        if y1 != y2:
            edges.append("((y < ?) <> (y < ?) AND x < ? + (y - ?) * ?)::INT")
            values += [y1, y2, x1, y1, (x2 - x1) / (y2 - y1)]
    if not edges:
        raise FilterError(Message("`lasso` must enclose an area, got points on one line"))
    return (f"x BETWEEN ? AND ? AND y BETWEEN ? AND ? AND ({' + '.join(edges)}) % 2 = 1",
            (min(xs), max(xs), min(ys), max(ys), *values))


_PARSERS = {"choice": _choice, "range": _range, "flag": _flag, "rows": _rows, "lasso": _lasso}
