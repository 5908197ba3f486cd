"""The site's texts in the visitor's language: gettext over the catalogues in webapp/translations.

The English text is the key. The catalogues are read from their .po files, so nothing has to be compiled.
"""

import gettext as gettext_
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

# Code of each language: its own name. docs/translations.md says how to add one.
LANGUAGES = {"en": "English", "es": "Español"}
DEFAULT = "en"
FOLDER = Path(__file__).resolve().parent.parent / "translations"
_current: ContextVar[str] = ContextVar("language", default=DEFAULT)


def current() -> str:
    """The code of the language in which texts are shown now; English outside a request."""
    return _current.get()


def use(language: str) -> None:
    """Show texts in `language`, one of LANGUAGES, from now on in this thread or task."""
    _current.set(language)


@contextmanager
def using(language: str) -> Iterator[None]:
    """Show texts in `language`, one of LANGUAGES, within the block."""
    before = _current.set(language)
    try:
        yield
    finally:
        _current.reset(before)


@cache
def catalogue(language: str) -> gettext_.NullTranslations:
    """The translations into `language`; for English, the texts themselves. Raises OSError and ValueError."""
    if language == DEFAULT:
        return gettext_.NullTranslations()
    compiled = io.BytesIO()
    with po_file(language).open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext_.GNUTranslations(compiled)


def po_file(language: str, domain: str = "messages") -> Path:
    """The path of a catalogue. `domain` is messages, the texts of templates and Python, or scripts."""
    return FOLDER / language / "LC_MESSAGES" / f"{domain}.po"


def N_(text: str) -> str:  # noqa: N802 - gettext's usual name
    """The text itself, marked for the catalogue: for tables of texts that are translated where they are shown."""
    return text


def gettext(text: str, **values: object) -> str:
    """The text in the current language. With `values`, its placeholders %(name)s are replaced, and %% by %."""
    translated = catalogue(current()).gettext(text)
    return translated % values if values else translated


def ngettext(singular: str, plural: str, number: int, **values: object) -> str:
    """The text in the form that `number` requires, in the current language; %(num)s is `number`."""
    return catalogue(current()).ngettext(singular, plural, number) % ({"num": number} | values)


def pgettext(context: str, text: str) -> str:
    """The text in the current language; `context` tells the meanings of one English text apart."""
    return catalogue(current()).pgettext(context, text)


class Message(str):
    """An English text, for programs and the log, which `shown` returns in the visitor's language.

    Message("There is no model %(name)r here.", name=name) is a text for exceptions and abort(), which the API returns
    in English and a page translates.
    """

    text: str
    values: dict[str, object]

    def __new__(cls, text: str, **values: object) -> "Message":
        self = super().__new__(cls, text % values if values else text)
        self.text, self.values = text, values
        return self


def shown(message: str) -> str:
    """A Message in the current language; any other text as it is."""
    return gettext(message.text, **message.values) if isinstance(message, Message) else message
