"""Average faces show no single image: what may be in one mean, and what is refused."""

import io
import json
import zipfile

import cv2
import drawn
import numpy as np
import pytest
from PIL import Image

from training.cli import main
from training.data import average_faces
from training.errors import TrainingError

SIDE = 48


def noise(count, seed=0):
    """Smooth random images, uint8 (count, 48, 48), that correlate little with one another."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0, 1, (count, 8, 8)).astype(np.float32)
    images = np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for image in coarse])
    return np.clip(images * 40 + 128, 0, 255).astype(np.uint8)


def build(tmp_path, images, embedding, groups=None, candidates=None):
    groups = np.arange(len(images), dtype=np.int32) if groups is None else groups
    candidates = np.arange(len(images)) if candidates is None else candidates
    path = tmp_path / average_faces.FILE
    return path, average_faces.build(path, images, embedding, candidates, groups, drawn.unaligned)


def read(path, row):
    """The stored face of `row`, uint8 (48, 48)."""
    size = average_faces.COLUMNS ** 2
    with zipfile.ZipFile(path) as archive:
        sheet = np.asarray(Image.open(io.BytesIO(archive.read(f"{row // size:06}.webp"))).convert("L"))
    top, left = (SIDE * place for place in divmod(row % size, average_faces.COLUMNS))
    return sheet[top:top + SIDE, left:left + SIDE]


def correlation(one, other):
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


def small(images):
    return average_faces._standardized(np.stack([cv2.resize(image, (24, 24)) for image in images]))


def test_a_face_is_the_mean_of_the_nearest_images_without_its_own(tmp_path):
    images, angles = noise(100), np.linspace(0, 3, 100)
    embedding = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    path, about = build(tmp_path, images, embedding)
    assert about["rows"] == 100 and about["count"] == 30
    assert about["closest_is_own"] <= 0.05 and about["own_correlation"]["p50"] < about["member_correlation"]["p50"]
    chosen = average_faces.choose(embedding, np.arange(100), np.arange(100), small(images))
    assert sorted(chosen[0].tolist()) == list(range(1, 31)), "the nearest 30, without row 0"
    standardized = average_faces._standardized(images[chosen[0]])
    assert correlation(read(path, 0), standardized.mean(axis=0)) > 0.95, "but for the compression"


def test_duplicates_count_once_and_those_of_the_row_not_at_all():
    images = noise(100)
    embedding = np.tile(np.float32([1, 0]), (100, 1))
    groups = np.arange(100, dtype=np.int32)
    groups[:20], groups[20:40] = 0, 20
    chosen = average_faces.choose(embedding, np.arange(100), groups, small(images))
    assert not set(chosen[5]) & set(range(20)), "no image of row 5's own group"
    assert len(set(chosen[5]) & set(range(20, 40))) == 1 == len(set(chosen[50]) & set(range(20)))


def test_images_that_are_alike_count_once_even_if_they_are_in_no_group():
    """The same photo in other crops and contrasts correlates less than a near-duplicate does."""
    images = noise(100)
    for row in range(1, 40):
        changed = images[0].astype(float) * 0.72 + noise(1, seed=row)[0] * 0.28
        images[row] = np.clip(changed, 0, 255)
    assert 0.85 < correlation(images[0], images[1]) < 0.95
    chosen = average_faces.choose(np.tile(np.float32([1, 0]), (100, 1)), np.arange(100),
                                  np.arange(100, dtype=np.int32), small(images))
    assert len(set(chosen[60]) & set(range(40))) == 1
    assert not set(chosen[0]) & set(range(40)), "all of them are like row 0"


def test_only_candidates_are_in_a_mean():
    embedding = np.tile(np.float32([1, 0]), (100, 1))
    chosen = average_faces.choose(embedding, np.arange(50), np.arange(100), small(noise(100)))
    assert chosen.max() < 50


def test_too_few_images_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="needs 30 different images of 20 in the training split"):
        build(tmp_path, noise(40), np.tile(np.float32([1, 0]), (40, 1)), candidates=np.arange(20))


def test_a_row_with_too_few_different_images_gets_no_face(tmp_path):
    path, about = build(tmp_path, noise(100), np.tile(np.float32([1, 0]), (100, 1)), candidates=np.arange(30))
    assert about["rows"] == 70, "the candidates themselves have 29 others"
    assert np.ptp(read(path, 3)) == 0 < np.ptp(read(path, 90))


def test_a_face_that_would_show_one_image_is_refused(tmp_path, monkeypatch):
    """29 images of one gray level but for a pixel would leave the thirtieth: the limit notices whatever the cause."""
    monkeypatch.setattr(average_faces, "ALIKE", 1.1)
    images = noise(60)
    images[1:] = images[0]
    with pytest.raises(TrainingError, match="correlates 0.99. with the image of its row, and the limit is 0.95"):
        build(tmp_path, images, np.tile(np.float32([1, 0]), (60, 1)))


def test_command_builds_faces_on_request(tmp_path, monkeypatch):
    for label in ("happy", "sad"):
        (tmp_path / "own" / label).mkdir(parents=True)
        for number, image in enumerate(noise(40, seed=len(label))):
            cv2.imwrite(str(tmp_path / "own" / label / f"{number}.png"), image)
    monkeypatch.setattr("training.cli.INSTANCE", tmp_path / "instance")
    monkeypatch.setattr("training.data.alignment.aligned", drawn.unaligned)
    out = tmp_path / "bundles" / "own"
    command = ["dataset", "build", "--data", str(tmp_path / "own"), "--out", str(out), "--models", str(tmp_path)]
    assert main([*command, "--average-faces"]) == 0
    summary = json.loads((out / "summary.json").read_text())
    assert summary["average_faces"]["rows"] == 80 and (out / "average-faces.zip").is_file()
    assert main(command) == 0
    assert "average_faces" not in json.loads((out / "summary.json").read_text())
    assert not (out / "average-faces.zip").exists(), "only on request, except for FER2013"
