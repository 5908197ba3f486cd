from dataclasses import replace

import numpy as np
import pytest

from training.data.augmentation import PLAIN, Augmentation, augment, blend


@pytest.fixture
def images():
    rng = np.random.default_rng(3)
    return rng.integers(0, 256, (12, 48, 48)).astype(np.uint8)


def test_augmentation_preserves_shape_and_range(images):
    out = augment(images, Augmentation(brightness=200, contrast=0.9, noise=50, erase=1.0), np.random.default_rng(0))
    assert out.shape == (12, 48, 48, 1) and out.dtype == np.float32
    assert out.min() >= 0 and out.max() <= 255 and np.isfinite(out).all()


def test_same_seed_gives_the_same_images(images):
    one, again, other = (augment(images, Augmentation(), np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_augmentation_does_not_modify_its_input(images):
    before = images.copy()
    augment(images, Augmentation(), np.random.default_rng(0))
    np.testing.assert_array_equal(images, before)


def test_plain_leaves_images_unchanged(images):
    np.testing.assert_array_equal(augment(images, PLAIN, np.random.default_rng(0))[..., 0], images)


def test_flip_mirrors_half_of_the_images(images):
    many = np.repeat(images[:1], 200, 0)
    out = augment(many, Augmentation(**{**vars(PLAIN), "flip": True}), np.random.default_rng(0))[..., 0]
    mirrored = (out == images[0][:, ::-1]).all(axis=(1, 2))
    assert ((out == images[0]).all(axis=(1, 2)) | mirrored).all()
    assert 70 < mirrored.sum() < 130


def test_mixup_blends_images_and_targets_with_the_same_weights(images):
    batch = np.stack([np.full((4, 4, 1), value, np.float32) for value in (0, 100, 200)])
    targets, weight = np.eye(3, dtype=np.float32), np.ones(3, np.float32)
    out, (fractions,), (total,) = blend(batch, [targets], [weight], Augmentation(mixup=1.0), np.random.default_rng(1))
    np.testing.assert_allclose(total, 1, rtol=1e-6)
    np.testing.assert_allclose(fractions.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(out[:, 0, 0, 0], fractions @ np.array([0, 100, 200]), rtol=1e-5)
    assert (np.diag(fractions) >= 0.5).all()


def test_mixup_with_an_unrated_image_keeps_targets_normalized():
    batch = np.zeros((2, 4, 4, 1), np.float32)
    targets, weight = np.array([[0, 1], [0, 0]], np.float32), np.array([1, 0], np.float32)
    for seed in range(5):
        _, (fractions,), (total,) = blend(batch, [targets], [weight], Augmentation(mixup=1.0),
                                       np.random.default_rng(seed))
        np.testing.assert_allclose(fractions.sum(1)[total > 0], 1, rtol=1e-5)
        assert total.max() <= 1


def test_mixup_disabled_returns_its_input(images):
    batch, targets = images[..., None].astype(np.float32), [np.eye(12, dtype=np.float32)]
    weights = [np.ones(12, np.float32)]
    out, same, same_weights = blend(batch, targets, weights, Augmentation(mixup=0.0), np.random.default_rng(1))
    assert out is batch and same is targets and same_weights is weights


def test_cutmix_weighs_targets_by_the_area_of_the_rectangle(images):
    batch = np.stack([np.full((48, 48, 1), 10.0 * number, np.float32) for number in range(8)])
    targets, weight = np.eye(8, dtype=np.float32), np.ones(8, np.float32)
    out, (fractions,), (total,) = blend(batch, [targets], [weight], Augmentation(cutmix=1.0), np.random.default_rng(3))
    changed = 0
    for number in range(8):
        levels, counts = np.unique(out[number], return_counts=True)
        for level, count in zip(levels, counts, strict=True):
            assert fractions[number, round(level / 10)] == pytest.approx(count / 48 / 48, abs=1e-6)
        changed += len(levels) == 2
    assert changed >= 5
    np.testing.assert_allclose(total, 1, atol=1e-6)
    assert fractions[np.arange(8), np.arange(8)].min() >= 0.45     # its own image is the larger part


def test_erasing_reaches_every_edge_of_the_image():
    even = np.full((400, 48, 48), 100, np.uint8)
    only = replace(PLAIN, erase=1.0)
    erased = augment(even, only, np.random.default_rng(0))[..., 0] != 100
    assert erased.any(axis=(0, 1)).all() and erased.any(axis=(0, 2)).all()
