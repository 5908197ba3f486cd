"""Batch normalization's statistics, recomputed from images."""

import keras
import numpy as np

from training.networks.residual import residual
from training.networks.statistics import BATCH, recompute_statistics


def test_statistics_are_those_of_the_images_and_the_momentum_stays():
    keras.utils.set_random_seed(0)
    model = residual({"ferplus": 8}, stem=4, widths=(6,), blocks=(1,))
    images = np.random.default_rng(0).integers(0, 256, (2 * BATCH, 48, 48)).astype(np.uint8)
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    momentum = first.momentum
    inputs = keras.Model(model.input, first.input)
    expected = np.concatenate([inputs.predict(part[..., None].astype(np.float32), verbose=0)
                               for part in (images[:BATCH], images[BATCH:])])
    recompute_statistics(model, images)
    np.testing.assert_allclose(first.moving_mean, expected.mean((0, 1, 2)), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(first.moving_variance, expected.var((0, 1, 2)), rtol=1e-2)
    assert first.momentum == momentum
