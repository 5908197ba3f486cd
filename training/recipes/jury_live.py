"""The first live network: a residual net of 856 k parameters that learns two label sets at once.

Command  python -m training fit jury-live --data fer2013.csv.gz --votes fer2013new.csv
Time     100 epochs; an hour on two idle CPU cores
Result   PublicTest: raters' majority 90.3 %, FER2013's classes 69.6 %; the cards of the bundles
         `jury-live` (FER+, ten votes) and `seven-live` (FER2013, seven classes), both exported
         from this one run, say the rest

The trunk sees every picture with both of its answers, the ten raters' votes and FER2013's own
label, through one linear head each; the two bundles share the trunk's weights.
"""

from functools import partial

from ..zoo.residual import residual
from . import Recipe

RECIPE = Recipe(
    name="jury-live",
    network=partial(residual, stem=32, widths=(48, 96, 192), blocks=(1, 2, 1), dropout=0.2),
    label_sets={"ferplus": 0.6, "fer2013": 0.4},
    epochs=100,
)
