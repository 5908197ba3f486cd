"""Ensemble members pre-trained on face recognition: MobileNet pre-trained on VGGFace2.

Command  python -m training fit jury-faces --data fer2013.csv.gz
Time     14 epochs; 88 minutes on one CPU core, with images upsampled three times
Result   PublicTest: agreement with the majority 90.2 %, FER2013 accuracy 67.4 %, the loss still decreasing

`jury-faces.dlib` starts from dlib's residual network, with images upsampled twice: 45 epochs, 85 minutes on one core,
90.0 and 69.4 %. After one epoch its accuracy is 53.7 % (`jury-strong.alone`, trained from scratch: 35.0); at the end
it is no higher than that of the others, but its errors correlate less with those of the others. Both as ensemble
members: docs/figures.md.
"""

from functools import partial

from ..data.augmentation import Augmentation
from ..networks.face_recognition import dlib_resnet, mobilenet
from . import Recipe

RECIPE = Recipe(
    name="jury-faces",
    network=partial(mobilenet, enlarge=3),
    initial_weights="vggface2",
    label_sets={"ferplus": 0.5, "fer2013": 0.5},
    epochs=14,
    batch_size=64,
    optimizer="adam",
    learning_rate=5e-4,
    weight_decay=0.05,
    warmup_epochs=1.0,
    decay_fraction=0.5,
    label_smoothing=0.1,
    augmentation=Augmentation(mixup=0.2),
    seed=5,
)

VARIANTS = {
    "dlib": {"network": partial(dlib_resnet, enlarge=2), "initial_weights": "dlib", "epochs": 45, "seed": 6},
}
