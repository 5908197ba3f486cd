"""The texts of static/js: none bypasses the catalogue, all are extracted, and they agree with the templates'."""

import re

import pytest
from babel.messages.jslexer import tokenize

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


# A literal that reads like prose: two words, a capitalized word, or a word with an ellipsis.
PROSE = re.compile(r"[A-Za-z]{2,}[,:;]? +[a-z]{2,}|^[A-Z][a-z]+(?= |$)|[A-Za-z]{3,} …")
# Of a call, the arguments that visitors do not see: (name of the function, place of the argument).
HIDDEN_ARGUMENTS = {("make", 1), ("button", 2), ("info", 0), ("warn", 0), ("matchMedia", 0), ("closest", 0),
                    ("querySelector", 0), ("querySelectorAll", 0), ("RangeError", 0), ("getComponent", 0)}
KEYS = {"Backspace", "End", "Escape", "Home", "Space"}
# Fonts, markup, names of other programs' interfaces, documentation in files for programs, and errors that are caught.
HIDDEN_TEXTS = re.compile("|".join([
    "sans-serif$", "<!doctype html>", "^width=device-width", r"^translate\(", "px auto$", "^Image +$",
    "^io (client|server) disconnect$", "^(Models|Calls|Width|Height)$", "^(button primary|notice (bad|warn))$",
    "^small votes-text$", "^results as displayed", "^expression, unsure", "^shares are", "^sample album$",
    "^(more than|a format that this browser|the browser's decoder failed)", "^The camera is not available:",
    "^no video track$", "^the service worker did not respond$", "^there is no active service worker$",
    "^No element #", "^Emoscope · +$"]))
# For other pages and programs, or below the page: the page words their errors by code. And Swagger UI's English texts.
NOT_SHOWN = ("device/module.js", "vision/", "workers/service-worker.js", "ui/swagger-texts.js")


def hard_coded(code):
    """The string literals of a script that read like prose and bypass the catalogue."""
    tokens = [token for token in tokenize(code, jsx=False) if "comment" not in token.type]
    calls = []                              # [name of the function or "", place of the argument] of each open bracket
    for token, before in zip(tokens, [None, *tokens], strict=False):
        if token.type == "operator" and token.value in "([{":
            name = before.value.split(".")[-1] if before and before.type == "name" and token.value == "(" else ""
            calls.append([name, 0])
        elif token.type == "operator" and token.value in ")]}" and calls:
            calls.pop()
        elif token.type == "operator" and token.value == "," and calls:
            calls[-1][1] += 1
        elif token.type in ("string", "template_string"):
            text = re.sub(r"\$\{[^}]*\}", " ", token.value[1:-1])
            call = tuple(calls[-1]) if calls else ("", 0)
            if (call[0] not in ("translate", "translatePlural") and call not in HIDDEN_ARGUMENTS and text not in KEYS
                    and PROSE.search(text) and not HIDDEN_TEXTS.search(text)):
                yield f"{token.lineno}: {token.value}"


@pytest.mark.parametrize("path", sorted(str(path.relative_to(SCRIPTS)) for path in SCRIPTS.rglob("*.js")))
def test_script_has_no_text_outside_the_catalogues(path):
    found = list(hard_coded((SCRIPTS / path).read_text()))
    assert found == [] or path.startswith(NOT_SHOWN), found


def test_hard_coded_finds_texts():
    code = """
        status.textContent = "No face in view"; // "a comment about it"
        button("Again", () => {}, "plain wide"); make("p", "quiet small", `${count} faces are here`);
        title = translate("A known text", { name: first ? "Another one" : "ok" });
        element.className = "known"; document.querySelector("main p"); const key = "Escape";
    """
    assert [line.split(": ")[1] for line in hard_coded(code)] == [
        '"No face in view"', '"Again"', "`${count} faces are here`", '"Another one"']
