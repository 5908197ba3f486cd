import numpy as np

from webapp.vision.explain import GRID, explain


def _answers_to_brightness_at(row, column):
    """A stand-in network: label 1 is as probable as the place is bright against the whole crop."""
    def probabilities(crops):
        size = crops.shape[1]
        place = crops[:, row * size // GRID:(row + 1) * size // GRID, column * size // GRID:(column + 1) * size // GRID]
        share = np.clip(place.mean(axis=(1, 2)) / 255, 0, 1)
        return np.stack([1 - share, share], axis=1)
    return probabilities


def test_the_place_that_decides_is_the_hottest():
    crop = np.zeros((48, 48), np.float32)
    crop[8:12, 32:36] = 255
    heat = explain(_answers_to_brightness_at(2, 8), crop, label=1)
    assert heat.shape == (GRID, GRID) and heat.dtype == np.float32
    assert np.unravel_index(heat.argmax(), heat.shape) == (2, 8)
    assert heat.max() > 0.5


def test_the_other_label_sees_the_opposite():
    crop = np.zeros((48, 48), np.uint8)
    crop[8:12, 32:36] = 255
    network = _answers_to_brightness_at(2, 8)
    np.testing.assert_allclose(explain(network, crop, 0), -explain(network, crop, 1), atol=1e-6)


def test_an_even_crop_has_nothing_to_explain():
    heat = explain(_answers_to_brightness_at(5, 5), np.full((48, 48), 90, np.uint8), label=1)
    np.testing.assert_allclose(heat, 0, atol=1e-6)
