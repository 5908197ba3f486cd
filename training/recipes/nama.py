"""Nama's three phases, with disgust merged into anger.

Command  python -m training fit nama.all --data fer2013.csv.gz
Time     about two minutes per epoch on two idle CPU cores, estimated from the multiply-adds
Result   docs/zoo.md; the source document states 53.8 % after 10 epochs, 60.3 % at epoch 25 of 30,
         64.5 % at epoch 85 of 110 with mini-XCEPTION

The document splits all of FER2013 80/20 and selects the epoch on the 20 % it reports. Here the data
set's own splits are used, and the epoch is selected on PublicTest.
"""

from ..data.augmentation import Augmentation
from ..networks import nama
from . import reproduction

GEOMETRIC = Augmentation(rotation=10.0, scale=0.1, shift=4.8, contrast=0.0, brightness=0.0, noise=0.0, blur=0.0,
                         erase=0.0)

RECIPE = reproduction("nama", nama.cnn, label_sets={"six": 1.0}, learning_rate=1e-3, batch_size=64, epochs=30,
                      augmentation=GEOMETRIC, selected_epoch="best")

_MINI_XCEPTION = {"network": nama.mini_xception, "batch_size": 32, "epochs": 110, "plateau_patience": 12}
_SEVEN = {"label_sets": {"fer2013": 1.0}}       # unmerged, for the seven classes that others report
VARIANTS = {
    "ten-epochs": {"epochs": 10},
    "mini-xception": _MINI_XCEPTION,
    "seven": _SEVEN,
    "mini-xception-seven": _MINI_XCEPTION | _SEVEN,
}
