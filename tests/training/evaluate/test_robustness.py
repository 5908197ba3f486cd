"""Robustness: the grid of corruptions, its table and its JSON file."""

import json

import numpy as np
import pytest

from training.data.fer2013 import Faces
from training.data.labels import FER2013
from training.errors import TrainingError
from training.evaluate.bundles import Bundle
from training.evaluate.robustness import CORRUPTIONS, grid, markdown, mini_xception, write


@pytest.fixture
def bright_or_dark():
    """Faces whose label depends on brightness alone: 3 (happiness) bright, 0 (anger) dark."""
    labels = np.array([0, 3] * 20, np.uint8)
    images = np.where(labels == 3, 200, 40).astype(np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2)
    return Faces(images, labels, np.ones(40, np.uint8), None, "md5")


def by_brightness(images):
    scores = np.zeros((len(images), len(FER2013)))
    bright = images.mean(axis=(1, 2)) > 100
    scores[bright, 3] = 1
    scores[~bright, 0] = 1
    return scores


def test_grid_shows_which_corruptions_reduce_accuracy(bright_or_dark):
    found = grid({"by brightness": by_brightness}, bright_or_dark, "fer2013")["by brightness"]
    assert found["undisturbed"] == 1
    assert found["rotation"] == [1, 1, 1, 1]
    assert found["low light"][0] == 0.5 and found["low light"][-1] == 0.5
    assert set(found) == {"undisturbed", *CORRUPTIONS}


def test_table_has_a_row_per_strength(bright_or_dark):
    lines = markdown(grid({"by brightness": by_brightness}, bright_or_dark, "fer2013")).splitlines()
    assert len(lines) == 3 + sum(len(strengths) for _, strengths, _ in CORRUPTIONS.values())
    assert "| low light 0.5 times | 50.0 |" in lines


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corruptions_preserve_shape_and_grow_with_strength(name):
    image = np.random.default_rng(0).integers(0, 256, (12, 12), np.uint8).repeat(4, 0).repeat(4, 1)
    _, strengths, corrupt = CORRUPTIONS[name]
    changed = [corrupt(image, strength) for strength in strengths]
    assert all(each.shape == image.shape and each.dtype == np.uint8 for each in changed)
    differences = [np.abs(each.astype(float) - image).mean() for each in changed]
    assert 0 < differences[0] < differences[-1]


def test_other_file_is_not_mini_xception(tmp_path):
    path = tmp_path / "emotion_model.hdf5"
    path.write_bytes(b"not a network")
    with pytest.raises(TrainingError, match="emotion_model.hdf5"):
        mini_xception(path)


def test_grids_of_several_commands_share_one_file(bright_or_dark, tmp_path):
    def bundle(name, label_set):
        files = {"model.keras": {"sha256": f"of {name}"}}
        return Bundle(tmp_path, {"name": name, "label_set": label_set, "files": files})

    found, path = grid({"seven": by_brightness}, bright_or_dark, "fer2013"), tmp_path / "robustness.json"
    write(found, [bundle("seven", "fer2013")], "md5", path)
    write({"jury": found["seven"]}, [bundle("jury", "ferplus")], "md5", path)
    written = json.loads(path.read_text())
    assert [each["name"] for each in written["disturbances"]] == list(CORRUPTIONS) and written["split"] == "PublicTest"
    assert set(written["networks"]) == {"seven", "jury"} and written["networks"]["jury"]["model_sha256"] == "of jury"
    assert written["networks"]["seven"]["low light"] == found["seven"]["low light"]
    write({"seven": found["seven"] | {"undisturbed": 0.25}}, [bundle("seven", "fer2013")], "md5", path)
    assert {name: each["undisturbed"] for name, each in json.loads(path.read_text())["networks"].items()} == {
        "seven": 0.25, "jury": round(found["seven"]["undisturbed"], 5)}, "the new measurement replaces the old one"
    write(found, [bundle("seven", "fer2013")], "other data", path)
    assert set(json.loads(path.read_text())["networks"]) == {"seven"}
    path.write_text("[")
    with pytest.raises(TrainingError, match="robustness.json"):
        write(found, [bundle("seven", "fer2013")], "md5", path)
