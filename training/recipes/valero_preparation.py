"""Valero's ablation: the baseline on unchanged FER2013 images, and with four preprocessings.

Command  python -m training fit valero-preparation.all --data fer2013.csv.gz
Time     two minutes per epoch on two idle CPU cores, estimated from the multiply-adds; `size-98` four times that
Result   docs/zoo.md; the source document states .575 (none), .565 (histogram equalization), .24 (difference of
         Gaussians), .549 (gamma .75), .529 (resized to 98 pixels)

Assumed: optimizer, learning rate, batch size and number of epochs.
"""

from functools import partial

from ..networks import valero
from . import reproduction

RECIPE = reproduction("valero-preparation", partial(valero.baseline, size=48), batch_size=32, epochs=20)

VARIANTS = {name: {"preprocessing": name} for name in ("equalise", "difference-of-gaussians", "gamma-0.75")} | {
    "size-98": {"preprocessing": "size-98", "network": partial(valero.baseline, size=98)}}
