"""Server and device return the same result for the same image, on every backend of the browser.

The images are synthetic. If FER2013_CSV names FER2013's csv, its faces are compared too. GRAPHICS_PICTURES sets the
number of images for WebGL and WebGPU, which take seconds per image when they run in software.
"""

import base64
import csv
import gzip
import itertools
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import synthetic_images

from webapp.vision import expressions
from webapp.vision.faces import LIVE_LONG_SIDES, PHOTO_LONG_SIDES, FaceDetector
from webapp.vision.reading import Reader

ROOT = Path(__file__).parents[2]
THRESHOLD = 0.4             # the setting photo_threshold
LIVE_NETWORK = "jury-live"
GRAPHICS = int(os.environ.get("GRAPHICS_PICTURES", 4))
LARGEST = 0.002             # maximum difference of a probability
FARTHEST = 0.01             # maximum difference of a distance from the training data
NEAR = 0.01                 # a score this close to the threshold can fall on either side
HARNESS = Path(__file__).with_name("harness.js").read_text()
SOFTWARE = {"wasm": (), "webgl": ("--enable-unsafe-swiftshader",),
            "webgpu": ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan")}


@pytest.fixture(scope="module")
def reader():
    """reader(name) -> the server's Reader with that network."""
    detector = FaceDetector(ROOT / "static/detector")
    return lambda name: Reader(detector, expressions.load(ROOT / "static/models" / name, "litert"))


@pytest.fixture
def device(open_page):
    """device(backend) -> a page with window.device; skips if this Chromium lacks the backend."""
    def start(backend):
        page = open_page("/live", flags=SOFTWARE[backend], script=HARNESS)
        page.set_default_timeout(120_000)
        found = page.evaluate("backend => device.start(backend)", backend)
        if found["backend"] != backend:
            page.errors.clear()
            pytest.skip(f"{backend}: {found['refused']}")
        return page
    return start


def as_png(image):
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def compare(page, reader, images, photos=7, name=LIVE_NETWORK):
    """(images read, faces compared, largest box error in px, largest error of a probability, of a distance).

    reader: the fixture, with the network `name`; photos: every n-th image is read as a photo, the others as camera
    frames.
    """
    read = faces = 0
    box_error = probability_error = distance_error = 0.0
    server = reader(name)
    for number, image in enumerate(images):
        png, long_sides = as_png(image), (LIVE_LONG_SIDES, PHOTO_LONG_SIDES)[number % photos == 0]
        expected = server.read(png, long_sides, THRESHOLD)
        found = page.evaluate("([png, sides, name]) => device.read(png, sides, name)",
                              [base64.b64encode(png).decode(), list(long_sides), name])
        assert found["picture"] == expected["picture"] and found["model"] == expected["model"]
        width, height = expected["picture"]["width"], expected["picture"]["height"]
        one, other = [[face for face in reading["faces"] if face["score"] > THRESHOLD + NEAR]
                      for reading in (expected, found)]
        assert len(one) == len(other), f"image {number}: {len(one)} faces on the server, {len(other)} on the device"
        for a, b in zip(one, other, strict=True):
            faces += 1
            box_error = max(box_error, *(abs(a["box"][side] - b["box"][side]) * size for side, size in
                                         (("x", width), ("y", height), ("width", width), ("height", height))))
            probability_error = max(probability_error, *(abs(a["probabilities"][label] - b["probabilities"][label])
                                                         for label in a["probabilities"]))
            assert set(a) == set(b)
            distance_error = max(distance_error, abs(a.get("distance", 0) - b.get("distance", 0)))
        read += 1
    return read, faces, box_error, probability_error, distance_error


@pytest.mark.parametrize("backend, name, count", [
    ("wasm", LIVE_NETWORK, 208), ("wasm", "jury-pocket", 208), ("wasm", "jury-strong", 16),
    ("wasm", "seven-live", 16), ("wasm", "seven-pocket", 16),
    ("webgl", LIVE_NETWORK, GRAPHICS), ("webgpu", LIVE_NETWORK, GRAPHICS)])
def test_results_match_the_server(device, reader, backend, name, count):
    found = compare(device(backend), reader, synthetic_images.make(count), name=name)
    report(f"{name}, {backend}", found)
    assert found[1] >= count // 2
    assert found[2] <= 1
    assert found[3] <= LARGEST and found[4] <= FARTHEST


def report(title, found):
    print(f"{title}: {found[0]} images, {found[1]} faces, boxes within {found[2]:.3f} px, "
          f"probabilities within {found[3]:.5f}, distances within {found[4]:.4f}")


def test_results_of_large_photos_match_the_server(device, reader):
    found = compare(device("wasm"), reader, synthetic_images.make(8, seed=1, sizes=synthetic_images.LARGE), photos=1)
    assert found[0] == 8 and found[1] >= 6
    assert found[2] <= 1
    assert found[3] <= LARGEST and found[4] <= FARTHEST


@pytest.mark.skipif("FER2013_CSV" not in os.environ, reason="FER2013_CSV is not set")
@pytest.mark.parametrize("name", [LIVE_NETWORK, "jury-pocket", "jury-strong"])
def test_results_of_fer2013_match_the_server(device, reader, name):
    found = compare(device("wasm"), reader, fer2013(300), name=name)
    report(f"{name}, FER2013", found)
    assert found[1] >= 100
    assert found[2] <= 1
    assert found[3] <= LARGEST and found[4] <= FARTHEST


def fer2013(count):
    """The first images of FER2013, each on a gray frame of 2.5 times its size: uint8 (240, 240, 3)."""
    path = os.environ["FER2013_CSV"]
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as file:
        for row in itertools.islice(csv.DictReader(file), count):
            face = np.array(row["pixels"].split(), np.uint8).reshape(48, 48)
            frame = np.full((240, 240), 128, np.uint8)
            frame[72:168, 72:168] = cv2.resize(face, (96, 96), interpolation=cv2.INTER_CUBIC)
            yield np.repeat(frame[..., None], 3, 2)
