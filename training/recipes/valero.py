"""Valero's networks on AffectNet at 224x224, and on FER2013 at 96x96.

Command  python -m training fit valero.all --data AFFECTNET    (folder with training.csv and validation.csv)
Time     at 224x224 an hour or more per epoch on two CPU cores, estimated from the multiply-adds: use a GPU
Result   docs/zoo.md; the source document states 62.8 % (baseline), 63.0 (enhanced), 68.6 (X.Cao), 75.4 (two
         streams; 75.1 on all of AffectNet), 69.2 (fractal), 68.9 (GoogLeNet), 47.3 (MobileNet)

The document trains on a tenth of AffectNet, stratified by class. Optimizer, learning rate, batch size and number of
epochs are assumed. A name that ends in `fer2013` is
the same network on FER2013's seven classes. FER2013's images have 48x48 pixels: upsampled to 224x224
they would cost five times as much as at 96x96 and show no more. The networks that end in a dense layer
on the feature map (all but GoogLeNet and MobileNet) have fewer parameters at that size.
"""

from functools import partial

from ..networks import valero
from . import reproduction

RECIPE = reproduction("valero", valero.baseline, label_sets={"affectnet": 1.0}, batch_size=32, epochs=20, subset=0.1,
                      preprocessing="size-224", precision="mixed_bfloat16")

_NETWORKS = {"enhanced": valero.enhanced, "cao": valero.cao, "two-streams": valero.cao_two_streams,
             "fractal": valero.fractal, "googlenet": valero.googlenet, "mobilenet": valero.mobilenet}
_FER2013_SIZE = 96
_FER2013 = {"label_sets": {"fer2013": 1.0}, "subset": 1.0, "preprocessing": f"size-{_FER2013_SIZE}"}
VARIANTS = (
    {name: {"network": network} for name, network in _NETWORKS.items()}
    | {"two-streams-whole": {"network": valero.cao_two_streams, "subset": 1.0}}
    | {f"{name}-fer2013": {"network": partial(network, size=_FER2013_SIZE)} | _FER2013
       for name, network in {"baseline": valero.baseline, **_NETWORKS}.items()}
)
