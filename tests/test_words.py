"""tools/check_words.py finds the words of the glossary and lets published names pass."""

import runpy

import pytest

from webapp.settings import ROOT

check_words = runpy.run_path(str(ROOT / "tools" / "check_words.py"))


@pytest.mark.parametrize("line, word", [
    ("# the pictures are decoded", "pictures"), ("class PictureStore:", "PictureStore"), ("the film is read", "film"),
    ("judged by ten people", "judged"), ("width: a whole number is meant", "is meant"), ("the colour", "colour"),
    ("written anew", "anew"), ("a twin of row 3", "twin")])
def test_a_word_of_the_glossary_is_found(line, word):
    assert word in [found for _, found, _ in check_words["findings"](line)]


@pytest.mark.parametrize("line", [
    'reading["picture"]["width"]', "`not_a_picture`", "/data/fer2013/pictures.png", 'row["twin"]', "the image",
    "for teaching and research"])
def test_published_names_pass(line):
    assert list(check_words["findings"](line)) == []


def test_no_file_of_the_repository_has_such_a_word():
    assert check_words["main"]([]) == 0
