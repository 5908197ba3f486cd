"""Batch normalization's statistics of a network whose weights were averaged or interpolated."""

import keras
import numpy as np

BATCH = 250


def recompute_statistics(model, images):
    """Replace the moving means and variances of `model` by those that its own weights give on `images`.

    Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization": the statistics of two
    networks, averaged, are not those of the averaged network. images: uint8 (n, h, w) of Training, as they are. Each
    layer gets the mean over the batches. Dropout acts as in training, so only networks without dropout before a batch
    normalization, as `residual`, get the statistics that evaluation sees.
    """
    normalizations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momentums = [layer.momentum for layer in normalizations]
    for index, start in enumerate(range(0, len(images), BATCH)):
        for layer in normalizations:
            layer.momentum = index / (index + 1)        # a cumulative mean; the first batch replaces what was there
        model(np.asarray(images[start:start + BATCH], np.float32)[..., None], training=True)
    for layer, momentum in zip(normalizations, momentums, strict=True):
        layer.momentum = momentum
