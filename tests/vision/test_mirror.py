"""The browser's arithmetic, static/js/vision, gives the numbers of webapp/vision."""

import base64
import json
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from webapp.vision.crops import LANDMARKS, CropSpec, crop
from webapp.vision.expressions import largest_remainder
from webapp.vision.faces import Face, _halved, suppress

SCRIPT = Path(__file__).with_name("mirror.mjs")
POINTS = ((0.31, 0.41), (0.69, 0.4), (0.5, 0.61), (0.51, 0.79))


def mirrored(asked):
    """The answers of JavaScript to a list of dicts."""
    done = subprocess.run(["node", SCRIPT], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def as_json(picture):
    height, width = picture.shape[:2]
    return {"rgb": base64.b64encode(picture.tobytes()).decode(), "width": width, "height": height}


@pytest.fixture
def random():
    return np.random.default_rng(4)


def picture_of(random, width, height):
    """A smooth picture with noise on it."""
    small = random.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), np.uint8)
    smooth = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + random.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)


def test_crops(random):
    asked, wanted = [], []
    for scale in (0.03, 0.1, 0.3, 0.6, 1.2):        # of the face in the picture: from enlarging to blocks of several
        for turn in (0, 0.4, -2.5):
            picture = picture_of(random, 400, 300)
            corner = np.array(POINTS) - 0.5
            rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            points = corner @ rotation.T * 300 * scale + random.uniform(0, 300, 2) + random.normal(0, 2 * scale, (4, 2))
            landmarks = {name: (x / 400, y / 300) for name, (x, y) in zip(LANDMARKS, points.tolist(), strict=True)}
            asked.append({"what": "crop", "picture": as_json(picture), "landmarks": landmarks,
                          "how": {"size": 48, "points": POINTS}})
            wanted.append(crop(picture, Face((0, 0, 1, 1), landmarks, 1), CropSpec(48, POINTS)))
    for found, one in zip(mirrored(asked), wanted, strict=True):
        assert np.abs(np.reshape(found, (48, 48)) - one).max() < 1e-3


@pytest.mark.parametrize("size, to", [((640, 480), (256, 192)), ((1280, 720), (256, 144)), ((512, 384), (256, 192)),
                                      ((1024, 768), (256, 192)), ((333, 500), (170, 256)), ((1536, 1152), (256, 192))])
def test_shrinking_is_opencvs_area_average(random, size, to):
    picture = picture_of(random, *size)
    found, = mirrored([{"what": "resize", "picture": as_json(picture), "width": to[0], "height": to[1]}])
    away = np.abs(np.reshape(found, (to[1], to[0], 3)) - cv2.resize(picture, to, interpolation=cv2.INTER_AREA))
    assert away.max() <= 1
    assert (away > 0).mean() < 1e-4


@pytest.mark.parametrize("size, to", [((100, 75), (256, 192)), ((200, 150), (512, 384)), ((33, 51), (83, 128)),
                                      ((48, 31), (256, 165)), ((300, 500), (307, 512))])
def test_enlarging_is_opencvs_exact_bilinear(random, size, to):
    picture = picture_of(random, *size)
    found, = mirrored([{"what": "resize", "picture": as_json(picture), "width": to[0], "height": to[1]}])
    wanted = cv2.resize(picture, to, interpolation=cv2.INTER_LINEAR_EXACT)
    assert np.array_equal(np.reshape(found, wanted.shape), wanted)


@pytest.mark.parametrize("size, long_side, halves", [
    ((2000, 1500), 512, True), ((1537, 1025), 512, True), ((1101, 1536), 256, True), ((1535, 1024), 512, False),
    ((1600, 400), 1024, False), ((2000, 1), 512, False)])
def test_a_large_picture_is_halved_before_the_search(random, size, long_side, halves):
    picture = picture_of(random, *size)
    found, = mirrored([{"what": "halve", "picture": as_json(picture), "longSide": long_side}])
    wanted = _halved(picture, long_side)
    assert wanted.shape[1::-1] == tuple(side // 2 if halves else side for side in size)
    assert (found["width"], found["height"]) == wanted.shape[1::-1]
    away = np.abs(np.frombuffer(base64.b64decode(found["rgb"]), np.uint8).reshape(wanted.shape) - wanted.astype(int))
    assert away.max() <= 1
    assert (away > 0).mean() < 1e-3       # a mean of four is often near a half


def test_reducing_is_pillows(random):
    picture = picture_of(random, 101, 77)
    found, = mirrored([{"what": "reduce", "picture": as_json(picture), "factor": 3}])
    wanted = np.asarray(Image.fromarray(picture).reduce(3))
    assert np.abs(np.reshape(found, (*wanted.shape[:2], 4))[..., :3] - wanted).max() <= 1


def test_votes(random):
    rows = random.dirichlet(np.full(8, 0.5), 300)
    rows = np.concatenate([rows, np.round(rows[:100], 1) + 1e-9, [[0.125] * 8], [[0.05] * 2 + [0.15] * 6]])
    found = mirrored([{"what": "votes", "probabilities": row.tolist()} for row in rows])
    assert np.array_equal(found, [largest_remainder(row) for row in rows])


def test_softmax():
    found, = mirrored([{"what": "softmax", "logits": [1.5, -2, 300, 299], "temperature": 1.3}])
    powers = np.exp((np.array([1.5, -2, 300, 299]) - 300) / 1.3)
    assert np.allclose(found, powers / powers.sum(), atol=1e-7)


def test_suppression(random):
    centres = random.uniform(0.2, 0.8, (5, 2))
    corners = [np.concatenate([one - 0.08, one + 0.08]) for one in centres]
    points = np.array([np.concatenate([corners[i % 5], random.uniform(0, 1, 8)]) + random.normal(0, 0.01, 12)
                       for i in range(30)])
    scores, sizes = random.uniform(0.4, 1, 30), random.choice([20, 40, 80, 160], 30) * random.uniform(0.9, 1.1, 30)
    found, = mirrored([{"what": "suppress", "candidates": [
        {"points": row, "score": score, "size": size}
            for row, score, size in zip(points.tolist(), scores.tolist(), sizes.tolist(), strict=True)]}])
    wanted = suppress(points.reshape(30, 6, 2), scores, sizes)
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert np.allclose(one["box"], other.box) and one["score"] == pytest.approx(other.score)
        assert all(np.allclose(one["landmarks"][name], other.landmarks[name]) for name in LANDMARKS)
