"""Initial weights from bundles and runs; distillation of published bundles on clean images."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from training.errors import TrainingError
from training.evaluate.bundles import read_bundle
from training.evaluate.metrics import log_softmax, softmax
from training.evaluate.predictions import forward
from training.export import model_card
from training.export.bundle import _training
from training.fit import distillation
from training.fit.batches import TrainingBatches
from training.fit.checkpoint import save_checkpoint
from training.fit.loop import Run
from training.networks import initial_weights
from training.networks.build import build, load_trained
from training.networks.initial_weights import load_initial_weights


@pytest.fixture
def student(tiny, exported, monkeypatch):
    monkeypatch.setattr(initial_weights, "MODELS", exported / "models")
    return replace(tiny, teacher_bundles=("jury-tiny@1.2.3", "seven-tiny@1.2.3"), initial_weights="jury-tiny@1.2.3")


def test_network_starts_with_the_bundle_s_predictions(student, exported, faces, tmp_path):
    model = build(student)
    load_initial_weights(model, "jury-tiny@1.2.3", tmp_path)
    actual = np.asarray(model(faces.images[:8].astype(np.float32)[..., None], training=False)["ferplus"])
    expected = forward(read_bundle(exported / "models/jury-tiny"))(faces.images[:8])
    np.testing.assert_allclose(actual, expected, atol=0.05)


def test_network_starts_with_the_averaged_weights_of_a_run(student, faces, tmp_path):
    first = Run(replace(student, initial_weights="", teacher_bundles=()), faces, tmp_path / "tiny.first")
    first.average.weights[0] += 1
    save_checkpoint(first)
    second = Run(replace(student, initial_weights="tiny.first", teacher_bundles=()), faces, tmp_path / "second")
    for actual, expected in zip(second.model.get_weights(), first.average.weights, strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("name", ["jury-tiny@1.2.3", "seven-tiny@1.2.3"])
def test_bundle_of_another_shape_is_refused(student, tmp_path, name):
    other = replace(student, network=partial(student.network, widths=(4, 16)))
    with pytest.raises(TrainingError, match=f"{name} do not fit"):
        load_initial_weights(build(other), name, tmp_path)


def test_another_version_of_a_bundle_is_refused_unless_kept(student, exported, tmp_path, monkeypatch):
    with pytest.raises(TrainingError, match="is version 1.2.3; put version 1.0.0"):
        initial_weights.find_bundle("jury-tiny@1.0.0")
    monkeypatch.setattr(initial_weights, "EARLIER", tmp_path)
    (tmp_path / "jury-tiny@1.0.0").symlink_to(exported / "models" / "jury-tiny")
    assert initial_weights.find_bundle("jury-tiny@1.0.0").label_set == "ferplus"


def test_targets_are_the_bundles_predictions_for_clean_images(student, exported, faces, tmp_path):
    labels = TrainingBatches(replace(student, teacher_bundles=()), faces, tmp_path / "labels")._targets
    batches = TrainingBatches(replace(student, teacher_weight=1.0), faces, tmp_path / "run")
    rows = batches.rows
    for name, (target, weight), (label, _) in zip(("jury-tiny", "seven-tiny"), batches._targets, labels, strict=True):
        bundle = read_bundle(exported / "models" / name)
        views = (faces.images[rows], faces.images[rows][:, :, ::-1])
        mean = np.mean([log_softmax(forward(bundle)(view) / bundle.temperature) for view in views], axis=0)
        np.testing.assert_allclose(target[rows], softmax(mean), atol=1e-5)
        assert (weight[rows] == 1).all()
        others = np.setdiff1d(np.arange(len(label)), rows)
        np.testing.assert_allclose(target[others], label[others], rtol=1e-6)


def test_predictions_of_a_bundle_are_computed_once(student, faces, tmp_path, monkeypatch):
    first = TrainingBatches(student, faces, tmp_path / "run").batch(0)
    monkeypatch.setattr(distillation, "forward", None)
    again = TrainingBatches(student, faces, tmp_path / "run").batch(0)
    for label_set in student.label_sets:
        np.testing.assert_array_equal(first[1][label_set], again[1][label_set])


def test_label_set_without_a_teacher_is_refused(student, faces, tmp_path):
    with pytest.raises(TrainingError, match="lacks fer2013"):
        TrainingBatches(replace(student, teacher_bundles=("jury-tiny@1.2.3",)), faces, tmp_path)


def test_trained_weights_are_interpolated_with_a_bundle_s(student, exported, faces, tmp_path):
    recipe = replace(student, teacher_bundles=(), initial_weights="")
    run = Run(recipe, faces, tmp_path / "run")
    save_checkpoint(run)
    trained = load_trained(recipe, tmp_path / "run").get_weights()
    half = load_trained(replace(recipe, interpolated_with="jury-tiny@1.2.3", interpolation=0.5), tmp_path / "run")
    whole = load_trained(replace(recipe, interpolated_with="jury-tiny@1.2.3", interpolation=1.0), tmp_path / "run")
    for actual, one, other in zip(half.get_weights(), trained, whole.get_weights(), strict=True):
        np.testing.assert_allclose(actual, (one + other) / 2, rtol=1e-5, atol=1e-6)
    outputs = whole(faces.images[:8].astype(np.float32)[..., None], training=False)
    expected = forward(read_bundle(exported / "models/jury-tiny"))(faces.images[:8])
    np.testing.assert_allclose(np.asarray(outputs["ferplus"]), expected, atol=0.05)


def test_card_states_bundle_teachers_and_initial_weights(student, faces):
    training = _training(student, {"data_md5": faces.md5, "step": 8}, faces)
    assert training["start"]["origin"] == "the bundle jury-tiny 1.2.3 of this project"
    assert training["teachers"] == ["jury-tiny 1.2.3", "seven-tiny 1.2.3"]
    assert "for the image without augmentation" in model_card._distillation([training])
    interpolated = replace(student, interpolated_with="jury-tiny@1.2.3", interpolation=0.25)
    text = model_card._recipe(_training(interpolated, {"data_md5": faces.md5, "step": 8}, faces))
    assert "0.75 times its weights plus 0.25 times those of the bundle jury-tiny 1.2.3" in text
