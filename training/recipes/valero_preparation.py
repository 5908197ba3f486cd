"""Valero's ablation: the baseline on FER2013 as it is, and with four preparations of the pictures.

Command  python -m training fit valero-preparation.all --data fer2013.csv.gz
Time     by its multiply-adds two minutes an epoch on two idle CPU cores; `size-98` four times that
Result   docs/zoo.md; the document states .575 (none), .565 (histogram equalisation), .24 (difference of
         Gaussians), .549 (gamma .75), .529 (resized to 98 pixels)
"""

from functools import partial

from ..networks import valero
from . import document

RECIPE = document("valero-preparation", partial(valero.baseline, size=48), batch=32, epochs=20)

VARIANTS = {name: {"preparation": name} for name in ("equalise", "difference-of-gaussians", "gamma-0.75")} | {
    "size-98": {"preparation": "size-98", "network": partial(valero.baseline, size=98)}}
