"""English texts of files, such as the prose of model cards, in the current language.

A text with numbers or names is known by its pattern: %(name)s matches anything within a sentence.
"""

import re
from functools import cache, lru_cache

from . import card_texts
from .catalogues import DEFAULT, N_, current, gettext
from .numbers import number
from .terms import EXPRESSIONS, expression

DATA_SETS = (      # their summaries
    N_("FER2013 with FER+'s votes"),
    N_("FER2013's csv: Kaggle, 'Challenges in Representation Learning: Facial Expression Recognition Challenge'"),
    N_("your own images"), N_("none"), N_("uncertain"), N_("unreadable"),
    N_("t-SNE of the network's embedding"), N_("t-SNE of the images"),
    N_("cleanlab, normalized margin; issues: prune by noise rate and by class"),
    N_("histograms of oriented gradients, Nystroem-approximated Gaussian kernel, ridge regression; 5 folds over all "
       "rows, duplicates and near-duplicates in the same fold"),
)
ROBUSTNESS = (     # static/robustness.json
    N_("rotation"), N_("degrees"), N_("shift"), N_("px, right and down"), N_("enlarged"), N_("times"), N_("shrunk"),
    N_("blur"), N_("px sigma"), N_("resolution"), N_("px across"), N_("quality"), N_("noise"), N_("gray levels"),
    N_("low light"), N_("low contrast"),
)
IMAGE_ERRORS = (
    N_("The file is not a supported image; use JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF."),
    N_("The image is incomplete or damaged."),
    N_("The image is damaged: its palette is missing."),
    N_("The image holds floating-point values; save it as an 8-bit image."),
    N_("The image has %(width)s x %(height)s pixels; the limit is %(limit)s megapixels."),
    N_("The image has more pixels than any camera produces; the limit is %(limit)s megapixels."),
    N_("The image has %(pixels)s megapixels in %(bytes)s bytes; an image may have at most %(limit)s pixels per byte."),
    N_("The JPEG is damaged: it has more than %(count)s markers."),
    N_("The JPEG has more than %(count)s scans and would take too long to decode at its size; save it as a baseline "
       "JPEG."),
    N_("The file has %(size)s MB; the limit is %(limit)s MB."),
    N_("The file must have at most %(limit)s MB."),
    N_("The file is empty."),
    N_("The file cannot be opened: %(reason)s."),
)
TEXTS = (*card_texts.TEXTS, *DATA_SETS, *ROBUSTNESS, *IMAGE_ERRORS, N_("no face"))
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_VALUE = r"(?:(?!\. ).)+?"      # ends with its sentence
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?")
_SEPARATOR = re.compile(r"[;.]? *")


def data_text(text: str) -> str:
    """The text, or name of an expression, in the current language; as it is if one of its sentences is not in TEXTS."""
    return text if current() == DEFAULT else _translate(text, current())


@lru_cache(maxsize=2000)
def _translate(text, language):
    del language        # only to tell cached translations apart
    if text in EXPRESSIONS:
        return expression(text)
    sentences, end = [], 0
    while end < len(text):
        sentence, end = _sentence(text, end)
        if sentence is None:
            return text
        sentences.append(sentence)
    return "".join(sentences)


def _sentence(text, start):
    """(translation of the sentence at `start` with what separates it from the next, its end); None if it is not known.
    """
    for source, pattern in _patterns():
        found = pattern.match(text, start)
        if found:
            translated = gettext(source)
            for name, value in found.groupdict().items():
                translated = translated.replace(f"%({name})s", _value(value))
            end = _SEPARATOR.match(text, found.end()).end()  # type: ignore[union-attr] # it matches nothing, too
            return translated + text[found.end():end], end
    return None, start


@cache
def _patterns():
    """[(text, pattern)] of TEXTS, the one with the most letters first."""
    found = []
    for text in sorted(TEXTS, key=lambda text: -len(_PLACEHOLDER.sub("", text))):
        literals = _PLACEHOLDER.split(text)
        pattern = "".join(re.escape(part) if place % 2 == 0 else f"(?P<{part}>{_VALUE})"
                          for place, part in enumerate(literals))
        found.append((text, re.compile(pattern + r"(?=[;. ]|$)")))
    return found


def _value(text):
    """A number with the language's separators, the names of expressions, or a text of TEXTS."""
    found = _NUMBER.fullmatch(text)
    if found:
        return number(float(text.replace(",", "")), len(found[1] or ""))
    names = text.split(", ")
    return ", ".join(map(expression, names)) if EXPRESSIONS.keys() >= set(names) else data_text(text)
