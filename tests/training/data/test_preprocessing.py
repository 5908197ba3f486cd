"""Preprocessing of images, and stratified subsets."""

import numpy as np
import pytest

from training.data.fer2013 import Faces
from training.data.preprocessing import preprocessed, stratified_subset
from training.errors import TrainingError


@pytest.fixture
def faces():
    rng = np.random.default_rng(0)
    images = np.clip(rng.normal(120, 30, (60, 1, 1)) + rng.normal(0, 10, (60, 12, 12)), 0, 255).astype(np.uint8)
    return Faces(images, rng.integers(0, 7, 60).astype(np.uint8), np.zeros(60, np.uint8), None, "")


@pytest.mark.parametrize(("name", "size"), [
    ("none", 12), ("equalise", 12), ("difference-of-gaussians", 12), ("gamma-0.75", 12), ("size-98", 98),
    ("size-6", 6), ("components-98", 12)])
def test_preprocessed_images_are_uint8_and_indexed_like_an_array(faces, name, size):
    images = preprocessed(faces, name).images
    rows = np.array([3, 7, 50])
    assert images[rows].dtype == np.uint8
    assert images[rows].shape == (3, size, size)
    assert images.shape == (60, size, size)
    assert (images[rows][1] == images[rows[1:2]][0]).all()


def test_gamma_is_a_power_of_the_gray_level(faces):
    assert (preprocessed(faces, "gamma-0.75").images[np.array([0])]
            == np.rint(255 * (faces.images[:1] / 255) ** 0.75)).all()


def test_equalized_image_uses_the_full_range(faces):
    image = preprocessed(faces, "equalise").images[np.array([5])]
    assert image.min() == 0 and image.max() == 255


def test_components_explain_the_named_fraction_of_variance(faces):
    flat = faces.images.reshape(60, -1).astype(float)
    lost = preprocessed(faces, "components-90").images[np.arange(60)].reshape(60, -1) - flat
    assert 0.05 < (lost ** 2).sum() / ((flat - flat.mean(0)) ** 2).sum() <= 0.101


def test_uniform_image_has_no_difference_of_gaussians(faces):
    from dataclasses import replace
    uniform = replace(faces, images=np.full_like(faces.images, 90))
    assert (preprocessed(uniform, "difference-of-gaussians").images[np.array([0])] == 127).all()


@pytest.mark.parametrize("name", ["", "sharpen", "gamma-x", "gamma--1", "size-0", "size-big", "components-120"])
def test_unknown_preprocessing_raises(faces, name):
    with pytest.raises(TrainingError, match="preparation must be"):
        preprocessed(faces, name)


def test_stratified_subset_preserves_class_proportions():
    labels = np.repeat([0, 1, 2], [100, 50, 4]).astype(np.uint8)
    subset = stratified_subset(labels, np.arange(154), 0.1, seed=0)
    assert np.bincount(labels[subset]).tolist() == [10, 5, 1]
    assert (np.diff(subset) > 0).all()
    assert (subset == stratified_subset(labels, np.arange(154), 0.1, seed=0)).all()
    assert (subset != stratified_subset(labels, np.arange(154), 0.1, seed=1)).any()
