from dataclasses import replace

import numpy as np
import pytest

from training.data import photo_augmentation
from training.data.augmentation import PLAIN, Augmentation, augment

PARTS = ("landmark_error", "aspect", "gamma", "side_light", "background", "occlusion", "degradation")


@pytest.fixture
def images():
    """Smooth images, like faces."""
    across, down = np.meshgrid(np.arange(48), np.arange(48))
    return np.stack([np.uint8(127 + 60 * np.sin(across / (5 + n)) + 50 * np.cos(down / (4 + n))) for n in range(40)])


@pytest.mark.parametrize("part", PARTS)
def test_each_part_changes_images_and_preserves_dtype_and_range(images, part):
    out = augment(images, replace(PLAIN, **{part: 0.5}), np.random.default_rng(0))
    assert out.shape == (40, 48, 48, 1) and out.dtype == np.float32 and np.isfinite(out).all()
    assert out.min() >= 0 and out.max() <= 255
    changed = (abs(out[..., 0] - images) > 1).any(axis=(1, 2))
    assert changed.sum() >= 5


@pytest.mark.parametrize("part", PARTS)
def test_the_same_seed_gives_the_same_images(images, part):
    limits = replace(Augmentation(), **{part: 0.5}, clean=0.3)
    one, again = (augment(images, limits, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, again)


def test_landmark_error_rotates_and_scales_like_the_site_s_crop():
    maps = photo_augmentation.misalignments(Augmentation(landmark_error=0.05), 4000, 48, np.random.default_rng(0))
    a = maps[:, 0, 0] + 1j * maps[:, 1, 0]
    assert np.rad2deg(np.angle(a)).std() == pytest.approx(2.6, abs=0.3)
    assert abs(a).std() == pytest.approx(0.045, abs=0.006)
    middle = maps[:, :, :2] @ (23.5, 23.5) + maps[:, :, 2]
    assert abs(middle.mean(0) - 23.5).max() < 0.1


def test_no_landmark_error_is_the_identity():
    maps = photo_augmentation.misalignments(Augmentation(), 3, 48, np.random.default_rng(0))
    np.testing.assert_allclose(maps, np.broadcast_to([[1, 0, 0], [0, 1, 0]], (3, 2, 3)), atol=1e-12)


def test_aspect_preserves_center_and_area():
    maps = photo_augmentation.misalignments(Augmentation(aspect=0.2), 100, 48, np.random.default_rng(0))
    np.testing.assert_allclose(maps[:, 0, 0] * maps[:, 1, 1], 1)
    np.testing.assert_allclose(maps[:, :, :2] @ (23.5, 23.5) + maps[:, :, 2], 23.5)


def test_background_is_replaced_and_the_face_is_not(images):
    out = photo_augmentation.replace_background(images, Augmentation(background=1.0), np.random.default_rng(0))
    np.testing.assert_array_equal(out[:, 15:35, 15:33], images[:, 15:35, 15:33])
    assert (out[:, 0, 0] != images[:, 0, 0]).mean() > 0.8


def test_clean_images_are_only_moved(images):
    limits = Augmentation(gamma=1.0, side_light=1.0, background=1.0, occlusion=1.0, degradation=1.0, erase=1.0,
                          clean=1.0, rotation=0.0, scale=0.0, shift=0.0, flip=False)
    np.testing.assert_array_equal(augment(images, limits, np.random.default_rng(0))[..., 0], images)
