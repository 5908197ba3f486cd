"""A data set from videos of noise and of scikit-image's astronaut, written here."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from training.cli import main
from training.data import image_folders, videos
from training.data.fer2013 import SPLITS
from training.errors import TrainingError
from webapp.vision.faces import Face

POINTS = {"right_eye": (0.4, 0.4), "left_eye": (0.6, 0.4), "nose": (0.5, 0.5), "mouth": (0.5, 0.6)}


def write_video(path, frames):
    """Write frames, uint8 (h, w, 3) RGB, as a video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (width, height))
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()


def noise(seed, count=20):
    return list(np.random.default_rng(seed).integers(0, 256, (count, 48, 64, 3), np.uint8))


def detect(image):
    """Two faces, the larger one second."""
    return [Face((0, 0, 0.1, 0.1), POINTS, 0.9), Face((0.2, 0.2, 0.5, 0.6), POINTS, 0.6)]


def crop(image, face):
    assert face.score == 0.6
    return cv2.resize(image[..., 0], (48, 48)).astype(np.float32)


@pytest.fixture
def recorded(tmp_path):
    """Three persons and three labels, in the three naming schemes."""
    write_video(tmp_path / "in" / "anna" / "happy.avi", noise(1))
    write_video(tmp_path / "in" / "sad" / "anna-2.avi", noise(2))
    write_video(tmp_path / "in" / "ben_happy_1.avi", noise(3))
    write_video(tmp_path / "in" / "ben_sad_1.avi", noise(4))
    write_video(tmp_path / "in" / "cleo_neutral.avi", noise(5))
    return tmp_path


def build(folder, **settings):
    lines = []
    progress = videos.build(folder / "in", folder / "out", detect, crop, report=lines.append, **settings)
    return progress, lines


@pytest.mark.parametrize(("path", "label", "person"), [
    ("anna/happy.mp4", "happiness", "anna"), ("happy/anna-2.mp4", "happiness", "anna"),
    ("anna_angry_2.mp4", "anger", "anna"), ("2024/neutral/07.mov", "neutral", "2024"), ("sad.mp4", "sadness", ""),
    ("not neutral/ben.mp4", "not neutral", "ben"), ("holiday.mp4", None, "holiday")])
def test_label_and_person_come_from_folder_or_file_name(path, label, person):
    assert videos._label_and_person(Path(path)) == (label, person)


def test_every_nth_frame_gives_the_largest_face(recorded):
    progress, _ = build(recorded, every=5)
    assert {name: result["faces"] for name, result in progress["films"].items()} == dict.fromkeys(progress["films"], 4)
    images = list((recorded / "out").rglob("*.png"))
    assert len(images) == 20
    assert all(cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape == (48, 48) for path in images)


def test_no_person_is_in_both_splits(recorded):
    progress, _ = build(recorded, validation_fraction=0.34)
    splits = {name: {path.parts[-3] for path in (recorded / "out").rglob("*.png") if name in path.name}
             for name in ("anna", "ben", "cleo")}
    assert all(len(split) == 1 for split in splits.values())
    assert sorted(progress["sides"].values()) == ["train", "train", "validation"]


def test_adding_a_person_keeps_existing_splits(recorded):
    before, _ = build(recorded)
    for name in ("aaron", "zoe", "max", "kim"):
        write_video(recorded / "in" / f"{name}_happy.avi", noise(9, 5))
    after, _ = build(recorded)
    assert before["sides"].items() <= after["sides"].items()


def test_nearly_identical_frames_are_skipped(tmp_path):
    still = noise(1, 1)[0]
    write_video(tmp_path / "in" / "anna_happy.avi", [still] * 30)
    write_video(tmp_path / "in" / "ben_happy.avi", noise(2))
    progress, _ = build(tmp_path, every=1)
    assert progress["films"]["anna_happy.avi"]["faces"] == 1
    assert progress["films"]["anna_happy.avi"]["alike"] == 29


def test_corrupt_and_unlabeled_videos_are_reported_and_skipped(recorded):
    (recorded / "in" / "dora_happy.mp4").write_bytes(b"not a video")
    whole = (recorded / "in" / "ben_sad_1.avi").read_bytes()
    (recorded / "in" / "emil_sad.avi").write_bytes(whole[:len(whole) // 2])
    write_video(recorded / "in" / "holiday.avi", noise(7, 5))
    progress, lines = build(recorded)
    assert "cannot be read" in progress["films"]["dora_happy.mp4"]["trouble"]
    assert progress["films"]["emil_sad.avi"]["trouble"].startswith("ends after")
    assert any("holiday.avi" in line and "skipped" in line for line in lines)
    assert "dora_happy.mp4" in lines[-1]
    assert progress["films"]["ben_sad_1.avi"]["faces"] == 4


def test_interrupted_build_resumes(recorded):
    calls = []

    def stopping(image):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return detect(image)

    with pytest.raises(KeyboardInterrupt):
        videos.build(recorded / "in", recorded / "out", stopping, crop, report=lambda line: None)
    assert len(json.loads((recorded / "out" / "progress.json").read_text())["films"]) == 1
    videos.build(recorded / "in", recorded / "out", stopping, crop, report=lambda line: None)
    assert len(calls) == 6 + 4 * 4
    assert len(list((recorded / "out").rglob("*.png"))) == 20
    videos.build(recorded / "in", recorded / "out", stopping, crop, report=lambda line: None)
    assert len(calls) == 22


def test_changed_settings_are_rejected(recorded):
    build(recorded)
    with pytest.raises(TrainingError, match="was built with"):
        build(recorded, every=2)


def test_result_loads_as_training_data(recorded):
    build(recorded, validation_fraction=0.34)
    faces = image_folders.load(recorded / "out", recorded / "store", report=lambda line: None)
    assert faces.label_set == "fer2013"
    assert sum(len(faces.rows(split)) for split in SPLITS) == 20
    assert len(faces.rows("PublicTest")) > 0


@pytest.mark.parametrize(("make", "message"), [
    (lambda folder: None, "no such folder"), (lambda folder: folder.mkdir(), "no videos"),
    (lambda folder: write_video(folder / "holiday.avi", noise(0, 2)), "none of the 1 videos is labeled")])
def test_folder_without_labeled_videos_raises(tmp_path, make, message):
    make(tmp_path / "in")
    with pytest.raises(TrainingError, match=message):
        build(tmp_path)


def test_command_crops_the_astronauts_face(tmp_path, capsys):
    image = data.astronaut()
    frames = [np.roll(image, 6 * number, axis=1) for number in range(10)]
    write_video(tmp_path / "recordings" / "eileen_happy.avi", frames)
    write_video(tmp_path / "recordings" / "empty_sad.avi", noise(1, 5))
    assert main(["dataset", "from-videos", str(tmp_path / "recordings"), "--every", "3", "--size", "64"]) == 0
    crops = list((tmp_path / "recordings-faces").rglob("*.png"))
    assert crops and {path.parent.name for path in crops} == {"happiness"}
    assert cv2.imread(str(crops[0]), cv2.IMREAD_UNCHANGED).shape == (64, 64)
    assert "without a face" in capsys.readouterr().out
