"""What stands in for the network: a reader that finds one face in every picture, and bundles that hold no network."""

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
    """Decodes as the real one, then waits `seconds` or for `gate`; `sizes` are those of the pictures it read."""

    def __init__(self, seconds=0.0):
        self.seconds, self.sizes, self.at_once, self.most_at_once = seconds, [], 0, 0
        self.gate, self._lock = threading.Event(), threading.Lock()
        self.gate.set()
        self.broken = None

    def read(self, data, long_sides, threshold, max_pixels):
        picture = images.decode(data, max_pixels)
        if self.broken:
            raise self.broken
        with self._lock:
            self.sizes.append((picture.width, picture.height))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.seconds)
        self.gate.wait(10)
        with self._lock:
            self.at_once -= 1
        return {"picture": {"width": picture.width, "height": picture.height},
                "model": {"name": "stub", "version": "1.0.0", "label_set": "ferplus"}, "faces": [FACE],
                "milliseconds": {"decode": 1.0, "faces": 2.0, "crops": 0.1, "wait": 0.0, "network": 0.5}}


def jpeg(width=64, height=48, quality=75):
    """Bytes of scikit-image's astronaut (NASA, public domain) at this size."""
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).resize((width, height)).save(file, "JPEG", quality=quality)
    return file.getvalue()


def card(name="stub", files=None, **changes):
    """A card that holds to the schema."""
    return {
        "schema": 1, "name": name, "version": "1.0.0", "title": "A stub", "licence": "MIT", "label_set": "ferplus",
        "labels": LABELS, "raters": 10, "input": {"size": 48, "channels": 1, "range": [0, 255]},
        "crop": {"points": {"right_eye": [0.3, 0.4], "left_eye": [0.7, 0.4], "nose": [0.5, 0.6], "mouth": [0.5, 0.78]},
                 "measured_on": {}},
        "calibration": {"temperature": 1.0, "chosen_on": "PublicTest"},
        "unsure": {"threshold": 0.5, "chosen_on": "PublicTest", "error_rate": 0.1, "share": 0.2, "rule": "below",
                   "against": "the raters' first choice"},
        "parameters": 1000, "multiply_adds": 1000, "files": files or {}, "parity": {},
        "figures": {"command": "", "PublicTest": None, "PrivateTest": None},
        "training": {"recipe": "stub", "command": "", "epochs": 1, "seed": 0, "data_md5": "0" * 32},
        "model_card": dict.fromkeys(["model_details", "intended_use", "factors", "metrics", "evaluation_data",
                                     "training_data", "quantitative_analyses", "ethical_considerations",
                                     "caveats_and_recommendations"], "Of a stub."),
    } | changes


def make_bundle(models, name="stub", **changes):
    """A whole bundle in the folder `models`; its folder."""
    folder = models / name
    folder.mkdir(parents=True)
    (folder / "model.tflite").write_bytes(b"no network")
    files = {"model.tflite": {"sha256": hashlib.sha256(b"no network").hexdigest(), "bytes": 10}}
    (folder / "card.json").write_text(json.dumps(card(name, files, **changes)))
    return folder
