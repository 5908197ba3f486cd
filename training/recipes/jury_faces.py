"""Members of an ensemble that begin with what a face recognition network knows: MobileNet from VGGFace2.

Command  python -m training fit jury-faces --data fer2013.csv.gz --votes fer2013new.csv
Time     14 epochs; 88 minutes on one CPU core, of pictures made three times as large
Result   PublicTest: raters' majority 90.2 %, FER2013's classes 67.4 %, the loss still falling

`jury-faces.dlib` begins with dlib's residual network on pictures twice as large: 45 epochs, 85 minutes on one core,
90.0 and 69.4 %. After one epoch it has 53.7 % (`jury-strong.alone`, which begins with nothing, 35.0), at the end no
more than others have; it errs less like them than they do like each other. Both as members: docs/figures.md.
"""

from functools import partial

from ..data.augmentation import Augmentation
from ..networks.face_recognition import dlib_resnet, mobilenet
from . import Recipe

RECIPE = Recipe(
    name="jury-faces",
    network=partial(mobilenet, enlarge=3),
    start="vggface2",
    label_sets={"ferplus": 0.5, "fer2013": 0.5},
    epochs=14,
    batch=64,
    optimizer="adam",
    learning_rate=5e-4,
    weight_decay=0.05,
    warmup=1.0,
    decay=0.5,
    label_smoothing=0.1,
    augmentation=Augmentation(mixup=0.2),
    seed=5,
)

VARIANTS = {
    "dlib": {"network": partial(dlib_resnet, enlarge=2), "start": "dlib", "epochs": 45, "seed": 6},
}
