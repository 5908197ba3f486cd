"""The source documents' networks: exact parameter counts, and outputs.

Parameters are counted in a stateless scope, where Keras allocates no weights: 102 million take no memory.
"""

import math

import keras
import numpy as np
import pytest

from training.networks import hameed, nama, razzano, tan, valero
from training.networks.residual import residual


def count(network, labels, **settings):
    """(trainable, not trainable) parameters of an unallocated network."""
    with keras.StatelessScope(initialize_variables=False):
        model = network({"labels": labels}, **settings)
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return trainable, model.count_params() - trainable


@pytest.mark.parametrize(("network", "labels", "total", "fixed"), [
    (nama.cnn, 7, 730_855, 640),
    (nama.mini_xception, 6, 57_270, 1_472),
    (nama.mini_xception, 7, 58_423, 1_472),
    (hameed.cnn, 7, 5_810_183, 4_992),
    (valero.baseline, 8, 102_830_056, 0),
    (valero.enhanced, 8, 102_830_856, 400),
    (valero.cao, 8, 6_970_728, 16),
    (valero.cao_two_streams, 8, 7_509_672, 16),
    (valero.fractal, 8, 26_399_016, None),
    (valero.googlenet, 8, 23_851_784, None),
    (valero.mobilenet, 8, 4_253_864, None),
], ids=lambda value: value.__qualname__ if callable(value) else "")
def test_parameter_count_equals_the_stated_one(network, labels, total, fixed):
    trainable, not_trainable = count(network, labels)
    assert trainable + not_trainable == total
    if fixed is not None:
        assert not_trainable == fixed


def test_parameter_count_of_networks_without_a_stated_one():
    assert count(razzano.neutral_or_not, 2) == (22_430_849, 0)
    assert count(razzano.cnn, 7) == (839_047, 0)
    assert count(tan.default, 7) == (3_346_471, 0)
    assert count(tan.improved, 7) == (2_652_327, 1_920)


def test_layer_counts_of_hameed_equal_the_stated_ones():
    with keras.StatelessScope(initialize_variables=False):
        model = hameed.cnn({"labels": 7})
    kinds = [type(layer).__name__ for layer in model.layers]
    stated = {"Conv2D": 6, "BatchNormalization": 7, "MaxPooling2D": 5, "Dropout": 7, "Dense": 3, "Flatten": 1}
    assert {kind: kinds.count(kind) for kind in stated} == stated


@pytest.mark.parametrize(("network", "settings"), [
    (razzano.cnn, {}), (nama.cnn, {}), (nama.mini_xception, {}), (tan.default, {}), (tan.improved, {}),
    (tan.improved, {"dropout": 0.4, "between": 0.25, "activation": "swish", "standardized": True}),
    (valero.cao_two_streams, {"size": 64}), (valero.fractal, {"size": 64}), (valero.mobilenet, {"size": 64}),
], ids=lambda value: value.__qualname__ if callable(value) else "")
def test_network_predicts_logits_for_each_label(network, settings):
    model = network({"fer2013": 7}, **settings)
    size = model.input.shape[1]
    faces = np.random.default_rng(0).integers(0, 256, (2, size, size, 1)).astype(np.float32)
    logits = keras.ops.convert_to_numpy(model(faces)["fer2013"])
    assert logits.shape == (2, 7)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()
    assert not np.allclose(logits.sum(1), 1)


@pytest.mark.parametrize("stem", [8, (4, 8), (4, 6, 8)])
def test_residual_stem_halves_the_resolution_once(stem):
    with keras.StatelessScope(initialize_variables=False):
        model = residual({"labels": 7}, stem=stem, widths=(8,), blocks=(1,))
    convolutions = [layer for layer in model.layers if type(layer) is keras.layers.Conv2D]
    sizes = [layer.output.shape[1] for layer in convolutions]
    widths = stem if isinstance(stem, tuple) else (stem,)
    assert tuple(layer.filters for layer in convolutions[:len(widths)]) == widths
    assert sizes == [48] * (len(widths) - 1) + [24] * (len(convolutions) - len(widths) + 1)


def test_neutral_or_not_is_equivalent_to_one_sigmoid():
    model = razzano.neutral_or_not({"neutral-or-not": 2}, size=32)
    faces = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1)).astype(np.float32)
    logits = keras.ops.convert_to_numpy(model(faces)["neutral-or-not"])
    assert logits.shape == (3, 2)
    assert (logits[:, 0] == 0).all()
    with pytest.raises(ValueError, match="needs 2 labels, got 7"):
        razzano.neutral_or_not({"fer2013": 7}, size=32)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_mlp_has_one_hidden_layer_of_300():
    rng = np.random.default_rng(0)
    model = tan.mlp(max_iter=2).fit(rng.random((40, 2304)), rng.integers(0, 7, 40))
    assert [weights.shape for weights in model.coefs_][0] == (2304, 300)
    assert len(model.coefs_) == 2
