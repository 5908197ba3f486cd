"""The wide networks: 9.6 M parameters each, for a GPU; teachers of the small networks, and together the ensemble.

Command  python -m training fit jury-wide.all --data fer2013.csv.gz --votes fer2013new.csv
Time     7 minutes each, the three at once on an H200 that other runs used as well, with Keras on JAX
Result   PublicTest, averaged with the mirror image: agreement with the majority 91.9 / 91.0 / 91.8 %, FER2013 accuracy
         71.1 / 70.9 / 72.7 % for jury-wide / .labels / .outside, `.labels` and `.outside` averaged 73.2 %
         (docs/figures.md)

None has a teacher. They differ in their seed and in what their errors should not share: `jury-wide.labels` learns more
from FER2013's labels and steps with sharpness-aware minimization; `jury-wide.outside` sees the augmentation of
`jury-live.outside`, mild at home and strong outside, and is the best on every figure. Their numbers of epochs are what
the time allowed (`--minutes 7`).
"""

from functools import partial

from ..data.augmentation import Augmentation
from ..networks.residual import residual
from . import Recipe, jury_live

RECIPE = Recipe(
    name="jury-wide",
    network=partial(residual, stem=(32, 64), widths=(96, 192, 384), blocks=(2, 3, 3), dropout=0.4),
    label_sets={"ferplus": 0.5, "fer2013": 0.5},
    epochs=103,
    batch_size=256,
    learning_rate=0.2,
    decay_fraction=0.5,
    label_smoothing=0.1,
    ema_decay=0.997,
    augmentation=Augmentation(mixup=0.4, cutmix=0.3),
    seed=10,
)

VARIANTS = {
    "labels": {"label_sets": {"ferplus": 0.3, "fer2013": 0.7}, "sam_radius": 0.05, "epochs": 58,
               "augmentation": Augmentation(mixup=0.2), "seed": 11},
    "outside": {"augmentation": jury_live.OUTSIDE["augmentation"], "label_smoothing": 0.05, "seed": 12},
}
