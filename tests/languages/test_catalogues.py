"""The catalogues hold every text of the sources, whole; and the functions that read them."""

import pytest

from tools import translations
from webapp.languages import catalogues, numbers, terms
from webapp.languages.catalogues import DEFAULT, LANGUAGES, Message

TRANSLATED = [language for language in LANGUAGES if language != DEFAULT]


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("domain", translations.SOURCES)
def test_catalogue_is_complete(domain, language):
    template = translations.extract(domain)
    assert len(template) > 100
    assert list(translations.problems(domain, language, template)) == []


@pytest.mark.parametrize(("text", "translation", "problem"), [
    ("Model", None, "missing"), ("Model", "", "not translated"), ("%(n)s faces", "%(m)s caras", "other placeholders"),
    ("<b>One</b>", "<i>Una</i>", "other tags"), (("%(num)s face", "%(num)s faces"), ("%(num)s cara", ""), "not trans")])
def test_problems_are_found(tmp_path, monkeypatch, text, translation, problem):
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    template = translations.Catalog()
    template.add(text)
    if translation is not None:
        translated = translations.Catalog(locale="es")
        translated.add(text, translation)
        path = catalogues.po_file("es")
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            translations.write_po(file, translated)
    found = list(translations.problems("messages", "es", template))
    assert len(found) == 1 and problem in found[0]


def test_update_keeps_translations_and_drops_unused_texts(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    template = translations.Catalog()
    template.add("Faces", locations=[("templates/a.html", 0)])
    translations.update("messages", "es", template)
    path = catalogues.po_file("es")
    path.write_text(path.read_text().replace('msgid "Faces"\nmsgstr ""', 'msgid "Faces"\nmsgstr "Caras"'))
    template.add("Votes")
    translations.update("messages", "es", template)
    assert 'msgstr "Caras"' in path.read_text() and 'msgid "Votes"' in path.read_text()
    template.delete("Faces")
    translations.update("messages", "es", template)
    assert "Caras" not in path.read_text()


def test_texts_follow_the_current_language():
    assert catalogues.gettext("Photos") == "Photos" and terms.expression("anger") == "anger"
    with catalogues.using("es"):
        assert catalogues.gettext("Photos") == "Fotos" and terms.expression("anger") == "ira"
        assert terms.expression("not a label") == "not a label"
    assert catalogues.current() == "en"


def test_message_is_english_for_programs_and_translated_for_pages():
    message = Message("There is no model %(name)r here.", name="50%")
    assert message == "There is no model '50%' here."
    with catalogues.using("es"):
        assert str(message) == "There is no model '50%' here."
        assert catalogues.shown(message) == "Aquí no hay ningún modelo '50%'."
        assert catalogues.shown("other text") == "other text"


@pytest.mark.parametrize(("value", "digits", "english", "spanish"), [
    (28709, 0, "28,709", "28.709"), (1234, 0, "1,234", "1234"), (0.5, 2, "0.50", "0,50"), (None, 1, "–", "–"),
    (-12345.67, 1, "-12,345.7", "-12.345,7")])
def test_numbers(value, digits, english, spanish):
    assert numbers.number(value, digits) == english
    with catalogues.using("es"):
        assert numbers.number(value, digits) == spanish


def test_percentages():
    assert (numbers.percent(0.9345), numbers.percent(1, 0), numbers.percent(None)) == ("93.5 %", "100 %", "–")
    with catalogues.using("es"):
        assert numbers.percent(0.9345) == "93,5 %"
