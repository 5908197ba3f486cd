"""The texts of static/js: all are extracted, and agree with those of the templates."""

import re

import pytest

from tools import translations
from webapp.languages import terms
from webapp.languages.catalogues import DEFAULT, LANGUAGES, catalogue, po_file, using
from webapp.settings import ROOT

SCRIPTS = ROOT / "static/js"
TRANSLATED = [language for language in LANGUAGES if language != DEFAULT]
CALL = re.compile(r"(?<![.\w`])translate(?:Plural)?\(")


def catalogue_of(domain, language):
    with po_file(language, domain).open("rb") as file:
        return translations.read_po(file, locale=language)


def test_every_call_is_extracted():
    """The extraction skips a call in another call's arguments and one without a literal text."""
    calls = {}
    for path in SCRIPTS.rglob("*.js"):
        code = re.sub(r"(?<!:)//.*|/\*.*?\*/|function translate\w*\(", "", path.read_text())
        calls[str(path.relative_to(ROOT))] = len(CALL.findall(code))
    found = {}
    for file, *_ in translations.extract_from_dir(SCRIPTS, [("**.js", "javascript")],
                                                  {"**.js": translations.OPTIONS["javascript"]},
                                                  translations.KEYWORDS["scripts"]):
        found[f"static/js/{file}"] = found.get(f"static/js/{file}", 0) + 1
    assert found == {path: count for path, count in calls.items() if count}


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_same_text_has_the_same_translation_in_templates_and_scripts(language):
    messages = catalogue_of("messages", language)
    for message in catalogue_of("scripts", language):
        other = messages.get(message.id[0] if isinstance(message.id, tuple) else message.id)
        assert not message.id or not other or other.id != message.id or other.string == message.string, message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_expressions_have_the_same_names_in_templates_and_scripts(language):
    scripts = catalogue_of("scripts", language)
    styles = (SCRIPTS / "ui/expression-styles.js").read_text()
    assert set(re.findall(r"(\w+): \{ name: translate\(\"\1\"\)", styles)) == set(terms.EXPRESSIONS)
    with using(language):
        for label in terms.EXPRESSIONS:
            assert scripts.get(label).string == terms.expression(label) == catalogue(language).gettext(label)
