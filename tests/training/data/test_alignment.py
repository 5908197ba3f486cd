import json

import cv2
import numpy as np
import pytest
from skimage import data

from training.data import alignment
from training.data.fer2013 import Faces
from training.errors import TrainingError
from training.evaluate.test_set import TestSet
from webapp.vision.crops import LANDMARKS, CropSpec

# Landmarks of the crop below, located by hand: fractions.
PLACES = {"right_eye": (0.31, 0.30), "left_eye": (0.67, 0.31), "nose": (0.48, 0.51), "mouth": (0.47, 0.66)}


@pytest.fixture(scope="module")
def faces():
    """Six gray 48x48 images: five of the same face, and a uniform one."""
    image = cv2.cvtColor(data.astronaut()[64:189, 164:289], cv2.COLOR_RGB2GRAY)
    image = cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA)
    images = np.stack([image] * 5 + [np.full_like(image, 128)])
    return Faces(images, np.zeros(6, np.uint8), np.zeros(6, np.uint8), None, "")


@pytest.fixture(scope="module")
def detector():
    try:
        return alignment.open_detector()
    except TrainingError as error:
        pytest.fail(str(error))


def test_template_is_the_symmetric_median_of_the_landmarks(faces, detector):
    measured = alignment.measure(faces, detector)
    assert measured["measured_on"]["pictures"] == 6 and measured["measured_on"]["found"] == 5
    points = measured["points"]
    for name, other in (("right_eye", "left_eye"), ("nose", "nose"), ("mouth", "mouth")):
        x = (PLACES[name][0] + 1 - PLACES[other][0]) / 2
        assert points[name] == pytest.approx([x, (PLACES[name][1] + PLACES[other][1]) / 2], abs=0.05)
        assert points[name][0] + points[other][0] == pytest.approx(1, abs=1e-3)


def test_serving_crop_resembles_the_training_image(faces, detector):
    spec = CropSpec(48, tuple(PLACES[name] for name in LANDMARKS))
    crops, found = alignment.serving_crops(faces.images, detector, spec)
    assert crops.shape == (6, 48, 48) and crops.dtype == np.uint8
    assert found.tolist() == [True] * 5 + [False]
    assert np.corrcoef(crops[0].ravel(), faces.images[0].ravel())[0, 1] > 0.9
    np.testing.assert_array_equal(crops[5], faces.images[5])


def test_mark_of_the_detection_changes_with_its_description_and_its_code(tmp_path, monkeypatch):
    (tmp_path / "detector.json").write_text('{"version": 1}')
    first = alignment.detector_mark(tmp_path)
    assert first == alignment.detector_mark(tmp_path) and len(first) == 16
    (tmp_path / "detector.json").write_text('{"version": 2}')
    second = alignment.detector_mark(tmp_path)
    monkeypatch.setattr(alignment, "DETECTION_CODE", alignment.DETECTION_CODE[1:])
    assert len({first, second, alignment.detector_mark(tmp_path)}) == 3


def test_stored_crops_are_of_one_version_of_the_detection(faces, monkeypatch, tmp_path):
    card = {"input": {"size": 48}, "crop": json.loads(alignment.TEMPLATE.read_text())}
    made = []

    def crop_all(images, _detector, spec):
        made.append(len(images))
        return np.full((len(images), spec.size, spec.size), len(made), np.uint8), np.ones(len(images), bool)

    monkeypatch.setattr(alignment, "open_detector", lambda: None)
    monkeypatch.setattr(alignment, "serving_crops", crop_all)
    for mark, expected in (("a", 1), ("a", 1), ("b", 2), ("a", 1)):
        monkeypatch.setattr(alignment, "detector_mark", lambda mark=mark: mark)
        crops, found = TestSet(faces, tmp_path).serving_crops(card, "Training")
        assert (crops == expected).all() and found.all()
    assert made == [6, 6]


def test_stored_template_is_complete():
    template = json.loads(alignment.TEMPLATE.read_text())
    assert set(template["points"]) == set(LANDMARKS) and template["measured_on"]["split"] == "Training"
    assert template["measured_on"]["found"] > 0.9 * template["measured_on"]["pictures"]


def test_missing_detector_names_the_command_to_run(tmp_path):
    for opened in (alignment.open_detector, alignment.detector_mark):
        with pytest.raises(TrainingError, match="python -m training detector"):
            opened(tmp_path)
