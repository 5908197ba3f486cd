"""The texts of files: model cards, results on other photos, errors of images."""

import json
import string

import pytest
import stubs

from webapp.languages import catalogues
from webapp.languages.data_texts import IMAGE_ERRORS, TEXTS, data_text
from webapp.settings import ROOT
from webapp.vision import images

CARDS = {path.parent.name: json.loads(path.read_text()) for path in (ROOT / "static/models").glob("*/card.json")}


def _texts(card):
    yield from (card["title"], card["unsure"]["rule"], card["unsure"]["against"])
    if "balanced" in card:
        yield from (card["balanced"]["rule"], *card["balanced"]["priors"].values())
    for prose in card["model_card"].values():
        yield from prose.split("\n\n")


@pytest.mark.parametrize("name", CARDS)
def test_every_text_of_the_cards_is_translated(name):
    with catalogues.using("es"):
        assert [text for text in _texts(CARDS[name]) if data_text(text) == text] == []
    assert all(data_text(text) == text for text in _texts(CARDS[name]))


def test_the_prose_that_the_export_writes_now_is_translated():
    from training.export import model_card
    for card in CARDS.values():
        with catalogues.using("es"):
            for prose in model_card.sections(card).values():
                assert all(data_text(text) != text for text in prose.split("\n\n"))


def test_numbers_names_and_clauses_within_a_text_are_translated():
    text = ("PublicTest, 3,579 faces: accuracy 90.5 % (89.5 to 91.6; 12,864 faces). Expected calibration error: 0.007. "
            "Its output is one logit for each of anger, fear. jury 1.2.0 is a convolutional network with 854,376 "
            "parameters and 82.3 million multiply-adds per face.")
    with catalogues.using("es"):
        assert data_text(text) == (
            "PublicTest, 3579 caras: exactitud 90,5 % (89,5 a 91,6; 12.864 caras). Error de calibración esperado: "
            "0,007. Su salida es un logit para cada una de ira, miedo. jury 1.2.0 es una red convolucional con 854.376 "
            "parámetros y 82,3 millones de multiplicaciones y sumas por cara.")


@pytest.mark.parametrize("text", ["Acme’s own model.", "It was ours. Smooth over time in videos.", "", "%(x)s %s %"])
def test_unknown_text_stays_whole(text):
    with catalogues.using("es"):
        assert data_text(text) == text


@pytest.mark.parametrize(("data", "limit"), [(b"text", 10**6), (stubs.jpeg()[:400], 10**6), (stubs.jpeg(), 100)])
def test_errors_of_images_are_translated(data, limit):
    with pytest.raises(images.ImageError) as error:
        images.decode(data, limit)
    with catalogues.using("es"):
        assert data_text(str(error.value)) != str(error.value)


def test_texts_have_plain_placeholders():
    for text in (*TEXTS, *IMAGE_ERRORS):
        assert text.count("%(") == text.count(")s"), text
        assert all(name in string.printable for name in text), text
