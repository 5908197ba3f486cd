"""The strong network: 2.7 M parameters, taught by `jury-live` as well as by the raters.

Command  python -m training fit jury-strong --data fer2013.csv.gz --votes fer2013new.csv
         (after jury-live, whose run it is taught by)
Time     60 epochs; 70 minutes on two busy CPU cores
Result   PublicTest: raters' majority 90.7 %, FER2013's classes 70.3 %; with mirrored answers 91.0 and 70.6

Two more members for an ensemble, taught by nobody and so less alike, trained side by side on one core each in two
hours and a quarter (`taskset -c 0 …`, together about 480 pictures a second, where one run on both cores made 420):
`jury-strong.alone`, 70 epochs, PublicTest 70.1 %, mirrored 70.7; `jury-strong.stem`, which sees the picture at its full
size first and learns FER2013's classes more than the votes, 56 epochs, 70.1 and 70.6. `jury-strong.again` is taught by
`jury-live` and `jury-strong` together, as in the born-again networks of Furlanello and others (2018); it has not been
trained to its end.
"""

from functools import partial

from ..data.augmentation import Augmentation
from ..networks.residual import residual
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
    "alone": {"teachers": (), "label_smoothing": 0.1, "epochs": 70, "seed": 3},
    "stem": {"network": partial(residual, stem=(24, 64), widths=(64, 128, 256), blocks=(1, 2, 2), dropout=0.3),
             "teachers": (), "label_smoothing": 0.1, "label_sets": {"ferplus": 0.3, "fer2013": 0.7},
             "epochs": 56, "seed": 4},
}
