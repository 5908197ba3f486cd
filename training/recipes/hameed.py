"""Hameed's network and sweeps over epochs, batch size, learning rate and optimizer.

Command  python -m training fit hameed.all --data fer2013.csv.gz
Time     about five minutes per epoch on two idle CPU cores, estimated from the multiply-adds
Result   docs/zoo.md; the source document states 56.9 % (Adam 1e-4, batch 64, 30 epochs), SGD 33.5 %,
         75 epochs 60.7 %, batch 16 61.1 %, rate 2e-4 61.7 %

The document trains on 29,068 images and validates on a tenth of the rest; here the data set's own
splits are used. Each sweep changes one setting.
"""

from ..networks import hameed
from . import reproduction

RECIPE = reproduction("hameed", hameed.cnn, batch_size=64, epochs=30)

VARIANTS = (
    {"sgd": {"optimizer": "plain-sgd"}}
    | {f"epochs-{epochs}": {"epochs": epochs} for epochs in (50, 75)}
    | {f"batch-{batch_size}": {"batch_size": batch_size} for batch_size in (32, 16, 8)}
    | {f"rate-{rate:g}": {"learning_rate": rate} for rate in (2e-4, 5e-4, 1e-3, 2e-3)}
)
