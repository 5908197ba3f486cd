"""A data set from videos: films of moving squares and of scikit-image's astronaut, made here."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from training.cli import main
from training.data import class_folders, videos
from training.data.fer2013 import SPLITS
from training.errors import TrainingError
from webapp.vision.faces import Face

POINTS = {"right_eye": (0.4, 0.4), "left_eye": (0.6, 0.4), "nose": (0.5, 0.5), "mouth": (0.5, 0.6)}


def film(path, frames):
    """Write frames, uint8 (h, w, 3) RGB, as a video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (width, height))
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()


def noise(seed, count=20):
    return list(np.random.default_rng(seed).integers(0, 256, (count, 48, 64, 3), np.uint8))


def detect(picture):
    """Two faces, the larger one second."""
    return [Face((0, 0, 0.1, 0.1), POINTS, 0.9), Face((0.2, 0.2, 0.5, 0.6), POINTS, 0.6)]


def crop(picture, face):
    assert face.score == 0.6
    return cv2.resize(picture[..., 0], (48, 48)).astype(np.float32)


@pytest.fixture
def filmed(tmp_path):
    """Three persons, two labels, told in three ways."""
    film(tmp_path / "in" / "anna" / "happy.avi", noise(1))
    film(tmp_path / "in" / "sad" / "anna-2.avi", noise(2))
    film(tmp_path / "in" / "ben_happy_1.avi", noise(3))
    film(tmp_path / "in" / "ben_sad_1.avi", noise(4))
    film(tmp_path / "in" / "cleo_neutral.avi", noise(5))
    return tmp_path


def build(folder, **settings):
    said = []
    progress = videos.build(folder / "in", folder / "out", detect, crop, say=said.append, **settings)
    return progress, said


@pytest.mark.parametrize(("path", "label", "person"), [
    ("anna/happy.mp4", "happiness", "anna"), ("happy/anna-2.mp4", "happiness", "anna"),
    ("anna_angry_2.mp4", "anger", "anna"), ("2024/neutral/07.mov", "neutral", "2024"), ("sad.mp4", "sadness", ""),
    ("not neutral/ben.mp4", "not neutral", "ben"), ("holiday.mp4", None, "holiday")])
def test_label_and_person_are_told_by_folder_or_name(path, label, person):
    assert videos._label_and_person(Path(path)) == (label, person)


def test_every_nth_frame_gives_the_largest_face(filmed):
    progress, _ = build(filmed, every=5)
    assert {name: result["faces"] for name, result in progress["films"].items()} == dict.fromkeys(progress["films"], 4)
    pictures = list((filmed / "out").rglob("*.png"))
    assert len(pictures) == 20
    assert all(cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape == (48, 48) for path in pictures)


def test_no_person_stands_on_both_sides(filmed):
    progress, _ = build(filmed, share=0.34)
    sides = {name: {path.parts[-3] for path in (filmed / "out").rglob("*.png") if name in path.name}
             for name in ("anna", "ben", "cleo")}
    assert all(len(side) == 1 for side in sides.values())
    assert sorted(progress["sides"].values()) == ["train", "train", "validation"]


def test_a_person_filmed_later_moves_nobody(filmed):
    before, _ = build(filmed)
    for name in ("aaron", "zoe", "max", "kim"):
        film(filmed / "in" / f"{name}_happy.avi", noise(9, 5))
    after, _ = build(filmed)
    assert before["sides"].items() <= after["sides"].items()


def test_frames_nearly_the_same_are_left_out(tmp_path):
    still = noise(1, 1)[0]
    film(tmp_path / "in" / "anna_happy.avi", [still] * 30)
    film(tmp_path / "in" / "ben_happy.avi", noise(2))
    progress, _ = build(tmp_path, every=1)
    assert progress["films"]["anna_happy.avi"]["faces"] == 1
    assert progress["films"]["anna_happy.avi"]["alike"] == 29


def test_corrupt_and_nameless_videos_are_said_and_skipped(filmed):
    (filmed / "in" / "dora_happy.mp4").write_bytes(b"no video at all")
    whole = (filmed / "in" / "ben_sad_1.avi").read_bytes()
    (filmed / "in" / "emil_sad.avi").write_bytes(whole[:len(whole) // 2])
    film(filmed / "in" / "holiday.avi", noise(7, 5))
    progress, said = build(filmed)
    assert "cannot be read" in progress["films"]["dora_happy.mp4"]["trouble"]
    assert progress["films"]["emil_sad.avi"]["trouble"].startswith("ends after")
    assert any("holiday.avi" in line and "skipped" in line for line in said)
    assert "dora_happy.mp4" in said[-1]
    assert progress["films"]["ben_sad_1.avi"]["faces"] == 4


def test_it_goes_on_where_it_was_stopped(filmed):
    looked = []

    def stopping(picture):
        looked.append(1)
        if len(looked) == 6:
            raise KeyboardInterrupt
        return detect(picture)

    with pytest.raises(KeyboardInterrupt):
        videos.build(filmed / "in", filmed / "out", stopping, crop, say=lambda line: None)
    assert len(json.loads((filmed / "out" / "progress.json").read_text())["films"]) == 1
    videos.build(filmed / "in", filmed / "out", stopping, crop, say=lambda line: None)
    assert len(looked) == 6 + 4 * 4
    assert len(list((filmed / "out").rglob("*.png"))) == 20
    videos.build(filmed / "in", filmed / "out", stopping, crop, say=lambda line: None)
    assert len(looked) == 22


def test_settings_may_not_change_half_way(filmed):
    build(filmed)
    with pytest.raises(TrainingError, match="begun with"):
        build(filmed, every=2)


def test_the_result_is_data_to_train_on(filmed):
    build(filmed, share=0.34)
    faces = class_folders.load(filmed / "out", filmed / "store", say=lambda line: None)
    assert faces.label_set == "fer2013"
    assert sum(len(faces.rows(split)) for split in SPLITS) == 20
    assert len(faces.rows("PublicTest")) > 0


@pytest.mark.parametrize(("make", "message"), [
    (lambda folder: None, "no such folder"), (lambda folder: folder.mkdir(), "no videos"),
    (lambda folder: film(folder / "holiday.avi", noise(0, 2)), "none of the 1 videos is labelled")])
def test_a_folder_without_labelled_videos_is_one_line(tmp_path, make, message):
    make(tmp_path / "in")
    with pytest.raises(TrainingError, match=message):
        build(tmp_path)


def test_the_command_finds_the_astronauts_face(tmp_path, capsys):
    picture = data.astronaut()
    frames = [np.roll(picture, 6 * number, axis=1) for number in range(10)]
    film(tmp_path / "films" / "eileen_happy.avi", frames)
    film(tmp_path / "films" / "empty_sad.avi", noise(1, 5))
    assert main(["dataset", "from-videos", str(tmp_path / "films"), "--every", "3", "--size", "64"]) == 0
    made = list((tmp_path / "films-faces").rglob("*.png"))
    assert made and {path.parent.name for path in made} == {"happiness"}
    assert cv2.imread(str(made[0]), cv2.IMREAD_UNCHANGED).shape == (64, 64)
    assert "without a face" in capsys.readouterr().out
