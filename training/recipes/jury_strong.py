"""The strong network: 2.7 M parameters, taught by `jury-live` as well as by the raters.

Command  python -m training fit jury-strong --data fer2013.csv.gz --votes fer2013new.csv
         (after jury-live, whose run it is taught by)
Time     60 epochs; 70 minutes on two busy CPU cores
Result   PublicTest: raters' majority 90.7 %, FER2013's classes 70.3 %; with mirrored answers 91.0 and 70.6

`jury-strong.again` is the same network from another start, taught by those two together, as in the
born-again networks of Furlanello and others (2018): a second member for the ensemble.
"""

from functools import partial

from ..data.augment import Augmentation
from ..zoo.residual import residual
from . import Recipe

RECIPE = Recipe(
    name="jury-strong",
    network=partial(residual, stem=32, widths=(64, 128, 256), blocks=(1, 2, 2), dropout=0.3),
    label_sets={"ferplus": 0.5, "fer2013": 0.5},
    epochs=60,
    decay=0.4,
    label_smoothing=0.0,
    augmentation=Augmentation(mixup=0.2),
    teachers=("jury-live",),
    teaching=0.5,
    fused=True,
    seed=1,
)

VARIANTS = {
    "again": {"teachers": ("jury-live", "jury-strong"), "teaching": 0.7, "epochs": 90, "seed": 2},
}
