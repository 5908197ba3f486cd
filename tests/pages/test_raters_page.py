"""The page that compares models of votes with juries of raters."""

import re

import pytest

from webapp.pages import raters

CURVE = [1.6412, 1.0386, 0.87142, 0.66289]
BANDS = [{"above": None, "to": 0.0, "faces": 1004, "agreement_with_plurality": 0.98805, "cross_entropy": 0.12653,
          "one_rater": 0.97695},
         {"above": 1.0, "to": None, "faces": 465, "agreement_with_plurality": 0.56559, "cross_entropy": 1.7437,
          "one_rater": 0.31341}]


def figures(value, low, high, curve=CURVE, bands=BANDS):
    return {"command": "python -m training evaluate stub", "PublicTest": None, "PrivateTest": {
        "by_entropy": bands,
        "equivalent_jury": {"raters": value, "low": low, "high": high, "faces": 2091, "model": 0.7, "curve": curve}}}


@pytest.fixture
def card(app):
    return app.extensions["emoscope"].bundles["stub"].card


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_page_shows_worth_interval_curve_and_bands(client, card):
    card["figures"] = figures(2.714, 2.5, 3.0)
    page = client.get("/models/raters").text
    text = text_of(page)
    assert "stub 1.0.0 2.7 2.5 to 3 or more 0.700" in text
    assert "On 2,091 faces of PrivateTest" in text
    assert "1 rater 1.039 2 raters 0.871 3 raters 0.663" in text
    assert "0 97.7 % 98.8 % 1,004 above 1.0 31.3 % 56.6 % 465" in text
    assert "above 1.0 1.744 465" in text
    assert "python -m training evaluate stub" in text and "better than people" in text


def test_most_measurable_raters_are_shown_as_or_more(client, card):
    card["figures"] = figures(3.0, 3.0, 3.0)
    assert "stub 1.0.0 3 or more 3 or more 0.700" in text_of(client.get("/models/raters").text)


def test_page_without_measured_models_names_the_command(client):
    assert "No model here has been measured." in client.get("/models/raters").text


def test_models_without_votes_and_of_other_faces_are_left_out(card):
    ours = card | {"figures": figures(2.0, 1.0, 3.0)}
    without_votes = ours | {"name": "seven", "raters": None}
    other_faces = ours | {"name": "other", "figures": figures(2.0, 1.0, 3.0, curve=[1.5, 1.0, 0.8, 0.6])}
    found = raters.comparison([without_votes, ours, other_faces])
    assert [model["card"]["name"] for model in found["models"]] == ["stub"]


@pytest.mark.parametrize("bands", [[], None, BANDS[:1]])
def test_bands_are_left_out_if_they_differ_between_models(card, bands):
    cards = [card | {"figures": figures(2.0, 1.0, 3.0)}, card | {"figures": figures(2.0, 1.0, 3.0, bands=bands)}]
    assert raters.comparison(cards)["bands"] == []


def test_raters_page_is_linked_from_models(client):
    assert 'href="/models/raters"' in client.get("/models").text
