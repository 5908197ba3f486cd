"""Members of an ensemble that begin with what a face recognition network knows: MobileNet from VGGFace2.

Command  python -m training fit jury-faces --data fer2013.csv.gz --votes fer2013new.csv
Time     16 epochs; 110 minutes on one CPU core
Result   not trained to its end yet
"""

from functools import partial

from ..data.augment import Augmentation
from ..zoo.faces import dlib_resnet, mobilenet
from . import Recipe

RECIPE = Recipe(
    name="jury-faces",
    network=partial(mobilenet, enlarge=3),
    start="vggface2",
    label_sets={"ferplus": 0.5, "fer2013": 0.5},
    epochs=16,
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
    "dlib": {"network": partial(dlib_resnet, enlarge=2), "start": "dlib", "epochs": 50, "seed": 6},
}
