"""The label sets, their labels in the order of the data files, and who gave the labels.

One vocabulary for both sets, FER+'s: FER2013 says *angry, happy, sad* where we say
*anger, happiness, sadness*.
"""

import numpy as np

from ..errors import TrainingError

FER2013 = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
FERPLUS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")

#: AffectNet's eight expressions in the order of its numbers (Mollahosseini et al. 2017).
AFFECTNET = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
#: Nama's six: disgust told as anger. Razzano's two.
SIX = ("anger", "fear", "happiness", "sadness", "surprise", "neutral")
NEUTRAL_OR_NOT = ("neutral", "not neutral")

LABEL_SETS = {"fer2013": FER2013, "ferplus": FERPLUS, "affectnet": AFFECTNET, "six": SIX,
              "neutral-or-not": NEUTRAL_OR_NOT}

#: Label sets in which every picture was judged by ten raters; only these have votes.
JUDGED_BY_TEN = frozenset({"ferplus"})

_MERGED = {"six": {"disgust": "anger"},
           "neutral-or-not": {label: "not neutral" for label in FERPLUS if label != "neutral"}}


def translate(labels, known_as, wanted):
    """Indices int64 (n,) into the label set `wanted` for `labels`, indices into the label set `known_as`.

    Labels are told by name; *disgust* becomes *anger* in `six`, all but *neutral* one in
    `neutral-or-not`. Raises TrainingError for a label that occurs and that `wanted` has no name for.
    """
    merged, names = _MERGED.get(wanted, {}), LABEL_SETS[wanted]
    table = np.full(len(LABEL_SETS[known_as]), -1)
    for index, name in enumerate(LABEL_SETS[known_as]):
        name = merged.get(name, name)
        if name in names:
            table[index] = names.index(name)
    found = table[labels]
    if (found < 0).any():
        lost = LABEL_SETS[known_as][labels[np.flatnonzero(found < 0)[0]]]
        raise TrainingError(f"the data has the label {lost!r}, which {wanted!r} has not; train another label set")
    return found
