"""Filters: what an address may ask for, and what it may not."""

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
def test_a_filter_finds_the_rows_it_names(dataset, filters, expected):
    assert set(rows(dataset, *filters)) == expected


def test_filters_are_joined_by_and_and_values_by_or(dataset):
    both = rows(dataset, ("label", "fear,anger"), ("split", "PrivateTest"))
    assert set(both) == set(rows(dataset, ("label", "fear"), ("split", "PrivateTest"))) | set(
        rows(dataset, ("label", "anger"), ("split", "PrivateTest")))


def test_ranges_include_their_ends(dataset):
    some = dataset.sample(17, parse([], dataset.summary))["sample"]
    exact = f"{some['brightness']}..{some['brightness']}"
    assert 17 in rows(dataset, ("brightness", exact))
    assert 17 in rows(dataset, ("brightness", str(some["brightness"])))
    assert 17 not in rows(dataset, ("brightness", f"{some['brightness'] + 0.01}.."))


def test_a_number_is_compared_as_the_table_keeps_it(dataset):
    """float32: 0.7 is 0.69999999 there, and the largest double is none."""
    for place in range(0, 240, 7):
        row = dataset.rows([place], parse([], dataset.summary))[0]
        for name in ("brightness", "contrast", "sharpness", "entropy", "label_quality", "confidence"):
            value = row.get(name, row["jury-drawn.confidence"])
            assert place in rows(dataset, (name, f"{value}..{value}")), name
    assert len(rows(dataset, ("brightness", "-1e300..1e300"))) == 200


def test_disagreement_is_told_of_faces_alone(dataset):
    count = {value: dataset.count(parse([("disagree", value)], dataset.summary)) for value in ("yes", "no")}
    faces = dataset.overview(parse([], dataset.summary))["votes"]
    assert count["no"] == faces["agree_with_label"] and sum(count.values()) == faces["faces"]


def test_counts_beside_the_filters_say_what_a_further_choice_would_bring(dataset):
    facets = dataset.facets(parse([("label", "fear"), ("split", "PrivateTest")], dataset.summary))
    for field, other in (("label", ("split", "PrivateTest")), ("split", ("label", "fear"))):
        for choice, found in facets[field].items():
            assert found == dataset.count(parse([(field, choice), other], dataset.summary)) > 0
    assert len(facets["label"]) == 7 and len(facets["split"]) == 3


def test_whose_answers_are_meant_is_in_the_address(dataset):
    for name in ("jury-drawn", "seven-drawn"):
        view = parse([("model", name), ("answer", "fear"), ("size", "200")], dataset.summary)
        found = dataset.page(view)["rows"]
        assert found and all(row[f"{name}.answer"] == "fear" for row in found)
    view = parse([("model", "jury-drawn"), ("other", "seven-drawn"), ("right", "yes"), ("other_right", "no")],
                 dataset.summary)
    assert all(row["jury-drawn.right"] and not row["seven-drawn.right"] for row in dataset.page(view)["rows"])


@pytest.mark.parametrize("sort", ["row", "-entropy", "brightness", "-confidence", "label_quality"])
def test_pages_in_an_order_hold_every_row_once(dataset, sort):
    found = []
    for page in range(1, 6):
        view = parse([("sort", sort), ("size", "50"), ("page", str(page))], dataset.summary)
        found += [row["row"] for row in dataset.page(view)["rows"]]
    assert sorted(found) == list(range(240))
    view = parse([("sort", sort)], dataset.summary)
    for place in (0, 1, 100, 239):
        before, after = dataset.beside(view, found[place])
        assert before == (found[place - 1] if place else None)
        assert after == (found[place + 1] if place < 239 else None)


def test_a_lasso_holds_the_points_inside_it(dataset):
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
    ("layout", "table"), ("confidence", "0x10"), ("answer", "not an answer"),
])
def test_what_is_not_a_filter_is_refused_with_the_reason(dataset, site, name, value):
    with pytest.raises(FilterError) as error:
        parse([(name, value)], dataset.summary)
    assert name.split("=")[0] in str(error.value)
    for path in ("/data/drawn/browse.json", "/data/drawn.json", "/data/drawn/browse.csv"):
        answer = site.get(path, query_string={name: value})
        assert answer.status_code == 400 and answer.json["error"]["message"] == str(error.value)


def test_a_filter_given_twice_is_refused(dataset):
    with pytest.raises(FilterError, match="twice"):
        parse([("label", "fear"), ("label", "anger")], dataset.summary)


def test_an_address_says_the_view_again(dataset):
    given = [("label", "fear,anger"), ("entropy", "0.2..1"), ("sort", "-entropy"), ("page", "2"),
             ("model", "seven-drawn")]
    view = parse(given, dataset.summary)
    assert view.address() == "label=fear,anger&entropy=0.2..1&sort=-entropy&page=2&model=seven-drawn"
    assert view.address(label=None, page=None) == "entropy=0.2..1&sort=-entropy&model=seven-drawn"
