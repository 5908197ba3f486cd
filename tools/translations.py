"""Extract the texts of the site and merge them into its catalogues: python tools/translations.py [--check]

Each catalogue is webapp/translations/LANGUAGE/LC_MESSAGES/DOMAIN.po. New texts are added without a translation; texts
that are no longer used are removed. --check writes nothing; exit status 1 if a catalogue is not complete.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from webapp.languages.catalogues import DEFAULT, LANGUAGES, po_file  # noqa: E402

WIDTH = 120
KEYWORDS = {"messages": {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
                         "npgettext": ((1, "c"), 2, 3), "N_": None, "Message": None},
            "scripts": {"translate": None, "translatePlural": (1, 2)}}
# domain: the files with its texts, as (folder, pattern of paths in it, Babel's extractor)
SOURCES = {"messages": [("templates", "**.html", "jinja2"), ("webapp", "**.py", "python")],
           "scripts": [("static/js", "**.js", "javascript")]}
OPTIONS = {"jinja2": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"},
           "javascript": {"parse_template_string": "true"}}
_PLACEHOLDER = re.compile(r"%\(\w+\)[.\d]*[a-z]|%%|\{\w+\}")
_TAG = re.compile(r"</?[a-z]+[^>]*>")
_LAW = re.compile(r"(?<=eur-lex.europa.eu/legal-content/)[A-Z]{2}")     # the language of the text of a law


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; report what is missing")
    options = parser.parse_args()
    failed = False
    for domain in SOURCES:
        template = extract(domain)
        for language in LANGUAGES:
            if language == DEFAULT:
                continue
            if not options.check:
                update(domain, language, template)
            found = list(problems(domain, language, template))
            failed = failed or bool(found)
            print(*found, f"{language}, {domain}: {len(template)} texts, {len(found)} problems", sep="\n")
    return int(failed and options.check)


def extract(domain: str) -> Catalog:
    """The texts of the domain in the sources, without translations."""
    catalog = Catalog(project="Emoscope", charset="utf-8", fuzzy=False)
    for folder, pattern, extractor in SOURCES[domain]:
        for file, _, text, comments, context in extract_from_dir(
                ROOT / folder, [(pattern, extractor)], {pattern: OPTIONS.get(extractor, {})}, KEYWORDS[domain],
                comment_tags=("Translators:",), strip_comment_tags=True):
            catalog.add(text, locations=[(f"{folder}/{file}", 0)], auto_comments=comments, context=context)
    return catalog


def update(domain: str, language: str, template: Catalog) -> None:
    """Write the language's catalogue with the texts of `template`, in their order, keeping its translations."""
    path = po_file(language, domain)
    old = _read(path, language)
    new = Catalog(locale=language, project="Emoscope", charset="utf-8", fuzzy=False, header_comment="#")
    for message in template:
        if not message.id:
            continue
        known = old.get(message.id[0] if isinstance(message.id, tuple) else message.id, message.context)
        same = known is not None and known.id == message.id
        files = sorted({(file, 0) for file, _ in message.locations})
        new.add(message.id, known.string if same and known else None, files, auto_comments=message.auto_comments,
                user_comments=known.user_comments if known else (), context=message.context)
    written = BytesIO()
    write_po(written, new, width=WIDTH, include_lineno=False, omit_header=False)
    lines = written.getvalue().decode().splitlines(keepends=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line for line in lines if not _CHANGING.match(line)), encoding="utf-8")


# Header lines that would differ from one run, or one version of Babel, to the next.
_CHANGING = re.compile(r'"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To|'
                       r'Generated-By|Project-Id-Version): |#$|# *$')


def problems(domain: str, language: str, template: Catalog) -> Iterator[str]:
    """What is wrong with the language's catalogue, one line each: missing, fuzzy, unused texts, wrong placeholders."""
    catalog = _read(po_file(language, domain), language)
    wanted = {(message.id, message.context) for message in template if message.id}
    have = {(message.id, message.context): message for message in catalog if message.id}
    for text, context in sorted(wanted - have.keys(), key=str):
        yield f"{language}: missing: {text!r}" + (f" ({context})" if context else "")
    for text, _ in sorted(have.keys() - wanted, key=str):
        yield f"{language}: not used: {text!r}"
    for message in have.values():
        for problem in _problems_of(message, catalog.num_plurals):
            yield f"{language}: {problem}: {message.id!r}"


def _problems_of(message: Message, forms: int) -> Iterator[str]:
    texts = message.id if isinstance(message.id, tuple) else (message.id,)
    translations = message.string if isinstance(message.string, tuple) else (message.string,)
    if message.fuzzy:
        yield "fuzzy"
    if len(translations) != (forms if len(texts) > 1 else 1) or not all(translations):
        yield "not translated"
        return
    for pattern, what in ((_PLACEHOLDER, "other placeholders"), (_TAG, "other tags")):
        expected = {frozenset(pattern.findall(_LAW.sub("", text))) for text in texts}
        if not all(frozenset(pattern.findall(_LAW.sub("", text))) in expected for text in translations):
            yield what
    if all(map(_is_format, texts)) and not all(map(_is_format, translations)):
        yield "a % that is not %%"


def _is_format(text: str) -> bool:
    """Whether Python's operator % accepts the text."""
    try:
        return bool(text % dict.fromkeys(re.findall(r"%\((\w+)\)", text), 0))
    except (TypeError, ValueError):
        return False


def _read(path: Path, language: str) -> Catalog:
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


if __name__ == "__main__":
    sys.exit(main())
