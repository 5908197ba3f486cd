"""Parsing of URL parameters into filters, and the rows they select."""

import numpy as np
import pytest

from webapp.explorer.queries import FilterError, parse


def rows(dataset, *filters):
    view = parse([*filters, ("size", "200")], dataset.summary)
    return [row["row"] for row in dataset.page(view)["rows"]]


@pytest.mark.parametrize(("filters", "expected"), [
    ([("row", "4,2,3")], {2, 3, 4}),
    ([("duplicates", "yes")], {0, 1, 2, 239}),
    ([("surplus", "yes")], {1, 239}),
    ([("twin", "exact")], {2, 239}),
    ([("constant", "yes")], {3}),
    ([("first", "2")], {2, 239}),
    ([("disagree", "yes"), ("row", "4,6")], {4}),
    ([("votes_happiness", "10"), ("row", "3,10,24")], {24}),
])
def test_filter_selects_the_expected_rows(dataset, filters, expected):
    assert set(rows(dataset, *filters)) == expected


def test_filters_combine_with_and_and_values_with_or(dataset):
    both = rows(dataset, ("label", "fear,anger"), ("split", "PrivateTest"))
    assert set(both) == set(rows(dataset, ("label", "fear"), ("split", "PrivateTest"))) | set(
        rows(dataset, ("label", "anger"), ("split", "PrivateTest")))


def test_ranges_include_their_bounds(dataset):
    some = dataset.sample(17, parse([], dataset.summary))["sample"]
    exact = f"{some['brightness']}..{some['brightness']}"
    assert 17 in rows(dataset, ("brightness", exact))
    assert 17 in rows(dataset, ("brightness", str(some["brightness"])))
    assert 17 not in rows(dataset, ("brightness", f"{some['brightness'] + 0.01}.."))


def test_numbers_are_compared_as_float32(dataset):
    """The table stores 0.7 as 0.69999999, and the largest double overflows."""
    for number in range(0, 240, 7):
        row = dataset.rows([number], parse([], dataset.summary))[0]
        for name in ("brightness", "contrast", "sharpness", "entropy", "label_quality", "confidence"):
            value = row.get(name, row["jury-drawn.confidence"])
            assert number in rows(dataset, (name, f"{value}..{value}")), name
    assert len(rows(dataset, ("brightness", "-1e300..1e300"))) == 200


def test_disagree_counts_only_images_with_a_face(dataset):
    count = {value: dataset.count(parse([("disagree", value)], dataset.summary)) for value in ("yes", "no")}
    faces = dataset.overview(parse([], dataset.summary))["votes"]
    assert count["no"] == faces["agree_with_label"] and sum(count.values()) == faces["faces"]


def test_facet_counts_equal_the_rows_of_each_choice(dataset):
    facets = dataset.facets(parse([("label", "fear"), ("split", "PrivateTest")], dataset.summary))
    for field, other in (("label", ("split", "PrivateTest")), ("split", ("label", "fear"))):
        for choice, found in facets[field].items():
            assert found == dataset.count(parse([(field, choice), other], dataset.summary)) > 0
    assert len(facets["label"]) == 7 and len(facets["split"]) == 3


def test_model_parameter_selects_whose_predictions_are_filtered(dataset):
    for name in ("jury-drawn", "seven-drawn"):
        view = parse([("model", name), ("answer", "fear"), ("size", "200")], dataset.summary)
        found = dataset.page(view)["rows"]
        assert found and all(row[f"{name}.answer"] == "fear" for row in found)
    view = parse([("model", "jury-drawn"), ("other", "seven-drawn"), ("right", "yes"), ("other_right", "no")],
                 dataset.summary)
    assert all(row["jury-drawn.right"] and not row["seven-drawn.right"] for row in dataset.page(view)["rows"])


@pytest.mark.parametrize("sort", ["row", "-entropy", "brightness", "-confidence", "label_quality"])
def test_pages_contain_every_row_once_in_any_order(dataset, sort):
    found = []
    for page in range(1, 6):
        view = parse([("sort", sort), ("size", "50"), ("page", str(page))], dataset.summary)
        found += [row["row"] for row in dataset.page(view)["rows"]]
    assert sorted(found) == list(range(240))
    view = parse([("sort", sort)], dataset.summary)
    for index in (0, 1, 100, 239):
        before, after = dataset.adjacent_rows(view, found[index])
        assert before == (found[index - 1] if index else None)
        assert after == (found[index + 1] if index < 239 else None)


def test_lasso_selects_the_points_inside(dataset):
    x, y, row, *_ = dataset.points(parse([], dataset.summary))
    inside = set(row[(np.abs(x) < 0.5) & (np.abs(y) < 0.5)].tolist())
    assert set(rows(dataset, ("lasso", "-0.5,-0.5;0.5,-0.5;0.5,0.5;-0.5,0.5"))) == inside
    triangle = set(row[(x > 0) & (y > 0) & (x + y < 0.7)].tolist())
    assert set(rows(dataset, ("lasso", "0,0;0.7,0;0,0.7"))) == triangle


@pytest.mark.parametrize(("name", "value"), [
    ("label", "joy"), ("label", "fear;drop table samples"), ("label", "'"), ("split", "Training'--"), ("nonsense", "1"),
    ("1=1", "x"), ("entropy", "a..b"), ("entropy", ".."), ("entropy", "2..1"), ("entropy", "nan"), ("entropy", "1e999"),
    ("row", "1,x"), ("row", ",".join("1" * 300)), ("row", "-1"), ("right", "maybe"), ("duplicates", "1"),
    ("lasso", "0,0;1,1"),
    ("lasso", "0,0;1,0;x,y"), ("lasso", ";".join(["0,0"] * 500)), ("lasso", "0,0;1,0;2,0"), ("sort", "label; drop"),
    ("sort", "split"), ("page", "0"), ("page", "1.5"), ("size", "5000"), ("model", "none-such"), ("colour", "red"),
    ("layout", "table"), ("confidence", "0x10"), ("answer", "no label"),
])
def test_invalid_parameters_raise_filter_error(dataset, site, name, value):
    with pytest.raises(FilterError) as error:
        parse([(name, value)], dataset.summary)
    assert name.split("=")[0] in str(error.value)
    for path in ("/data/drawn/browse.json", "/data/drawn.json", "/data/drawn/browse.csv"):
        response = site.get(path, query_string={name: value})
        assert response.status_code == 400 and response.json["error"]["message"] == str(error.value)


def test_repeated_parameter_raises_filter_error(dataset):
    with pytest.raises(FilterError, match="twice"):
        parse([("label", "fear"), ("label", "anger")], dataset.summary)


def test_query_string_reproduces_the_view(dataset):
    given = [("label", "fear,anger"), ("entropy", "0.2..1"), ("sort", "-entropy"), ("page", "2"),
             ("model", "seven-drawn")]
    view = parse(given, dataset.summary)
    assert view.query_string() == "label=fear,anger&entropy=0.2..1&sort=-entropy&page=2&model=seven-drawn"
    assert view.query_string(label=None, page=None) == "entropy=0.2..1&sort=-entropy&model=seven-drawn"
