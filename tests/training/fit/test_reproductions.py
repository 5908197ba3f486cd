"""Training like the source documents: constant rate, best epoch, plateaus, subsets, images streamed from disk."""

from dataclasses import replace

import numpy as np
import pytest
from keras import Input, Model, layers

from training.data.fer2013 import Faces
from training.errors import TrainingError
from training.fit.loop import Run, fit
from training.networks.build import load_trained
from training.recipes import reproduction


def tiny(heads):
    """A linear classifier of the mean brightness of four quadrants."""
    image = Input((48, 48, 1), name="image")
    x = layers.Flatten()(layers.AveragePooling2D(24)(layers.Rescaling(1 / 255)(image)))
    return Model(image, {name: layers.Dense(labels, name=name, dtype="float32")(x) for name, labels in heads.items()})


def tiny_at_24(heads):
    """The same for images of 24 pixels."""
    image = Input((24, 24, 1), name="image")
    x = layers.Flatten()(layers.AveragePooling2D(12)(layers.Rescaling(1 / 255)(image)))
    return Model(image, {name: layers.Dense(labels, name=name, dtype="float32")(x) for name, labels in heads.items()})


RECIPE = reproduction("tiny", tiny, batch_size=16, epochs=3, learning_rate=0.05)


class CountingImages:
    """Images that record how many are read at once."""

    def __init__(self, images):
        self.images, self.shape, self.largest = images, images.shape, 0

    def __getitem__(self, rows):
        self.largest = max(self.largest, len(rows))
        return self.images[rows]


@pytest.fixture
def faces():
    """Images whose brightness determines the label: 160 of Training, 40 of PublicTest."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 7, 200).astype(np.uint8)
    images = np.clip(labels[:, None, None] * 36 + rng.normal(10, 5, (200, 48, 48)), 0, 255).astype(np.uint8)
    return Faces(images, labels, np.repeat([0, 1], [160, 40]).astype(np.uint8), None, "made")


def quiet(line):
    pass


def test_run_learns_and_writes_its_curve(faces, tmp_path):
    run = fit(replace(RECIPE, epochs=30), faces, tmp_path, quiet)
    assert run.evaluation.figures(run.average.weights)["public_fer2013_accuracy"] > 0.4
    curve = (tmp_path / "curve.csv").read_text().splitlines()
    assert len(curve) == 31
    assert "public_cross_entropy" in curve[0]


def test_resumed_run_ends_like_an_uninterrupted_one(faces, tmp_path):
    whole = fit(RECIPE, faces, tmp_path / "whole", quiet)
    fit(replace(RECIPE, epochs=2), faces, tmp_path / "cut", quiet)
    resumed = fit(RECIPE, faces, tmp_path / "cut", quiet)
    for actual, expected in zip(whole.average.weights, resumed.average.weights, strict=True):
        assert np.array_equal(actual, expected)


def test_best_epoch_is_selected(faces, tmp_path):
    unstable = replace(RECIPE, learning_rate=3.0, epochs=6, selected_epoch="best", name="unstable")
    run = fit(unstable, faces, tmp_path, quiet)
    losses = [float(line.split(",")[-1]) for line in (tmp_path / "curve.csv").read_text().splitlines()[1:]]
    assert losses[-1] > min(losses)
    figures = run.evaluation.figures(load_trained(unstable, tmp_path).get_weights())
    assert figures["public_cross_entropy"] == pytest.approx(min(losses), abs=1e-3)


def test_learning_rate_is_cut_on_a_plateau(faces, tmp_path):
    run = fit(replace(RECIPE, learning_rate=3.0, epochs=8, plateau_patience=1), faces, tmp_path, quiet)
    assert run.plateaus > 0
    assert float(run.model.optimizer.learning_rate.numpy()) == pytest.approx(3.0 * 0.1 ** run.plateaus)


def test_subset_and_preprocessed_images_are_read_in_batches(faces, tmp_path):
    images = CountingImages(faces.images)
    recipe = replace(RECIPE, network=tiny_at_24, preprocessing="size-24", subset=0.5, epochs=1)
    run = fit(recipe, replace(faces, images=images), tmp_path, quiet)
    assert 75 <= len(run.batches.rows) <= 85
    assert images.largest <= 40


def test_evaluation_can_use_a_part_of_public_test(faces, tmp_path):
    run = Run(replace(RECIPE, validation_rows=1), faces, tmp_path)
    assert run.evaluation.figures(run.average.weights)["public_fer2013_accuracy"] in (0, 1)


def test_merged_labels_train(faces, tmp_path):
    run = fit(replace(RECIPE, label_sets={"six": 1.0}, epochs=1), faces, tmp_path, quiet)
    assert 0 <= run.evaluation.figures(run.average.weights)["public_accuracy"] <= 1


@pytest.mark.parametrize(("change", "message"), [
    ({"optimizer": "lion"}, "got 'lion'"), ({"preprocessing": "sharpen"}, "got 'sharpen'"),
    ({"label_sets": {"ferplus": 1.0}}, "FER\\+'s votes"), ({"batch_size": 512}, "must have a batch of 512")])
def test_invalid_recipe_raises_training_error(faces, tmp_path, change, message):
    with pytest.raises(TrainingError, match=message):
        Run(replace(RECIPE, **change), faces, tmp_path)
