"""Nama's three phases, disgust told as anger.

Command  python -m training fit nama.all --data fer2013.csv.gz
Time     by their multiply-adds some two minutes an epoch on two idle CPU cores
Result   docs/zoo.md; the document states 53.8 % after 10 epochs, 60.3 % at epoch 25 of 30,
         64.5 % at epoch 85 of 110 with mini-XCEPTION

The document splits all of FER2013 80/20 and chooses the epoch on the 20 % it reports. Here the data
set's own splits are used, and the epoch is chosen on PublicTest.
"""

from ..data.augmentation import Augmentation
from ..networks import nama
from . import document

ON_THE_FLY = Augmentation(rotation=10.0, scale=0.1, shift=4.8, contrast=0.0, brightness=0.0, noise=0.0, blur=0.0,
                          erase=0.0)

RECIPE = document("nama", nama.cnn, label_sets={"six": 1.0}, learning_rate=1e-3, batch=64, epochs=30,
                  augmentation=ON_THE_FLY, keep="best")

VARIANTS = {
    "ten-epochs": {"epochs": 10},
    "mini-xception": {"network": nama.mini_xception, "batch": 32, "epochs": 110, "plateau": 12},
    # the same without the merging, for the seven classes that others report
    "seven": {"label_sets": {"fer2013": 1.0}},
    "mini-xception-seven": {"network": nama.mini_xception, "batch": 32, "epochs": 110, "plateau": 12,
                            "label_sets": {"fer2013": 1.0}},
}
