"""Names of expressions, which cards, data sets and readings contain in English."""

from .catalogues import N_, gettext

EXPRESSIONS = {
    "neutral": N_("neutral"), "happiness": N_("happiness"), "surprise": N_("surprise"), "sadness": N_("sadness"),
    "anger": N_("anger"), "disgust": N_("disgust"), "fear": N_("fear"), "contempt": N_("contempt"),
}
# What a rater can choose, besides an expression.
VOTES = {"unknown": N_("unknown"), "nf": N_("not a face")}


def expression(label: str) -> str:
    """The name of a label in the current language; a label that is not in EXPRESSIONS as it is."""
    return gettext(EXPRESSIONS[label]) if label in EXPRESSIONS else label


def vote(name: str) -> str:
    """The name of what a rater chose, an expression or one of VOTES, in the current language."""
    return gettext(VOTES[name]) if name in VOTES else expression(name)
