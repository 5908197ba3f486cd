"""English texts of files, such as the rules of model cards and the names of networks, in the current language."""

from .catalogues import N_, gettext
from .terms import EXPRESSIONS, expression

TEXTS = (
    N_("no face"),
)


def data_text(text: str) -> str:
    """`text` in the current language, or as it is if the catalogues do not have it."""
    return expression(text) if text in EXPRESSIONS else gettext(text) if text in TEXTS else text
