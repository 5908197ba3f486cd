"""The second output of a network: the distance of its features to prototypes."""

import keras
import numpy as np
import pytest

from training.evaluate.novelty import Prototypes
from training.evaluate.predictions import keras_logits, keras_outputs, litert_logits, litert_outputs, mirror_views
from training.export.litert import logits_first, write_litert
from training.networks.residual import residual
from webapp.vision.keras_networks import ensemble, with_distance


def network(seed=0):
    keras.utils.set_random_seed(seed)
    model = residual({"ferplus": 8}, stem=4, widths=(6, 8), blocks=(1, 1))
    return keras.Model(model.input, model.output["ferplus"], name="ferplus")


def features(model, images):
    return keras_logits(keras.Model(model.input, model.get_layer("embedding").output), images)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (40, 48, 48)).astype(np.uint8)


def test_second_output_is_the_distance_to_the_nearest_prototype(images):
    model = network()
    prototypes = Prototypes(features(model, images[:20]), count=5)
    logits, distance = keras_outputs(with_distance(model, prototypes.centers), images)
    np.testing.assert_allclose(logits, keras_logits(model, images), atol=1e-5)
    np.testing.assert_allclose(distance[:, 0], prototypes(features(model, images)), atol=1e-3)
    assert distance.shape == (40, 1) and distance.std() > 0


def test_the_ensemble_averages_the_distances_of_both_views(images):
    model = network()
    one = with_distance(model, Prototypes(features(model, images), count=3).centers)
    logits, distance = keras_outputs(ensemble([one], mirrored=True), images)
    np.testing.assert_allclose(logits, keras_logits(ensemble([model], mirrored=True), images), atol=1e-5)
    views = [keras_outputs(one, view)[1] for view in mirror_views(images)]
    np.testing.assert_allclose(distance, np.mean(views, axis=0), atol=1e-5)


def test_litert_file_has_the_logits_first(images, tmp_path):
    model = with_distance(network(), Prototypes(features(network(), images), count=3).centers)
    parity = write_litert(model, images, tmp_path / "model.tflite")
    content = (tmp_path / "model.tflite").read_bytes()
    logits, distance = litert_outputs(content, images)
    assert logits.shape == (40, 8) and distance.shape == (40, 1) and logits_first(content) == content
    np.testing.assert_array_equal(litert_logits(content, images), logits)
    np.testing.assert_allclose(distance, keras_outputs(model, images)[1],
                               atol=parity["largest_difference_of_distance"] + 1e-4)
