"""AffectNet's layouts and image folders, built here from drawn squares."""

import csv

import cv2
import numpy as np
import pytest

from training.data import affectnet, image_folders
from training.data.fer2013 import SPLITS
from training.data.labels import AFFECTNET, FER2013, NEUTRAL_OR_NOT, translate
from training.errors import TrainingError


def draw(path, gray, size=(60, 40)):
    """An image with a square of `gray` at (10, 5), 20 pixels wide, on black."""
    image = np.zeros(size, np.uint8)
    image[5:25, 10:30] = gray
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def write_table(path, rows):
    columns = ["subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks",
               "expression", "valence", "arousal"]
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for name, code in rows:
            writer.writerow({"subDirectory_filePath": name, "face_x": 10, "face_y": 5, "face_width": 20,
                             "face_height": 20, "expression": code, "valence": -2, "arousal": -2})


@pytest.fixture
def tables(tmp_path):
    """AffectNet's csv layout: 88 training rows, 22 validation rows, with the eleven labels in turn."""
    for name, count in (("training", 88), ("validation", 22)):
        rows = [(f"{number % 3}/{name}{number}.png", number % 11) for number in range(count)]
        for image, code in rows:
            draw(tmp_path / "images" / image, 20 * code + 30)
        write_table(tmp_path / f"{name}.csv", rows)
    return tmp_path


def test_affectnet_drops_three_labels_and_holds_out_a_tenth(tables):
    faces = affectnet.load(tables, tables / "images", size=32)
    assert faces.label_set == "affectnet"
    assert [len(faces.rows(split)) for split in SPLITS] == [56, 8, 16]
    assert np.bincount(faces.labels[faces.rows("PublicTest")]).tolist() == [1] * 8
    _, left_out = affectnet.annotations(tables, tables / "images")
    assert left_out == {"none": 10, "uncertain": 10, "no face": 10}


def test_affectnet_streams_the_face_box_from_disk(tables):
    faces = affectnet.load(tables, tables / "images", size=32)
    assert faces.images.shape == (80, 32, 32)
    rows = np.array([3, 40, 79])
    images = faces.images[rows]
    assert images.dtype == np.uint8
    assert [int(image.mean()) for image in images] == [20 * label + 30 for label in faces.labels[rows]]
    assert [image.std() for image in images] == [0, 0, 0]


def test_affectnet_with_numpy_annotations(tmp_path):
    for name, count in (("train_set", 40), ("val_set", 8)):
        (tmp_path / name / "annotations").mkdir(parents=True)
        for number in range(count):
            draw(tmp_path / name / "images" / f"{number}.jpg", 100)
            np.save(tmp_path / name / "annotations" / f"{number}_exp.npy", np.array(str(number % 8)))
            np.save(tmp_path / name / "annotations" / f"{number}_val.npy", np.array("0.1"))
    faces = affectnet.load(tmp_path, size=24)
    assert [len(faces.rows(split)) for split in SPLITS] == [32, 8, 8]
    assert faces.images[np.array([0])].shape == (1, 24, 24)


def test_affectnet_skips_missing_images_and_fails_without_any(tables):
    (tables / "images" / "0" / "training0.png").unlink()
    assert len(affectnet.load(tables, tables / "images").labels) == 79
    with pytest.raises(TrainingError, match="--images"):
        affectnet.load(tables, tables / "elsewhere")


def test_affectnet_reports_an_unreadable_image(tables):
    faces = affectnet.load(tables, tables / "images")
    faces.images.annotations[5].path.write_bytes(b"not an image")
    with pytest.raises(TrainingError, match=faces.images.annotations[5].path.name):
        faces.images[np.array([5])]


@pytest.mark.parametrize(("row", "message"), [
    (("a.png", "11"), "row 1: expression must be an integer 0-10, got '11'"),
    (("a.png", "-1"), "row 1"), (("a.png", "sad"), "row 1")])
def test_affectnet_reports_the_row_of_an_invalid_label(tmp_path, row, message):
    write_table(tmp_path / "training.csv", [row])
    with pytest.raises(TrainingError, match=message):
        affectnet.annotations(tmp_path / "training.csv")


def test_other_file_is_not_affectnet(tmp_path):
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n")
    assert not affectnet.is_layout(tmp_path / "fer2013.csv")
    assert not affectnet.is_layout(tmp_path)
    with pytest.raises(TrainingError, match="subDirectory_filePath"):
        affectnet.annotations(tmp_path / "fer2013.csv")


def test_class_folders_may_use_synonyms(tmp_path):
    for split, count in (("train", 10), ("val", 2), ("test", 3)):
        for label in ("happy", "Sad"):
            for number in range(count):
                draw(tmp_path / "own" / split / label / f"{number}.png", 90)
    faces = image_folders.load(tmp_path / "own", tmp_path / "store", report=lambda line: None)
    assert faces.label_set == "fer2013"
    assert set(faces.labels) == {FER2013.index("happiness"), FER2013.index("sadness")}
    assert [len(faces.rows(split)) for split in SPLITS] == [20, 4, 6]
    assert faces.images[np.array([0, 1])].shape == (2, 48, 48)


def test_without_a_validation_folder_a_stratified_tenth_is_held_out(tmp_path):
    for label in ("neutral", "contempt"):
        for number in range(20):
            draw(tmp_path / "own" / label / f"{number}.png", 90)
    faces = image_folders.load(tmp_path / "own", tmp_path / "store", size=30, report=lambda line: None)
    assert faces.label_set == "affectnet"
    assert [len(faces.rows(split)) for split in SPLITS] == [36, 4, 0]
    assert faces.images.shape == (40, 30, 30)


def test_class_folder_that_is_not_an_expression_is_reported(tmp_path):
    draw(tmp_path / "own" / "cat" / "1.png", 90)
    with pytest.raises(TrainingError, match="'cat' is not an expression"):
        image_folders.load(tmp_path / "own", tmp_path / "store", report=lambda line: None)


def test_labels_are_translated_by_name():
    all_labels = np.arange(7)
    six = translate(all_labels, "fer2013", "six")
    assert six[FER2013.index("disgust")] == six[FER2013.index("anger")]
    assert len(set(six)) == 6
    two = translate(all_labels, "fer2013", "neutral-or-not")
    assert [NEUTRAL_OR_NOT[label] for label in two] == ["not neutral"] * 6 + ["neutral"]
    assert [AFFECTNET[label] for label in translate(all_labels, "fer2013", "affectnet")] == list(FER2013)
    with pytest.raises(TrainingError, match="'contempt'"):
        translate(np.array([AFFECTNET.index("contempt")]), "affectnet", "fer2013")
