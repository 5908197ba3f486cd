"""Razzano: a first CNN for FER2013, and *neutral or not*.

Command  python -m training fit razzano.all --data fer2013.csv.gz
Time     40 s an epoch on one busy CPU core; `neutral`, by its multiply-adds, ten times that
Result   docs/zoo.md; the document states 53 % for FER2013, nothing for *neutral or not*

`neutral` is the document's first network, 150x150, which saw his own films of classmates: give
--data a folder made by `python -m training dataset from-videos`. On FER2013 its pictures are enlarged.
"""

from ..networks import razzano
from . import document

RECIPE = document("razzano", razzano.cnn, learning_rate=1e-3, epochs=20)

VARIANTS = {
    "neutral": {"network": razzano.neutral_or_not, "label_sets": {"neutral-or-not": 1.0}, "epochs": 10,
                "batch": 32, "preparation": "size-150"},
}
