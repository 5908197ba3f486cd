"""The live network: a residual net of 854 k parameters that learns two label sets at once, and its taught form.

Command  python -m training fit jury-live --data fer2013.csv.gz --votes fer2013new.csv
Time     100 epochs; an hour on two idle CPU cores
Result   PublicTest: raters' majority 90.3 %, FER2013's classes 69.6 %; the card of the bundle `jury-live` (FER+,
         ten votes) says the rest

The trunk sees every picture with both of its answers, the ten raters' votes and FER2013's own label, through one
linear head each. It was the first network and is taught by nobody; with `jury-strong.alone` and `.stem` it makes the
ensemble, which teaches it anew:

Command  python -m training fit jury-live.taught --data fer2013.csv.gz --votes fer2013new.csv
         (after those three, whose runs it is taught by)
Time     130 epochs, the first sixteen of them taught anew; an hour and a half on two busy CPU cores
Result   PublicTest: FER2013's classes 70.1 %, with the mirror image 71.1, as `seven-live` 1.1.0 is released (untaught
         69.6 and 70.4). The votes gain nothing: majority 90.6 % (90.3), but cross-entropy .787 against .781 after
         calibration, and less contempt found, so `jury-live` stays the bundle of the votes
"""

from functools import partial

from ..data.augmentation import Augmentation
from ..networks.residual import residual
from . import Recipe

RECIPE = Recipe(
    name="jury-live",
    network=partial(residual, stem=32, widths=(48, 96, 192), blocks=(1, 2, 1), dropout=0.2),
    label_sets={"ferplus": 0.6, "fer2013": 0.4},
    epochs=100,
)

VARIANTS = {
    "taught": {"network": partial(RECIPE.network, dropout=0.1),
               "label_sets": {"ferplus": 0.5, "fer2013": 0.5}, "label_smoothing": 0.0,
               "augmentation": Augmentation(mixup=0.2), "epochs": 130, "decay": 0.4, "fused": True, "seed": 5,
               "teachers": ("jury-live", "jury-strong.alone", "jury-strong.stem"), "views": 16},
}
