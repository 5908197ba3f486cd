"""The series of Tan et al., from a default CNN to more dropout; Swish; two preprocessings of the input.

Command  python -m training fit tan.all --data fer2013.csv.gz
         python -m training mlp --data fer2013.csv.gz      (their MLP)
Time     one to two minutes per epoch on two idle CPU cores, estimated from the multiply-adds; six on busy ones
Result   docs/zoo.md; the source document states 25.0 % (MLP), 46.3 % (default), 51.3 % (improved),
         53.9 % (dropout .4, 20 epochs), 56.8 % (50 epochs), 58.1 % (more dropout), 53.7 % (Swish),
         about 57 % at epoch 90 on normalized or reconstructed input
"""

from functools import partial

from ..networks import tan
from . import reproduction

DROPOUT = partial(tan.improved, dropout=0.4)
MORE_DROPOUT = partial(tan.improved, dropout=0.4, between=0.25)

RECIPE = reproduction("tan", tan.default, optimizer="rmsprop", inverse_time_decay=1e-6, batch_size=32, epochs=20)

_IMPROVED = {"network": tan.improved, "optimizer": "adam", "inverse_time_decay": 1e-7}
VARIANTS = {
    "improved": _IMPROVED,
    "dropout": _IMPROVED | {"network": DROPOUT},
    "dropout-50": _IMPROVED | {"network": DROPOUT, "epochs": 50},
    "more-dropout": _IMPROVED | {"network": MORE_DROPOUT, "epochs": 50},
    "swish": _IMPROVED | {"network": partial(DROPOUT, activation="swish")},
    "normalised": _IMPROVED | {"network": partial(MORE_DROPOUT, standardized=True), "epochs": 90},
    "components": _IMPROVED | {"network": MORE_DROPOUT, "epochs": 90, "preprocessing": "components-98"},
}
