"""The conversion to LiteRT yields the outputs of TensorFlow's own conversion of a Keras model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.evaluate.predictions import litert_outputs
from training.export.litert import convert, logits_first


@pytest.mark.parametrize("float16", [False, True])
def test_outputs_are_those_of_the_converter_from_keras(float16):
    keras.utils.set_random_seed(1)
    images = keras.Input((24, 24, 1), name="image")
    features = keras.layers.Rescaling(1 / 255)(images)
    for width in (8, 12):
        features = keras.layers.SeparableConv2D(width, 3, strides=2, padding="same")(features)
        features = keras.layers.ReLU()(keras.layers.BatchNormalization()(features))
    features = keras.layers.Dropout(0.5)(keras.layers.GlobalAveragePooling2D()(features))
    model = keras.Model(images, [keras.layers.Dense(1)(features), keras.layers.Dense(7)(features)])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if float16:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    faces = np.random.default_rng(0).integers(0, 256, (5, 24, 24), np.uint8)
    expected = litert_outputs(logits_first(converter.convert()), faces)
    found = litert_outputs(convert(model, float16), faces)
    assert [each.shape for each in found] == [(5, 7), (5, 1)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
