"""Training as the documents do: constant rate, kept best epoch, plateaus, subsets, pictures streamed from disk."""

from dataclasses import replace

import numpy as np
import pytest
from keras import Input, Model, layers

from training.data.fer2013 import Faces
from training.errors import TrainingError
from training.fit.loop import Run, fit
from training.networks.build import trained
from training.recipes import document


def tiny(heads):
    """Mean brightness of four quarters to labels."""
    image = Input((48, 48, 1), name="image")
    x = layers.Flatten()(layers.AveragePooling2D(24)(layers.Rescaling(1 / 255)(image)))
    return Model(image, {name: layers.Dense(labels, name=name, dtype="float32")(x) for name, labels in heads.items()})


def tiny_at_24(heads):
    """The same for pictures of 24 pixels."""
    image = Input((24, 24, 1), name="image")
    x = layers.Flatten()(layers.AveragePooling2D(12)(layers.Rescaling(1 / 255)(image)))
    return Model(image, {name: layers.Dense(labels, name=name, dtype="float32")(x) for name, labels in heads.items()})


RECIPE = document("tiny", tiny, batch=16, epochs=3, learning_rate=0.05)


class Asked:
    """Pictures that say how many were asked for at once."""

    def __init__(self, images):
        self.images, self.shape, self.most = images, images.shape, 0

    def __getitem__(self, rows):
        self.most = max(self.most, len(rows))
        return self.images[rows]


@pytest.fixture
def faces():
    """Pictures whose brightness tells the label: 160 to learn from, 40 to choose on."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 7, 200).astype(np.uint8)
    images = np.clip(labels[:, None, None] * 36 + rng.normal(10, 5, (200, 48, 48)), 0, 255).astype(np.uint8)
    return Faces(images, labels, np.repeat([0, 1], [160, 40]).astype(np.uint8), None, "made")


def quiet(line):
    pass


def test_it_learns_and_writes_its_curve(faces, tmp_path):
    run = fit(replace(RECIPE, epochs=30), faces, tmp_path, quiet)
    assert run.judge_public()["public_fer2013_accuracy"] > 0.4
    curve = (tmp_path / "curve.csv").read_text().splitlines()
    assert len(curve) == 31
    assert "public_cross_entropy" in curve[0]


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(faces, tmp_path):
    whole = fit(RECIPE, faces, tmp_path / "whole", quiet)
    fit(replace(RECIPE, epochs=2), faces, tmp_path / "cut", quiet)
    again = fit(RECIPE, faces, tmp_path / "cut", quiet)
    for ours, theirs in zip(whole.average, again.average, strict=True):
        assert np.array_equal(ours, theirs)


def test_the_best_epoch_is_kept(faces, tmp_path):
    wild = replace(RECIPE, learning_rate=3.0, epochs=6, keep="best", name="wild")
    run = fit(wild, faces, tmp_path, quiet)
    losses = [float(line.split(",")[-1]) for line in (tmp_path / "curve.csv").read_text().splitlines()[1:]]
    assert losses[-1] > min(losses)
    run.judge.set_weights(trained(wild, tmp_path).get_weights())
    run.average = run.judge.get_weights()
    logits = run._logits(faces.rows("PublicTest"))["fer2013"]
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    truth = faces.labels[faces.rows("PublicTest")]
    assert -log_p[np.arange(40), truth].mean() == pytest.approx(min(losses), abs=1e-3)


def test_the_rate_is_cut_on_a_plateau(faces, tmp_path):
    run = fit(replace(RECIPE, learning_rate=3.0, epochs=8, plateau=1), faces, tmp_path, quiet)
    assert run.cuts > 0
    assert float(run.model.optimizer.learning_rate.numpy()) == pytest.approx(3.0 * 0.1 ** run.cuts)


def test_a_subset_and_prepared_pictures_come_a_batch_at_a_time(faces, tmp_path):
    asked = Asked(faces.images)
    recipe = replace(RECIPE, network=tiny_at_24, preparation="size-24", subset=0.5, epochs=1)
    run = fit(recipe, replace(faces, images=asked), tmp_path, quiet)
    assert 75 <= len(run.rows) <= 85
    assert asked.most <= 40


def test_a_part_of_publictest_can_be_judged(faces, tmp_path):
    run = Run(replace(RECIPE, judged=1), faces, tmp_path)
    assert run.judge_public()["public_fer2013_accuracy"] in (0, 1)


def test_merged_labels_are_learnt(faces, tmp_path):
    run = fit(replace(RECIPE, label_sets={"six": 1.0}, epochs=1), faces, tmp_path, quiet)
    assert 0 <= run.judge_public()["public_accuracy"] <= 1


@pytest.mark.parametrize(("change", "message"), [
    ({"optimizer": "lion"}, "optimizer 'lion'"), ({"preparation": "sharpen"}, "preparation 'sharpen'"),
    ({"label_sets": {"ferplus": 1.0}}, "FER\\+'s votes"), ({"batch": 512}, "fewer than one batch")])
def test_what_cannot_be_trained_is_one_line(faces, tmp_path, change, message):
    with pytest.raises(TrainingError, match=message):
        Run(replace(RECIPE, **change), faces, tmp_path)
