import numpy as np

from webapp.vision.occlusion import GRID, occlusion_map


def _brightness_network(row, column):
    """A stub network: the probability of label 1 is the mean brightness at one grid position."""
    def probabilities(crops):
        size = crops.shape[1]
        patch = crops[:, row * size // GRID:(row + 1) * size // GRID, column * size // GRID:(column + 1) * size // GRID]
        bright = np.clip(patch.mean(axis=(1, 2)) / 255, 0, 1)
        return np.stack([1 - bright, bright], axis=1)
    return probabilities


def test_decisive_position_has_the_largest_drop():
    crop = np.zeros((48, 48), np.float32)
    crop[8:12, 32:36] = 255
    heat = occlusion_map(_brightness_network(2, 8), crop, label=1)
    assert heat.shape == (GRID, GRID) and heat.dtype == np.float32
    assert np.unravel_index(heat.argmax(), heat.shape) == (2, 8)
    assert heat.max() > 0.5


def test_map_of_the_other_label_is_the_negative():
    crop = np.zeros((48, 48), np.uint8)
    crop[8:12, 32:36] = 255
    network = _brightness_network(2, 8)
    np.testing.assert_allclose(occlusion_map(network, crop, 0), -occlusion_map(network, crop, 1), atol=1e-6)


def test_uniform_crop_gives_a_zero_map():
    heat = occlusion_map(_brightness_network(5, 5), np.full((48, 48), 90, np.uint8), label=1)
    np.testing.assert_allclose(heat, 0, atol=1e-6)
