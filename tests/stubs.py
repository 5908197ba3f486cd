"""Test doubles: a reader that finds one face in every image, and model bundles without a network."""

import hashlib
import io
import json
import threading
import time

import skimage.data
from PIL import Image

from webapp.vision import images

LABELS = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]
FACE = {
    "box": {"x": 0.3, "y": 0.2, "width": 0.2, "height": 0.25},
    "landmarks": {"right_eye": [0.35, 0.3], "left_eye": [0.45, 0.3], "nose": [0.4, 0.36], "mouth": [0.4, 0.42]},
    "score": 0.97,
    "probabilities": dict(zip(LABELS, [0.1, 0.7, 0.1, 0.05, 0.05, 0.0, 0.0, 0.0], strict=True)),
    "votes": {"happiness": 7, "neutral": 1, "surprise": 1, "sadness": 1},
    "expression": "happiness",
    "unsure": False,
}


class StubReader:
    """Decodes images like the real reader, then waits `seconds` and for `gate`; records the `sizes` of the images."""

    def __init__(self, seconds=0.0):
        self.seconds, self.sizes = seconds, []
        self.gate, self._lock = threading.Event(), threading.Lock()
        self.gate.set()
        self.error = None       # raised by `read` if set
        self.followed = None    # the faces that were given last

    def read(self, data, long_sides, threshold, max_pixels, abandoned=lambda: False, follow=None):
        image = images.decode(data, max_pixels)
        if self.error:
            raise self.error
        self.followed = follow or self.followed
        with self._lock:
            self.sizes.append((image.width, image.height))
        time.sleep(self.seconds)
        self.gate.wait(10)
        return {"picture": {"width": image.width, "height": image.height},
                "model": {"name": "stub", "version": "1.0.0", "label_set": "ferplus"}, "faces": [FACE],
                "milliseconds": {"decode": 1.0, "faces": 2.0, "crops": 0.1, "wait": 0.0, "network": 0.5},
                **({} if follow is None else {"followed": bool(follow)})}


def jpeg(width=64, height=48, quality=75):
    """A JPEG of scikit-image's astronaut (NASA, public domain) at this size."""
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).resize((width, height)).save(file, "JPEG", quality=quality)
    return file.getvalue()


def card(name="stub", files=None, **changes):
    """A valid card."""
    return {
        "schema": 1, "name": name, "version": "1.0.0", "title": "A stub", "licence": "MIT", "label_set": "ferplus",
        "labels": LABELS, "raters": 10, "input": {"size": 48, "channels": 1, "range": [0, 255]},
        "crop": {"points": {"right_eye": [0.3, 0.4], "left_eye": [0.7, 0.4], "nose": [0.5, 0.6], "mouth": [0.5, 0.78]},
                 "measured_on": {}},
        "calibration": {"temperature": 1.0, "chosen_on": "PublicTest"},
        "unsure": {"threshold": 0.5, "chosen_on": "PublicTest", "error_rate": 0.1, "share": 0.2, "rule": "below",
                   "against": "the plurality label"},
        "parameters": 1000, "multiply_adds": 1000, "files": files or {}, "parity": {},
        "figures": {"command": "", "PublicTest": None, "PrivateTest": None},
        "training": {"recipe": "stub", "command": "", "epochs": 1, "seed": 0, "data_md5": "0" * 32},
        "model_card": dict.fromkeys(["model_details", "intended_use", "factors", "metrics", "evaluation_data",
                                     "training_data", "quantitative_analyses", "ethical_considerations",
                                     "caveats_and_recommendations"], "Of a stub."),
    } | changes


def make_bundle(models, name="stub", **changes):
    """Write a valid bundle into the directory `models` and return its directory."""
    folder = models / name
    folder.mkdir(parents=True)
    (folder / "model.tflite").write_bytes(b"no network")
    files = {"model.tflite": {"sha256": hashlib.sha256(b"no network").hexdigest(), "bytes": 10}}
    (folder / "card.json").write_text(json.dumps(card(name, files, **changes)))
    return folder
