"""The wide networks: 9.5 M parameters each, for a GPU; teachers of the small networks, and together the ensemble.

Command  python -m training fit jury-wide.all --data fer2013.csv.gz --votes fer2013new.csv
Time     minutes each on a data-center GPU with Keras on JAX
Result   docs/figures.md

None has a teacher. They differ in their seed and in what their errors should not share: `jury-wide.labels` learns more
from FER2013's labels and steps with sharpness-aware minimization; `jury-wide.outside` sees the augmentation of
`jury-live.outside`.
"""

from functools import partial

from ..data.augmentation import Augmentation
from ..networks.residual import residual
from . import Recipe, jury_live

RECIPE = Recipe(
    name="jury-wide",
    network=partial(residual, stem=(32, 64), widths=(96, 192, 384), blocks=(2, 3, 3), dropout=0.4),
    label_sets={"ferplus": 0.5, "fer2013": 0.5},
    epochs=120,
    batch_size=256,
    learning_rate=0.2,
    decay_fraction=0.5,
    label_smoothing=0.1,
    ema_decay=0.997,
    augmentation=Augmentation(mixup=0.4, cutmix=0.3),
    seed=10,
)

VARIANTS = {
    "labels": {"label_sets": {"ferplus": 0.3, "fer2013": 0.7}, "sam_radius": 0.05, "epochs": 80,
               "augmentation": Augmentation(mixup=0.2), "seed": 11},
    "outside": {"augmentation": jury_live.OUTSIDE["augmentation"], "label_smoothing": 0.05, "seed": 12},
}
