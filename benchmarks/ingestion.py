"""Images per second of the augmentation, beside Keras's ImageDataGenerator, which the documents used.

    python -m benchmarks.ingestion

Both rotate, shift, zoom and flip 48x48 gray images in batches of 128 on one thread, alternating in one run.
Emoscope's also changes the light, blurs, adds noise and erases. Compare the ratio, not the absolute values.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from training.data.augmentation import Augmentation, augment

BATCH, BATCHES, ROUNDS = 128, 20, 5


def main():
    """Print the median images/s of each and their ratio."""
    images = np.random.default_rng(0).integers(0, 256, (BATCH * BATCHES, 48, 48), np.uint8)
    generator = ImageDataGenerator(rotation_range=12, width_shift_range=4 / 48, height_shift_range=4 / 48,
                                   zoom_range=0.15, horizontal_flip=True)
    speeds = {"Emoscope": [], "ImageDataGenerator": []}
    for _ in range(ROUNDS):
        speeds["Emoscope"].append(_speed(lambda: _emoscope(images)))
        speeds["ImageDataGenerator"].append(_speed(lambda: _keras(generator, images)))
    emoscope, keras = (float(np.median(values)) for values in speeds.values())
    print(f"| pipeline | images/s |\n|---|---|\n| Emoscope | {emoscope:.0f} |\n| ImageDataGenerator | {keras:.0f} |")
    print(f"\nratio {emoscope / keras:.1f}")


def _speed(work):
    started = time.perf_counter()
    work()
    return BATCH * BATCHES / (time.perf_counter() - started)


def _emoscope(images):
    for number in range(BATCHES):
        rows = slice(number * BATCH, (number + 1) * BATCH)
        augment(images[rows], Augmentation(), np.random.default_rng([0, number]))


def _keras(generator, images):
    flow = generator.flow(images[..., None].astype(np.float32), batch_size=BATCH, shuffle=False)
    for _ in range(BATCHES):
        next(flow)


if __name__ == "__main__":
    main()
