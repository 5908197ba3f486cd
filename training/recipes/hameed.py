"""Hameed's network and his sweeps over epochs, batch, learning rate and optimiser.

Command  python -m training fit hameed.all --data fer2013.csv.gz
Time     by its multiply-adds some five minutes an epoch on two idle CPU cores
Result   docs/zoo.md; the document states 56.9 % (Adam 1e-4, batch 64, 30 epochs), SGD 33.5 %,
         75 epochs 60.7 %, batch 16 61.1 %, rate 2e-4 61.7 %

The document learns from 29,068 pictures, a tenth of the rest for validation; here the data set's own
splits are used. Each sweep moves one setting.
"""

from ..networks import hameed
from . import document

RECIPE = document("hameed", hameed.cnn, batch=64, epochs=30)

VARIANTS = (
    {"sgd": {"optimizer": "plain-sgd"}}
    | {f"epochs-{epochs}": {"epochs": epochs} for epochs in (50, 75)}
    | {f"batch-{batch}": {"batch": batch} for batch in (32, 16, 8)}
    | {f"rate-{rate:g}": {"learning_rate": rate} for rate in (2e-4, 5e-4, 1e-3, 2e-3)}
)
