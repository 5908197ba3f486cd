"""The label sets, with the labels in the order of the data files.

All sets share FER+'s vocabulary: FER2013's *angry, happy, sad* are called *anger, happiness, sadness* here.
"""

import numpy as np

from ..errors import TrainingError

FER2013 = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
FERPLUS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")

#: AffectNet's eight expressions in the order of its label numbers (Mollahosseini et al. 2017).
AFFECTNET = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
#: Nama's six classes: disgust is merged into anger.
SIX = ("anger", "fear", "happiness", "sadness", "surprise", "neutral")
#: Razzano's two classes.
NEUTRAL_OR_NOT = ("neutral", "not neutral")

LABEL_SETS = {"fer2013": FER2013, "ferplus": FERPLUS, "affectnet": AFFECTNET, "six": SIX,
              "neutral-or-not": NEUTRAL_OR_NOT}

#: Label sets in which ten raters annotated every image; only these have votes.
RATED_BY_TEN = frozenset({"ferplus"})

_MERGED = {"six": {"disgust": "anger"},
           "neutral-or-not": {label: "not neutral" for label in FERPLUS if label != "neutral"}}


def translate(labels, source, target):
    """Indices int64 (n,) into the label set `target` for `labels`, indices into the label set `source`.

    Labels are matched by name; `six` merges *disgust* into *anger*, `neutral-or-not` merges all labels but
    *neutral*. Raises TrainingError for a label in the data that `target` does not have.
    """
    merged, names = _MERGED.get(target, {}), LABEL_SETS[target]
    table = np.full(len(LABEL_SETS[source]), -1)
    for index, name in enumerate(LABEL_SETS[source]):
        name = merged.get(name, name)
        if name in names:
            table[index] = names.index(name)
    found = table[labels]
    if (found < 0).any():
        missing = LABEL_SETS[source][labels[np.flatnonzero(found < 0)[0]]]
        raise TrainingError(f"the data has the label {missing!r}, which the label set {target!r} lacks; "
                            "train on another label set")
    return found
