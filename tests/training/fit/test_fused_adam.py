"""Adam in one kernel against Keras's own."""

import keras
import numpy as np
import pytest

from training.fit.fused_adam import FusedAdam


def trained(optimizer_class, precision="float32", steps=30):
    """The weights of a small network and its optimizer's variables after `steps` steps with changing rates."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, activation="relu", dtype=precision),
                              keras.layers.BatchNormalization(dtype=precision),
                              keras.layers.Dense(2, dtype=precision)])
    model.compile(optimizer=optimizer_class(0.01, weight_decay=0.02), loss="mse")
    random = np.random.default_rng(0)
    for step in range(steps):
        model.optimizer.learning_rate.assign(0.01 / (1 + step))
        model.train_on_batch(random.normal(size=(8, 6)), random.normal(size=(8, 2)))
    return [np.asarray(each) for each in (*model.weights, *model.optimizer.variables)]


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_trains_as_keras_does(precision):
    expected, got = trained(keras.optimizers.Adam, precision), trained(FusedAdam, precision)
    assert len(expected) == len(got)
    # in bfloat16 a difference in the last bit of a weight can grow to one in the last bit of an activation
    tolerance = 1e-5 if precision == "float32" else 2e-3
    for actual, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=tolerance, atol=tolerance)
    assert not np.allclose(trained(FusedAdam, precision, steps=1)[0], got[0], atol=1e-2)
