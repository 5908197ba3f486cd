"""AffectNet's layouts and folders of pictures, made here; pictures are drawn, never people's."""

import csv

import cv2
import numpy as np
import pytest

from training.data import affectnet, class_folders
from training.data.fer2013 import SPLITS
from training.data.labels import AFFECTNET, FER2013, NEUTRAL_OR_NOT, translate
from training.errors import TrainingError


def draw(path, grey, size=(60, 40)):
    """A picture with a square of `grey` at (10, 5), 20 pixels wide, on black."""
    picture = np.zeros(size, np.uint8)
    picture[5:25, 10:30] = grey
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


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
    """AffectNet's csv layout: 88 training rows, 22 validation rows, each of the eleven labels equally often."""
    for name, count in (("training", 88), ("validation", 22)):
        rows = [(f"{number % 3}/{name}{number}.png", number % 11) for number in range(count)]
        for picture, code in rows:
            draw(tmp_path / "pictures" / picture, 20 * code + 30)
        write_table(tmp_path / f"{name}.csv", rows)
    return tmp_path


def test_affectnet_prunes_three_labels_and_splits_nine_to_one(tables):
    faces = affectnet.load(tables, tables / "pictures", size=32)
    assert faces.label_set == "affectnet"
    assert [len(faces.rows(split)) for split in SPLITS] == [56, 8, 16]
    assert np.bincount(faces.labels[faces.rows("PublicTest")]).tolist() == [1] * 8
    _, left_out = affectnet.annotations(tables, tables / "pictures")
    assert left_out == {"none": 10, "uncertain": 10, "no face": 10}


def test_affectnet_streams_the_face_box_from_disk(tables):
    faces = affectnet.load(tables, tables / "pictures", size=32)
    assert faces.images.shape == (80, 32, 32)
    rows = np.array([3, 40, 79])
    pictures = faces.images[rows]
    assert pictures.dtype == np.uint8
    assert [int(picture.mean()) for picture in pictures] == [20 * label + 30 for label in faces.labels[rows]]
    assert [picture.std() for picture in pictures] == [0, 0, 0]


def test_affectnet_of_numpy_annotations(tmp_path):
    for name, count in (("train_set", 40), ("val_set", 8)):
        (tmp_path / name / "annotations").mkdir(parents=True)
        for number in range(count):
            draw(tmp_path / name / "images" / f"{number}.jpg", 100)
            np.save(tmp_path / name / "annotations" / f"{number}_exp.npy", np.array(str(number % 8)))
            np.save(tmp_path / name / "annotations" / f"{number}_val.npy", np.array("0.1"))
    faces = affectnet.load(tmp_path, size=24)
    assert [len(faces.rows(split)) for split in SPLITS] == [32, 8, 8]
    assert faces.images[np.array([0])].shape == (1, 24, 24)


def test_affectnet_rows_without_a_file_are_left_out_and_none_at_all_is_an_error(tables):
    (tables / "pictures" / "0" / "training0.png").unlink()
    assert len(affectnet.load(tables, tables / "pictures").labels) == 79
    with pytest.raises(TrainingError, match="--pictures"):
        affectnet.load(tables, tables / "elsewhere")


def test_affectnet_picture_that_cannot_be_read_is_named(tables):
    faces = affectnet.load(tables, tables / "pictures")
    faces.images.annotations[5].path.write_bytes(b"no picture")
    with pytest.raises(TrainingError, match=faces.images.annotations[5].path.name):
        faces.images[np.array([5])]


@pytest.mark.parametrize(("row", "message"), [
    (("a.png", "11"), "row 1: expression '11'"), (("a.png", "-1"), "row 1"), (("a.png", "sad"), "row 1")])
def test_affectnet_wrong_label_is_named_with_its_row(tmp_path, row, message):
    write_table(tmp_path / "training.csv", [row])
    with pytest.raises(TrainingError, match=message):
        affectnet.annotations(tmp_path / "training.csv")


def test_a_file_of_another_kind_is_not_affectnet(tmp_path):
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n")
    assert not affectnet.is_layout(tmp_path / "fer2013.csv")
    assert not affectnet.is_layout(tmp_path)
    with pytest.raises(TrainingError, match="subDirectory_filePath"):
        affectnet.annotations(tmp_path / "fer2013.csv")


def test_folder_a_class_in_other_words_is_ours(tmp_path):
    for split, count in (("train", 10), ("val", 2), ("test", 3)):
        for label in ("happy", "Sad"):
            for number in range(count):
                draw(tmp_path / "own" / split / label / f"{number}.png", 90)
    faces = class_folders.load(tmp_path / "own", tmp_path / "store", say=lambda line: None)
    assert faces.label_set == "fer2013"
    assert set(faces.labels) == {FER2013.index("happiness"), FER2013.index("sadness")}
    assert [len(faces.rows(split)) for split in SPLITS] == [20, 4, 6]
    assert faces.images[np.array([0, 1])].shape == (2, 48, 48)


def test_folder_without_validation_gives_a_tenth_of_each_class(tmp_path):
    for label in ("neutral", "contempt"):
        for number in range(20):
            draw(tmp_path / "own" / label / f"{number}.png", 90)
    faces = class_folders.load(tmp_path / "own", tmp_path / "store", size=30, say=lambda line: None)
    assert faces.label_set == "affectnet"
    assert [len(faces.rows(split)) for split in SPLITS] == [36, 4, 0]
    assert faces.images.shape == (40, 30, 30)


def test_folder_of_a_class_that_is_no_expression_is_named(tmp_path):
    draw(tmp_path / "own" / "cat" / "1.png", 90)
    with pytest.raises(TrainingError, match="'cat' is no expression"):
        class_folders.load(tmp_path / "own", tmp_path / "store", say=lambda line: None)


def test_labels_are_told_by_name():
    everything = np.arange(7)
    six = translate(everything, "fer2013", "six")
    assert six[FER2013.index("disgust")] == six[FER2013.index("anger")]
    assert len(set(six)) == 6
    two = translate(everything, "fer2013", "neutral-or-not")
    assert [NEUTRAL_OR_NOT[label] for label in two] == ["not neutral"] * 6 + ["neutral"]
    assert [AFFECTNET[label] for label in translate(everything, "fer2013", "affectnet")] == list(FER2013)
    with pytest.raises(TrainingError, match="'contempt'"):
        translate(np.array([AFFECTNET.index("contempt")]), "affectnet", "fer2013")
