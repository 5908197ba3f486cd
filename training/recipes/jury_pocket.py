"""The pocket network: under 100 k parameters, taught by `jury-live`.

Command  python -m training fit jury-pocket --data fer2013.csv.gz --votes fer2013new.csv
         (after jury-live, whose run it is taught by)
Time     30 epochs; 16 minutes on two CPU cores. It still under-fits: more epochs will help
Result   PublicTest: raters' majority 87.0 %, FER2013's classes 63.8 %; the cards of the bundles
         `jury-pocket` and `seven-pocket` say the rest
"""

from functools import partial

from ..data.augment import Augmentation
from ..zoo.residual import residual
from . import Recipe

RECIPE = Recipe(
    name="jury-pocket",
    network=partial(residual, stem=16, widths=(24, 40, 64), blocks=(1, 1, 1), dropout=0.0),
    label_sets={"ferplus": 0.6, "fer2013": 0.4},
    epochs=30,
    weight_decay=1e-3,
    label_smoothing=0.0,
    augmentation=Augmentation(erase=0.1, mixup=0.3),
    teachers=("jury-live",),
)
