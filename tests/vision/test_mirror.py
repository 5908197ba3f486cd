"""The arithmetic of static/js/vision equals that of webapp/vision."""

import base64
import json
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from webapp.vision.boxes import Face, roll, suppress
from webapp.vision.crops import LANDMARKS, CropSpec, crop
from webapp.vision.expressions import ExpressionClassifier, largest_remainder
from webapp.vision.faces import LIVE_LONG_SIDES, PHOTO_LONG_SIDES, _halve_if_large
from webapp.vision.following import Following, plan
from webapp.vision.letterbox import Letterbox
from webapp.vision.tiles import not_plain, peaks, tiles_around

SCRIPT = Path(__file__).with_name("mirror.mjs")
POINTS = ((0.31, 0.41), (0.69, 0.4), (0.5, 0.61), (0.51, 0.79))


def run_javascript(calls):
    """Results of mirror.mjs for a list of calls, {"name", ...options}."""
    done = subprocess.run(["node", SCRIPT], input=json.dumps(calls), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def as_json(image):
    height, width = image.shape[:2]
    return {"rgb": base64.b64encode(image.tobytes()).decode(), "width": width, "height": height}


@pytest.fixture
def random():
    return np.random.default_rng(4)


def make_image(random, width, height):
    """A smooth image with noise."""
    small = random.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), np.uint8)
    smooth = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + random.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)


def test_crops_match(random):
    calls, expected = [], []
    for scale in (0.03, 0.1, 0.3, 0.6, 1.2):        # of the face in the image: from enlarging to averaging over blocks
        for angle in (0, 0.4, -2.5):
            image = make_image(random, 400, 300)
            corner = np.array(POINTS) - 0.5
            rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            points = corner @ rotation.T * 300 * scale + random.uniform(0, 300, 2) + random.normal(0, 2 * scale, (4, 2))
            landmarks = {name: (x / 400, y / 300) for name, (x, y) in zip(LANDMARKS, points.tolist(), strict=True)}
            calls.append({"name": "crop", "image": as_json(image), "landmarks": landmarks,
                          "spec": {"size": 48, "points": POINTS}})
            expected.append(crop(image, Face((0, 0, 1, 1), landmarks, 1), CropSpec(48, POINTS)))
    for found, one in zip(run_javascript(calls), expected, strict=True):
        assert np.abs(np.reshape(found, (48, 48)) - one).max() < 1e-3


@pytest.mark.parametrize("size, to", [((640, 480), (256, 192)), ((1280, 720), (256, 144)), ((512, 384), (256, 192)),
                                      ((1024, 768), (256, 192)), ((333, 500), (170, 256)), ((1536, 1152), (256, 192))])
def test_shrinking_matches_opencv_inter_area(random, size, to):
    image = make_image(random, *size)
    found, = run_javascript([{"name": "resize", "image": as_json(image), "width": to[0], "height": to[1]}])
    difference = np.abs(np.reshape(found, (to[1], to[0], 3)) - cv2.resize(image, to, interpolation=cv2.INTER_AREA))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-4


@pytest.mark.parametrize("size, to", [((100, 75), (256, 192)), ((200, 150), (512, 384)), ((33, 51), (83, 128)),
                                      ((48, 31), (256, 165)), ((300, 500), (307, 512))])
def test_enlarging_matches_opencv_inter_linear_exact(random, size, to):
    image = make_image(random, *size)
    found, = run_javascript([{"name": "resize", "image": as_json(image), "width": to[0], "height": to[1]}])
    expected = cv2.resize(image, to, interpolation=cv2.INTER_LINEAR_EXACT)
    assert np.array_equal(np.reshape(found, expected.shape), expected)


@pytest.mark.parametrize("size, long_side, halves", [
    ((2000, 1500), 512, True), ((1537, 1025), 512, True), ((1101, 1536), 256, True), ((1535, 1024), 512, False),
    ((1600, 400), 1024, False), ((2000, 1), 512, False)])
def test_large_images_are_halved_before_detection(random, size, long_side, halves):
    image = make_image(random, *size)
    found, = run_javascript([{"name": "halve", "image": as_json(image), "longSide": long_side}])
    expected = _halve_if_large(image, long_side)
    assert expected.shape[1::-1] == tuple(side // 2 if halves else side for side in size)
    assert (found["width"], found["height"]) == expected.shape[1::-1]
    pixels = np.frombuffer(base64.b64decode(found["rgb"]), np.uint8).reshape(expected.shape)
    difference = np.abs(pixels - expected.astype(int))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3       # the mean of four values is often close to .5


LETTERBOXES = [((64, 48), (128, 96), 0), ((90, 68), (128, 128), 45), ((90, 68), (128, 128), -45),
               ((128, 61), (128, 128), 17.3), ((35, 128), (192, 192), -161)]


@pytest.mark.parametrize("inner, size, rotation", LETTERBOXES)
@pytest.mark.parametrize("light", [1, 0.1])
def test_network_inputs_match(random, inner, size, rotation, light):
    image = (make_image(random, 400, 300) * light).astype(np.uint8)
    found, = run_javascript([{"name": "fill", "image": as_json(image),
                              "letterbox": {"inner": inner, "size": size, "rotation": rotation}}])
    expected = Letterbox(inner, size, rotation).fill(image)
    assert expected.min() >= -1 and expected.max() <= 1
    difference = np.abs(np.reshape(found, expected.shape) - expected)
    assert difference.max() <= 10 / 127.5       # an integer rounded the other way, times the gain
    assert (difference > 1e-4).mean() < 1e-3


@pytest.mark.parametrize("inner, size, rotation", LETTERBOXES)
def test_positions_in_the_image_match(random, inner, size, rotation):
    points = random.uniform(0, 128, (20, 2))
    found, = run_javascript([{"name": "positions", "points": points.tolist(),
                              "letterbox": {"inner": inner, "size": size, "rotation": rotation}}])
    letterbox = Letterbox(inner, size, rotation)
    assert np.allclose(found, letterbox.fractions(letterbox.unrotated(points)))


def test_letterboxes_match(detector):
    shapes = [(640, 480), (480, 640), (350, 350), (1280, 720), (300, 900), (2000, 400), (1, 1)]
    cases = [(*shape, side) for shape in shapes for side in sorted({*LIVE_LONG_SIDES, *PHOTO_LONG_SIDES})]
    found = run_javascript([{"name": "letterbox", "width": width, "height": height, "longSide": side,
                             "sizes": detector.sizes} for width, height, side in cases])
    for case, one in zip(cases, found, strict=True):
        expected = detector.letterbox(*case)
        assert (one["inner"], one["size"]) == (list(expected.inner), list(expected.size))


def test_rolls_match(random):
    angles, faces = random.uniform(-180, 180, 20), []
    for angle in np.radians(angles):
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        points = (np.array(POINTS) - 0.5) @ rotation.T + random.normal(0, 0.01, (4, 2))
        faces.append({name: (x / 1.5, y) for name, (x, y) in zip(LANDMARKS, points.tolist(), strict=True)})
    found = run_javascript([{"name": "roll", "landmarks": landmarks, "aspect": 1.5} for landmarks in faces])
    expected = np.array([roll(Face((0, 0, 1, 1), landmarks, 1), 1.5) for landmarks in faces])
    assert np.allclose(found, expected)
    assert np.abs((angles - expected + 180) % 360 - 180).max() < 8


def test_reduce_matches_pillow(random):
    image = make_image(random, 101, 77)
    found, = run_javascript([{"name": "reduce", "image": as_json(image), "factor": 3}])
    expected = np.asarray(Image.fromarray(image).reduce(3))
    assert np.abs(np.reshape(found, (*expected.shape[:2], 4))[..., :3] - expected).max() <= 1


def test_votes_match(random):
    rows = random.dirichlet(np.full(8, 0.5), 300)
    rows = np.concatenate([rows, np.round(rows[:100], 1) + 1e-9, [[0.125] * 8], [[0.05] * 2 + [0.15] * 6]])
    found = run_javascript([{"name": "votes", "probabilities": row.tolist()} for row in rows])
    assert np.array_equal(found, [largest_remainder(row) for row in rows])


def test_softmax_matches():
    found, = run_javascript([{"name": "softmax", "logits": [1.5, -2, 300, 299], "temperature": 1.3}])
    powers = np.exp((np.array([1.5, -2, 300, 299]) - 300) / 1.3)
    assert np.allclose(found, powers / powers.sum(), atol=1e-7)


def test_suppression_matches(random):
    centers = random.uniform(0.2, 0.8, (5, 2))
    corners = [np.concatenate([one - 0.08, one + 0.08]) for one in centers]
    points = np.array([np.concatenate([corners[i % 5], random.uniform(0, 1, 8)]) + random.normal(0, 0.01, 12)
                       for i in range(30)])
    scores, widths = random.uniform(0.4, 1, 30), random.choice([20, 40, 80, 160], 30) * random.uniform(0.9, 1.1, 30)
    found, = run_javascript([{"name": "suppress", "candidates": [
        {"points": row, "score": score, "width": width}
            for row, score, width in zip(points.tolist(), scores.tolist(), widths.tolist(), strict=True)]}])
    expected = suppress(points.reshape(30, 6, 2), scores, widths)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert np.allclose(one["box"], other.box) and one["score"] == pytest.approx(other.score)
        assert all(np.allclose(one["landmarks"][name], other.landmarks[name]) for name in LANDMARKS)


@pytest.mark.parametrize("balanced", [None, {"offsets": [-0.4, 0.1, 0.3, 0.0]}])
def test_balanced_predictions_match(random, balanced):
    card = {"name": "a", "version": "1.0.0", "label_set": "ferplus", "labels": list("abcd"), "input": {"size": 48},
            "crop": {"points": dict(zip(LANDMARKS, POINTS, strict=True))}, "calibration": {"temperature": 1.0},
            "unsure": {"threshold": 0.4}} | ({"balanced": balanced} if balanced else {})
    faces = random.dirichlet(np.full(4, 0.5), 50).tolist()
    found = run_javascript([{"name": "balanced", "card": card, "probabilities": face} for face in faces])
    expected = [ExpressionClassifier(card, None, "litert").balanced(face) for face in faces]
    if balanced is None:
        assert found == expected == [None] * len(faces)
    else:
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_peaks_match(random):
    logits = random.normal(-4, 2, (24, 32)).astype(np.float32)
    logits[3:5, 3:5] = 1        # equal neighbors are peaks, all of them
    found, = run_javascript([{"name": "peaks", "logits": logits.ravel().tolist(), "columns": 32, "minimum": 0.05}])
    assert found == peaks(logits.ravel(), 32, 0.05).tolist()
    assert {3 * 32 + 3, 3 * 32 + 4, 4 * 32 + 3, 4 * 32 + 4} <= set(found)


def test_traces_in_plain_parts_match(random):
    pixels = random.normal(0, 3 / 127.5, (64, 96, 3)).astype(np.float32)     # a wall ...
    pixels[20:40, 30:60] *= 9                                                # ... with something on it
    letterbox = Letterbox((80, 60), (96, 64))
    centers, halves = random.uniform(-0.1, 1.1, (60, 2)), random.uniform(0.001, 0.2, (60, 1))
    points = np.concatenate([centers - halves, centers + halves, np.zeros((60, 8))], axis=1)
    scores = random.uniform(0, 1, 60)
    traces = [{"points": row, "score": score} for row, score in zip(points.tolist(), scores.tolist(), strict=True)]
    found, = run_javascript([{"name": "notPlain", "traces": traces, "input": pixels.ravel().tolist(),
                              "letterbox": {"inner": letterbox.inner, "size": letterbox.size}}])
    kept = not_plain((points.reshape(60, 6, 2), scores, np.zeros(60)), pixels, letterbox)[1]
    assert found == kept.tolist() and 10 < len(kept) < 50


@pytest.mark.parametrize("size", [(640, 480), (300, 500), (1000, 750), (1280, 300), (90, 60)])
def test_tiles_match(random, size):
    centers, halves = random.uniform(0, 1, (40, 2)), random.uniform(0.005, 0.1, (40, 1))
    points = np.concatenate([centers - halves, centers + halves, random.uniform(0, 1, (40, 8))], axis=1)
    scores = random.uniform(0.05, 0.9, 40)
    face = Face((0.2, 0.3, 0.4, 0.4), {name: (0, 0) for name in LANDMARKS}, 0.9)
    traces = [{"points": row, "score": score} for row, score in zip(points.tolist(), scores.tolist(), strict=True)]
    found, = run_javascript([{"name": "tiles", "size": size, "longSide": 512, "faces": [{"box": face.box}],
                              "traces": traces}])
    tiles = tiles_around((points.reshape(40, 6, 2), scores, np.zeros(40)), [face], size, 512)
    assert 1 <= len(tiles) < 40 and {letterbox.size[0] for _, letterbox in tiles} <= {64, 128}
    assert [(one["span"], one["letterbox"]["inner"], one["letterbox"]["size"]) for one in found] == [
        (list(span), list(letterbox.inner), list(letterbox.size)) for span, letterbox in tiles]
    for center in centers:      # every trace outside of the face is in a tile
        x, y = center * size
        in_face = 0.2 < center[0] < 0.6 and 0.3 < center[1] < 0.7
        assert in_face or any(left <= x <= right and top <= y <= bottom for (left, top, right, bottom), _ in tiles)


@pytest.mark.parametrize("unlike", [None, {"threshold": 0.6}])
def test_probabilities_distances_and_the_sign_match(random, unlike):
    card = {"name": "a", "version": "1.0.0", "label_set": "ferplus", "labels": list("abcd"), "input": {"size": 48},
            "crop": {"points": dict(zip(LANDMARKS, POINTS, strict=True))}, "calibration": {"temperature": 1.5},
            "unsure": {"threshold": 0.4}} | ({"unlike": unlike} if unlike else {})
    outputs = random.normal(0.6, 0.3, (40, 5 if unlike else 4)).astype(np.float32)
    found, = run_javascript([{"name": "predictions", "card": card, "outputs": outputs.tolist()}])
    classifier = ExpressionClassifier(card, lambda crops: outputs[crops[:, 0, 0, 0].astype(int)], "litert")
    crops = np.zeros((40, 48, 48), np.float32)
    crops[:, 0, 0] = np.arange(40)
    for one, row in zip(found, classifier.predictions(crops), strict=True):
        np.testing.assert_allclose(one["probabilities"], row[:-1], atol=1e-6)
        assert one["unlike"] == classifier.unlike(row[-1])
        assert one["distance"] is None if unlike is None else one["distance"] == pytest.approx(row[-1], abs=1e-6)
    assert not unlike or 0 < sum(one["unlike"] for one in found) < 40


def test_parts_to_follow_match(random, detector):
    calls, expected = [], []
    for width, height in [(640, 480), (480, 640), (1280, 720), (1000, 400), (333, 500), (50, 40)] * 4:
        faces = []
        for side, (x, y), angle in zip(np.exp(random.uniform(-4, 0.3, 3)), random.uniform(-0.1, 0.9, (3, 2)),
                                       random.choice([0, 0.2, 0.7, -1.5], 3), strict=True):
            rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            points = ((np.array(POINTS) - 0.5) @ rotation.T + 0.5) * side * (1, width / height) + (x, y)
            landmarks = {name: tuple(point) for name, point in zip(LANDMARKS, points.tolist(), strict=True)}
            faces.append(Face((x, y, side, side * width / height), landmarks, 0.9))
        calls.append({"name": "plan", "faces": [vars(face) for face in faces], "width": width, "height": height,
                      "sizes": detector.sizes})
        expected.append(plan(detector, faces, width, height))
    for found, plans in zip(run_javascript(calls), expected, strict=True):
        assert [[(part["span"], part["letterbox"]["inner"], part["letterbox"]["size"],
                  part["letterbox"].get("rotation", 0)) for part in own] for own in found] == \
               [[(list(part.span), list(part.letterbox.inner), list(part.letterbox.size), part.letterbox.rotation)
                 for part in own] for own in plans]


@pytest.mark.parametrize("min_followed", [0, 1])
def test_frames_that_are_followed_match(random, min_followed):
    frames, time = [], 0
    for _ in range(300):
        time += random.choice([20, 33, 70, 150, 400, -50], p=[0.3, 0.3, 0.2, 0.1, 0.05, 0.05]).item()
        frames.append({"size": random.choice([640, 480], p=[0.97, 0.03]).item() * np.array([1, 1]), "time": time,
                       "scores": random.choice([0.59, 0.6, 0.9], random.integers(0, 3), p=[0.05, 0.05, 0.9]).tolist(),
                       "followed": bool(random.random() < 0.9)})
        frames[-1]["size"] = frames[-1]["size"].tolist()
    state, expected = Following(min_followed), []
    for frame in frames:
        faces = state.next(tuple(frame["size"]), frame["time"])
        state.update(range(len(frame["scores"])), frame["scores"], frame["followed"] and bool(faces))
        expected.append(faces)
    assert run_javascript([{"name": "following", "minFollowed": min_followed, "frames": frames}]) == [expected]
    assert 20 < sum(map(bool, expected)) < 280
