import json
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from webapp.vision.faces import DetectorMissingError, FaceDetector

ROOT = Path(__file__).parents[2]
# Face in the 512x512 astronaut image, annotated by hand: x, y, width, height in px, hair to chin, ear to ear.
ASTRONAUT = (174, 72, 102, 110)
LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")


@pytest.fixture(scope="session")
def detector():
    try:
        return FaceDetector(ROOT / "static" / "detector")
    except DetectorMissingError as error:
        pytest.fail(f"{error}")


@pytest.fixture(scope="session")
def astronaut():
    """uint8 (512, 512, 3)."""
    return data.astronaut()


@pytest.fixture(scope="session")
def face_box():
    """Box of the astronaut's face, in fractions."""
    return tuple(value / 512 for value in ASTRONAUT)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """A bundle folder with a tiny untrained network, as model.keras and model.tflite."""
    import keras
    import tensorflow as tf
    keras.utils.set_random_seed(3)
    inputs = keras.Input((48, 48, 1))
    features = keras.layers.Conv2D(6, 8, strides=8, activation="relu")(keras.layers.Rescaling(1 / 64)(inputs))
    logits = keras.layers.Dense(len(LABELS))(keras.layers.GlobalAveragePooling2D()(features))
    model = keras.Model(inputs, logits)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    model.save(folder / "model.keras")
    (folder / "model.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    (folder / "card.json").write_text(json.dumps({
        "name": "tiny", "version": "1.0.0", "label_set": "ferplus", "labels": LABELS, "raters": 10,
        "input": {"size": 48, "channels": 1, "range": [0, 255]},
        "crop": {"points": {"right_eye": [0.32, 0.4], "left_eye": [0.68, 0.4], "nose": [0.5, 0.61],
                            "mouth": [0.5, 0.77]}},
        "calibration": {"temperature": 2.0}, "unsure": {"threshold": 0.4}}))
    return folder


@pytest.fixture
def noise():
    """noise(n): float32 (n, 48, 48), deterministic."""
    return lambda n: np.random.default_rng(n).uniform(0, 255, (n, 48, 48)).astype(np.float32)
