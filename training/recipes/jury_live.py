"""The live network: a residual network of 854 k parameters with a head per label set, and its distilled variant.

Command  python -m training fit jury-live --data fer2013.csv.gz --votes fer2013new.csv
Time     100 epochs; an hour on two idle CPU cores
Result   PublicTest: agreement with the majority 90.3 %, FER2013 accuracy 69.6 %; further figures in the card of the
         bundle `jury-live` (FER+, ten votes)

The trunk learns from both label sets of every image, the ten raters' votes and FER2013's label, through one linear
head each. It has no teacher. Together with `jury-strong.alone` and `jury-strong.stem` it is the ensemble that
`jury-live.taught` is distilled from:

Command  python -m training fit jury-live.taught --data fer2013.csv.gz --votes fer2013new.csv
         (after those three, whose runs are the teachers)
Time     130 epochs, the first sixteen with new teacher predictions; an hour and a half on two busy CPU cores
Result   PublicTest: FER2013 accuracy 70.1 %, averaged with the mirror image 71.1, as published in `seven-live` 1.1.0
         (without distillation 69.6 and 70.4). The votes gain nothing: agreement with the majority 90.6 % (90.3), but
         cross-entropy .787 against .781 after calibration, and lower recall of contempt, so the votes are not
         published from this run

For faces outside FER2013 the network is fine-tuned under stronger augmentation and then interpolated back to its
initial weights, .45 of the way, which is `jury-live` 1.3.0 (.5 in 1.1.0 and 1.2.0, whose logits are the same):

Command  python -m training fit jury-live.outside --data fer2013.csv.gz --votes fer2013new.csv
         (with jury-live 1.0.0, jury-strong 1.0.0 and seven-ensemble 1.1.0 of git in instance/models, as NAME@VERSION)
Time     22 epochs; half an hour on an idle CPU core, and a quarter of an hour for the teachers' predictions
Result   PublicTest: agreement with the majority 90.6 % (90.3), cross-entropy .779 (.781); without the interpolation
         90.8 % and .787, FER2013 accuracy 69.9 %, and no gain on photos outside

The run `jury-live.outside` continued with sharpness-aware minimization and more weight on the teachers, to look for a
flatter minimum, not published:

Command  python -m training fit jury-live.flat --data fer2013.csv.gz --votes fer2013new.csv
         (after jury-live.outside, with its bundles)
Time     6 epochs of two passes; half an hour on an idle CPU core
Result   no better than jury-live 1.2.0, see docs/outside.md

Distilled from the three wide networks of `jury-wide`, with the default augmentation and with that of
`jury-live.outside`, not published:

Command  python -m training fit jury-live.wide --data fer2013.csv.gz --votes fer2013new.csv (or jury-live.wide-outside)
         (after jury-wide.all, whose runs are the teachers)
Time     84 and 91 epochs; 5 minutes each on an H200 that other runs used as well
Result   PublicTest, with the mirror image: FER2013 accuracy 70.6 and 71.1 %, agreement with the majority 91.1 and
         90.6 %, no better than jury-live.taught
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

OUTSIDE = {
    "network": partial(RECIPE.network, dropout=0.1), "label_smoothing": 0.0, "learning_rate": 0.06, "epochs": 22,
    "warmup_epochs": 1.0, "decay_fraction": 0.6, "fused_batch_norm": True, "seed": 6,
    "initial_weights": "jury-live@1.0.0", "teacher_weight": 0.6,
    "teacher_bundles": ("jury-strong@1.0.0", "jury-live@1.0.0", "seven-ensemble@1.1.0"),
    "interpolated_with": "jury-live@1.0.0", "interpolation": 0.45,
    "augmentation": Augmentation(
        rotation=10.0, scale=0.12, shift=3.0, contrast=0.35, brightness=30.0, blur=1.3, erase=0.2, landmark_error=0.05,
        aspect=0.12, gamma=0.7, side_light=0.7, background=0.2, occlusion=0.08, degradation=0.35, clean=0.25),
}

WIDE = {
    "network": partial(RECIPE.network, dropout=0.1), "label_sets": {"ferplus": 0.5, "fer2013": 0.5},
    "label_smoothing": 0.0, "epochs": 84, "decay_fraction": 0.4, "cached_epochs": 16, "teacher_weight": 0.7,
    "teachers": ("jury-wide", "jury-wide.labels", "jury-wide.outside"), "fused_batch_norm": True,
}

VARIANTS = {
    "taught": {"network": partial(RECIPE.network, dropout=0.1),
               "label_sets": {"ferplus": 0.5, "fer2013": 0.5}, "label_smoothing": 0.0,
               "augmentation": Augmentation(mixup=0.2), "epochs": 130, "decay_fraction": 0.4, "fused_batch_norm": True,
               "seed": 5, "teachers": ("jury-live", "jury-strong.alone", "jury-strong.stem"), "cached_epochs": 16},
    "outside": OUTSIDE,
    "wide": WIDE | {"augmentation": Augmentation(mixup=0.2), "seed": 8},
    "wide-outside": WIDE | {"augmentation": OUTSIDE["augmentation"], "epochs": 91, "seed": 9},
    "flat": OUTSIDE | {"initial_weights": "jury-live.outside", "sam_radius": 0.05, "teacher_weight": 0.7,
                       "learning_rate": 0.04, "warmup_epochs": 0.5, "epochs": 6, "seed": 7, "interpolation": 0.5},
}
