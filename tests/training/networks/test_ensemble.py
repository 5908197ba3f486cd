"""Ensembles, with and without the mirror image: predictions on every runtime, and their bundle."""

import json

import keras
import numpy as np
import pytest

from training.evaluate.bundles import read_bundle
from training.evaluate.figures import figures
from training.evaluate.metrics import log_softmax, softmax
from training.evaluate.predictions import keras_logits, mirror_views, predict, ten_crops
from training.evaluate.test_set import TestSet
from training.networks.residual import residual
from webapp.vision.keras_networks import ensemble


def network(seed, **shape):
    keras.utils.set_random_seed(seed)
    model = residual({"fer2013": 7}, **{"stem": 4, "widths": (6, 8), "blocks": (1, 1)} | shape)
    return keras.Model(model.input, model.output["fer2013"], name="fer2013")


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (20, 48, 48)).astype(np.uint8)


@pytest.mark.parametrize("count, mirrored", [(1, True), (2, False), (3, True)])
def test_ensemble_averages_log_probabilities(images, count, mirrored):
    members = [network(seed, dropout=0.1 * seed) for seed in range(count)]
    views = mirror_views(images) if mirrored else [images]
    expected = np.mean([log_softmax(keras_logits(each, view)) for each in members for view in views], axis=0)
    model = ensemble(members, mirrored)
    np.testing.assert_allclose(keras_logits(model, images), expected, atol=1e-5)
    assert model.count_params() == sum(each.count_params() for each in members)
    if mirrored:
        np.testing.assert_allclose(keras_logits(model, images[:, :, ::-1]), expected, atol=1e-5)


def test_ten_crops_are_corners_center_and_mirror_images(images):
    crops = ten_crops(images)
    assert len(crops) == 10 and all(crop.shape == images.shape and crop.dtype == np.uint8 for crop in crops)
    np.testing.assert_array_equal(crops[1], crops[0][:, :, ::-1])
    assert abs(int(crops[0][3, 0, 0]) - int(images[3, 0, 0])) <= 12       # the upper left corner stays in the corner
    assert abs(int(crops[6][3, -1, -1]) - int(images[3, -1, -1])) <= 12   # and the lower right
    uniform = np.full((1, 48, 48), 77, np.uint8)
    assert all((crop == 77).all() for crop in ten_crops(uniform))


def test_averaging_over_views_averages_log_probabilities(exported, images):
    from training.data import fer2013
    faces = fer2013.load(exported / "fer.csv", exported / "fer2013new.csv", any_md5=True)

    def run(images):      # the label increases with the brightness of the left half
        return np.eye(7)[np.clip(images[:, :, :24].mean((1, 2)) // 40, 0, 6).astype(int)] * 3

    plain = predict(run, faces, "fer2013", "PublicTest")
    both = predict(run, faces, "fer2013", "PublicTest", mirror_views)
    rows = faces.images[plain.rows]
    np.testing.assert_allclose(both.logits, (log_softmax(run(rows)) + log_softmax(run(rows[:, :, ::-1]))) / 2)


def test_bundle_of_an_ensemble_with_the_mirror_image(exported, tiny, tmp_path, run_command):
    status, _, err = run_command(
        "export", exported / "run", exported / "run", "--mirrored", "--label-set", "fer2013", "--name", "seven-both",
        "--version", "1.0.0", "--models", tmp_path, "--data", exported / "fer.csv", "--any-md5")
    assert status == 0, err
    bundle, alone = read_bundle(tmp_path / "seven-both"), read_bundle(exported / "models" / "seven-tiny")
    training = bundle.card["training"]
    assert training["mirrored"] is True and training["recipe"] == "tiny + tiny" and len(training["members"]) == 2
    assert training["epochs"] == 4 and " && " in training["command"]
    details = bundle.card["model_card"]["model_details"]
    assert details.count("Recipe tiny, seed 0, 2 epochs") == 2 and "trained from scratch" in details
    assert bundle.card["multiply_adds"] == 4 * alone.card["multiply_adds"]
    assert bundle.card["parameters"] == 2 * alone.card["parameters"]
    # The same run twice, mirrored, predicts the same as the run with flip averaging.
    from training.data import fer2013
    tests = TestSet(fer2013.load(exported / "fer.csv", exported / "fer2013new.csv", any_md5=True))
    averaged = figures(alone, tests, "PublicTest", ("flip_averaging", "ten_crop_averaging"))
    assert bundle.card["figures"]["PublicTest"]["as_published"]["accuracy"]["value"] == pytest.approx(
        averaged["flip_averaging"]["accuracy"]["value"], abs=1e-4)
    crops = averaged["ten_crop_averaging"]
    least = next(crops[name] for name in crops if name.startswith("recall_of_"))
    assert 0 <= least["value"] <= crops["accuracy"]["value"] <= 1 and 0 < least["faces"] < crops["accuracy"]["faces"]
    assert "mirror image" in bundle.card["model_card"]["model_details"]
    model = json.loads((tmp_path / "seven-both" / "tfjs" / "model.json").read_text())
    assert {"ReverseV2", "ConcatV2", "LogSoftmax"} <= {node["op"] for node in model["modelTopology"]["node"]}
    served = keras.saving.load_model(tmp_path / "seven-both" / "model.keras", compile=False)
    assert np.abs(softmax(keras_logits(served, tests.faces.images)).sum(1) - 1).max() < 1e-6


def test_missing_run_is_named_in_the_error(exported, run_command):
    status, _, err = run_command("export", exported / "run", exported / "none", "--label-set", "fer2013", "--name",
                                 "seven-both", "--version", "1.0.0", "--data", exported / "fer.csv", "--any-md5")
    assert status == 2 and "none: no such run" in err
