"""Valero's rows on AffectNet itself: the commands of docs/training.md on drawn folders in its two layouts."""

import csv
import json

import cv2
import numpy as np
import pytest

from training import cli, recipes
from training.zoo import compare, tables
from training.zoo.published import AFFECTNET_ROWS

ROW = "valero.cao"
PER_LABEL = {"training": 20, "validation": 3}


def draw(path, code, number):
    """An image of 64 x 64 noise whose brightness grows with the label."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.random.default_rng(number).integers(0, 60, (64, 64)) + 20 * code
    cv2.imwrite(str(path), image.astype(np.uint8))


@pytest.fixture
def affectnet(tmp_path):
    """A folder in the csv layout: twenty training images and three validation images of each of the eleven labels."""
    folder = tmp_path / "affectnet"
    for name, count in PER_LABEL.items():
        folder.mkdir(exist_ok=True)
        with open(folder / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "expression"))
            for number in range(11 * count):
                image = f"{number % 5}/{name}{number}.png"
                draw(folder / image, number % 11, number)
                writer.writerow((image, 4, 4, 56, 56, number % 11))
    return folder


@pytest.fixture
def numpy_layout(tmp_path):
    """A folder in the layout with train_set and val_set, three images per label in each."""
    folder = tmp_path / "affectnet-numpy"
    for name in ("train_set", "val_set"):
        (folder / name / "annotations").mkdir(parents=True)
        for number in range(33):
            draw(folder / name / "images" / f"{number}.jpg", number % 11, number)
            np.save(folder / name / "annotations" / f"{number}_exp.npy", np.array(str(number % 11)))
    return folder


@pytest.fixture
def short(site, monkeypatch):
    """The row's recipe with one epoch of batches of four."""
    real = recipes.load
    monkeypatch.setattr(recipes, "load", lambda name, **changes: real(
        name, **{"epochs": 1, "batch_size": 4, **changes}))
    compare.write(ROW, {"milliseconds": {"1": 1.0, "32": 1.0}, "bytes": 5})
    return site


def run(*words):
    return cli.main([*map(str, words)])


def test_a_row_is_trained_on_a_tenth_and_measured_on_the_validation_set(affectnet, short, capsys):
    assert run("zoo", "run", ROW, "--data", affectnet, "--seeds", "1") == 0
    assert f"finished {ROW}" in capsys.readouterr().out
    result = compare.results()[ROW]
    assert result["label_set"] == "affectnet" and result["parameters"] == 6_970_728
    assert result["steps"] == 4                             # 18 images of each label, a tenth of them: two; 16 in all
    assert result["PublicTest"]["faces"] == 16 and result["PrivateTest"]["faces"] == 24
    assert result["command"].startswith(f"python -m training fit {ROW} --data AFFECTNET")
    assert result["PrivateTest"]["without_twins"] is None
    matrix = np.array(result["PrivateTest"]["confusion"])
    assert matrix.shape == (8, 8) and matrix.sum(1).tolist() == [3] * 8
    page = json.loads((short / "static" / "documents.json").read_text())["documents"]
    row = next(row for row in page[-1]["rows"] if row["recipe"] == ROW)
    assert row["affectnet"] and row["labels"][-1] == "contempt" and len(row["classes"]) == 8
    assert f"Valero: X.Cao (affectnet) | 224 | {result['parameters']:,}" in (short / "docs" / "zoo.md").read_text()


def test_every_row_is_left_on_both_layouts(affectnet, numpy_layout, short, capsys):
    for folder in (affectnet, numpy_layout):
        assert run("zoo", "left", "--data", folder, "--seeds", "1") == 0
        out = capsys.readouterr().out
        assert all(f"{row.recipe} " in out for row in AFFECTNET_ROWS)
        assert f"left: {len(AFFECTNET_ROWS)} rows" in out


def test_rows_of_the_other_data_set_are_unknown(affectnet, short, capsys):
    assert run("zoo", "left", "hameed", "--data", affectnet) == 2
    assert "'hameed' is not a row of the table; give one of: valero, " in capsys.readouterr().err


def test_every_command_is_in_the_table_until_it_is_trained():
    text = tables.markdown(tables.rows({}, []))
    for row in AFFECTNET_ROWS:
        assert f"`python -m training fit {row.recipe} --data AFFECTNET`" in text
