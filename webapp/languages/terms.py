"""Names of expressions, which cards, data sets and readings contain in English."""

from .catalogues import N_, gettext

EXPRESSIONS = {
    "neutral": N_("neutral"), "happiness": N_("happiness"), "surprise": N_("surprise"), "sadness": N_("sadness"),
    "anger": N_("anger"), "disgust": N_("disgust"), "fear": N_("fear"), "contempt": N_("contempt"),
}


def expression(label: str) -> str:
    """The name of a label in the current language; a label that is not in EXPRESSIONS as it is."""
    return gettext(EXPRESSIONS[label]) if label in EXPRESSIONS else label
