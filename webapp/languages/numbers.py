"""Numbers as they are written in the current language."""

from functools import cache

from babel import Locale

from . import catalogues

NOTHING = "–"       # of a value that is not known
UNGROUPED_BELOW = {"es": 10_000}      # CLDR's minimumGroupingDigits, which Babel lacks; scripts get it from Intl


def number(value: float | None, digits: int = 0) -> str:
    """The number, rounded to `digits` decimals, with groups of thousands: 28,709 in English, 28.709 in Spanish."""
    if value is None:
        return NOTHING
    grouped = abs(round(value, digits)) >= UNGROUPED_BELOW.get(catalogues.current(), 0)
    return localized(f"{value:,.{digits}f}" if grouped else f"{value:.{digits}f}")


def percent(value: object, digits: int = 1) -> str:
    """The fraction as a percentage with `digits` decimals; a dash for anything but a number."""
    return f"{number(100 * value, digits)} %" if isinstance(value, int | float) else NOTHING


def localized(text: str) -> str:
    """A number formatted by Python, such as 1,234.5 or 1e-05, with the separators of the current language."""
    return text.translate(_separators(catalogues.current()))


@cache
def _separators(language: str) -> dict[int, str]:
    symbols = Locale.parse(language).number_symbols["latn"]
    return str.maketrans({",": symbols["group"], ".": symbols["decimal"]})
