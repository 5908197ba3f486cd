"""Valero's networks on AffectNet at 224x224, and on FER2013 enlarged to it.

Command  python -m training fit valero.all --data AFFECTNET    (folder with training.csv and validation.csv)
Time     by their multiply-adds an hour and more an epoch on two CPU cores: meant for a GPU
Result   docs/zoo.md; the document states 62.8 % (baseline), 63.0 (enhanced), 68.6 (X.Cao), 75.4 (two
         streams; 75.1 on all of AffectNet), 69.2 (fractal), 68.9 (GoogLeNet), 47.3 (MobileNet)

The document learns from a tenth of AffectNet, the same share of each class. `fer2013` after a name is
the same network on FER2013's seven classes, its pictures enlarged.
"""

from ..networks import valero
from . import document

RECIPE = document("valero", valero.baseline, label_sets={"affectnet": 1.0}, batch=32, epochs=20, subset=0.1,
                  preparation="size-224", precision="mixed_bfloat16")

_NETWORKS = {"enhanced": valero.enhanced, "cao": valero.cao, "two-streams": valero.cao_two_streams,
             "fractal": valero.fractal, "googlenet": valero.googlenet, "mobilenet": valero.mobilenet}
_ENLARGED = {"label_sets": {"fer2013": 1.0}, "subset": 1.0}
VARIANTS = (
    {name: {"network": network} for name, network in _NETWORKS.items()}
    | {"two-streams-whole": {"network": valero.cao_two_streams, "subset": 1.0}}
    | {f"{name}-fer2013": {"network": network} | _ENLARGED
       for name, network in {"baseline": valero.baseline, **_NETWORKS}.items()}
)
