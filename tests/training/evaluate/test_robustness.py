import json

import numpy as np
import pytest

from training.data.fer2013 import Faces
from training.data.labels import FER2013
from training.errors import TrainingError
from training.evaluate.predictions import Bundle
from training.evaluate.robustness import DISTURBANCES, grid, markdown, mini_xception, write


@pytest.fixture
def bright_or_dark():
    """Faces whose label is told by their light alone: 3 (happiness) bright, 0 (anger) dark."""
    labels = np.array([0, 3] * 20, np.uint8)
    images = np.where(labels == 3, 200, 40).astype(np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2)
    return Faces(images, labels, np.ones(40, np.uint8), None, "made")


def by_light(images):
    scores = np.zeros((len(images), len(FER2013)))
    bright = images.mean(axis=(1, 2)) > 100
    scores[bright, 3] = 1
    scores[~bright, 0] = 1
    return scores


def test_the_grid_shows_what_a_network_leans_on(bright_or_dark):
    found = grid({"by light": by_light}, bright_or_dark, "fer2013")["by light"]
    assert found["undisturbed"] == 1
    assert found["rotation"] == [1, 1, 1, 1]
    assert found["low light"][0] == 0.5 and found["low light"][-1] == 0.5
    assert set(found) == {"undisturbed", *DISTURBANCES}


def test_the_table_has_a_row_a_strength(bright_or_dark):
    lines = markdown(grid({"by light": by_light}, bright_or_dark, "fer2013")).splitlines()
    assert len(lines) == 3 + sum(len(strengths) for _, strengths, _ in DISTURBANCES.values())
    assert "| low light 0.5 times | 50.0 |" in lines


@pytest.mark.parametrize("name", DISTURBANCES)
def test_each_disturbance_keeps_form_and_changes_more_with_strength(name):
    image = np.random.default_rng(0).integers(0, 256, (12, 12), np.uint8).repeat(4, 0).repeat(4, 1)
    _, strengths, disturb = DISTURBANCES[name]
    changed = [disturb(image, by) for by in strengths]
    assert all(each.shape == image.shape and each.dtype == np.uint8 for each in changed)
    differences = [np.abs(each.astype(float) - image).mean() for each in changed]
    assert 0 < differences[0] < differences[-1]


def test_another_file_is_not_taken_for_mini_xception(tmp_path):
    path = tmp_path / "emotion_model.hdf5"
    path.write_bytes(b"not a network")
    with pytest.raises(TrainingError, match="emotion_model.hdf5"):
        mini_xception(path)


def test_grids_measured_one_after_the_other_stand_in_one_file(bright_or_dark, tmp_path):
    def bundle(name, label_set):
        files = {"model.keras": {"sha256": f"of {name}"}}
        return Bundle(tmp_path, {"name": name, "label_set": label_set, "files": files})

    found, path = grid({"seven": by_light}, bright_or_dark, "fer2013"), tmp_path / "robustness.json"
    write(found, [bundle("seven", "fer2013")], "made", path)
    write({"jury": found["seven"]}, [bundle("jury", "ferplus")], "made", path)
    told = json.loads(path.read_text())
    assert [each["name"] for each in told["disturbances"]] == list(DISTURBANCES) and told["split"] == "PublicTest"
    assert set(told["networks"]) == {"seven", "jury"} and told["networks"]["jury"]["model_sha256"] == "of jury"
    assert told["networks"]["seven"]["low light"] == found["seven"]["low light"]
    write({"seven": found["seven"] | {"undisturbed": 0.25}}, [bundle("seven", "fer2013")], "made", path)
    assert {name: each["undisturbed"] for name, each in json.loads(path.read_text())["networks"].items()} == {
        "seven": 0.25, "jury": round(found["seven"]["undisturbed"], 5)}, "measured again, it is the new one"
    write(found, [bundle("seven", "fer2013")], "other data", path)
    assert set(json.loads(path.read_text())["networks"]) == {"seven"}
    path.write_text("[")
    with pytest.raises(TrainingError, match="robustness.json"):
        write(found, [bundle("seven", "fer2013")], "made", path)
