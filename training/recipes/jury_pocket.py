"""The pocket network: fewer than 100 k parameters, distilled from the ensemble of `jury-live` and `jury-strong`.

Command  python -m training fit jury-pocket --data fer2013.csv.gz --votes fer2013new.csv
         (after those two, whose runs are the teachers)
Time     70 epochs, the first eight with new teacher predictions; half an hour on two CPU cores
Result   PublicTest: agreement with the majority 87.7 %, FER2013 accuracy 66.3 %; averaged with the mirror image, as
         published, 88.2 and 66.5. One teacher (`jury-live`) and 30 epochs gave 87.0 and 63.8;
         `jury-pocket.wide`, distilled from the networks of `jury-wide` in 102 epochs, 88.9 and 67.1
"""

from functools import partial

from ..data.augmentation import Augmentation
from ..networks.residual import residual
from . import Recipe

RECIPE = Recipe(
    name="jury-pocket",
    network=partial(residual, stem=16, widths=(24, 40, 64), blocks=(1, 1, 1), dropout=0.0),
    label_sets={"ferplus": 0.5, "fer2013": 0.5},
    epochs=70,
    weight_decay=1e-3,
    label_smoothing=0.0,
    augmentation=Augmentation(erase=0.1, mixup=0.3),
    teachers=("jury-live", "jury-strong"),
    cached_epochs=8,
)

VARIANTS = {
    "wide": {"teachers": ("jury-wide", "jury-wide.labels", "jury-wide.outside"), "cached_epochs": 16, "epochs": 102,
             "seed": 3},
}
