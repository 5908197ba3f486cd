"""The strong network: 2.7 M parameters, trained on the raters' votes and distilled from `jury-live`.

Command  python -m training fit jury-strong --data fer2013.csv.gz --votes fer2013new.csv
         (after jury-live, whose run is the teacher)
Time     60 epochs; 70 minutes on two busy CPU cores
Result   PublicTest: agreement with the majority 90.7 %, FER2013 accuracy 70.3 %; averaged with the mirror image 91.0
         and 70.6

Two further ensemble members have no teacher, so that their errors correlate less. They train side by side on one core
each in two hours and a quarter (`taskset -c 0 …`, in total about 480 images per second, where one run on both cores
reaches 420). `jury-strong.alone`: 70 epochs, PublicTest 70.1 %, with the mirror image 70.7. `jury-strong.stem`, whose
first convolution works at full resolution and whose loss weights FER2013's labels more than the votes: 56 epochs, 70.1
and 70.6. `jury-strong.again` is distilled from the ensemble of `jury-live` and `jury-strong`, after the born-again
networks of Furlanello et al. 2018; it has not been trained to its end.
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
    decay_fraction=0.4,
    label_smoothing=0.0,
    augmentation=Augmentation(mixup=0.2),
    teachers=("jury-live",),
    teacher_weight=0.5,
    fused_batch_norm=True,
    seed=1,
)

VARIANTS = {
    "again": {"teachers": ("jury-live", "jury-strong"), "teacher_weight": 0.7, "epochs": 90, "seed": 2},
    "alone": {"teachers": (), "label_smoothing": 0.1, "epochs": 70, "seed": 3},
    "stem": {"network": partial(residual, stem=(24, 64), widths=(64, 128, 256), blocks=(1, 2, 2), dropout=0.3),
             "teachers": (), "label_smoothing": 0.1, "label_sets": {"ferplus": 0.3, "fer2013": 0.7},
             "epochs": 56, "seed": 4},
}
