"""Razzano: a first CNN for FER2013, and *neutral or not*.

Command  python -m training fit razzano.all --data fer2013.csv.gz
Time     40 s per epoch on one busy CPU core; `neutral` ten times that, estimated from the multiply-adds
Result   docs/zoo.md; the source document states 53 % for FER2013, nothing for *neutral or not*

`neutral` is the document's first network, 150x150, trained on the author's own videos of classmates: pass
--data a folder written by `python -m training dataset from-videos`. FER2013's images are upsampled for it.
Assumed: optimizer, learning rates, batch sizes and numbers of epochs.
"""

from ..networks import razzano
from . import reproduction

RECIPE = reproduction("razzano", razzano.cnn, learning_rate=1e-3, epochs=20)

VARIANTS = {
    "neutral": {"network": razzano.neutral_or_not, "label_sets": {"neutral-or-not": 1.0}, "epochs": 10,
                "batch_size": 32, "preprocessing": "size-150"},
}
