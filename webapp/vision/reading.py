"""The whole path: the bytes of a picture to its Reading, Contract 1 of every page, socket and command.

A Reading is a dict that goes into JSON as it is:
{"picture": {"width", "height"}, "model": {"name", "version", "label_set"}, "faces": [{"box": {"x", "y",
"width", "height"}, "landmarks": {name: [x, y]}, "score", "probabilities": {label: p}, "votes": {label: n},
"expression", "unsure"}], "milliseconds": {"decode", "faces", "crops", "wait", "network"}}.
Coordinates are fractions of the upright picture. `votes` is there for label sets judged by raters.
"""

import contextlib
import io
import threading
import time

import numpy as np
from PIL import Image

from . import images
from .batching import Batcher
from .crops import crop
from .explain import explain
from .expressions import BATCHES
from .faces import LIVE, Face

REDUCE = 3          # a picture is decoded at no less than this many times the detector's long side


class Reader:
    """Reads pictures with one detector and one network; many threads may call it at once."""

    def __init__(self, detector, expressions):
        """detector: FaceDetector; expressions: Expressions."""
        self.detector, self.expressions = detector, expressions
        self._batcher = Batcher(expressions.probabilities)
        self._large = threading.Lock()      # one large picture is decoded at a time

    def warm_up(self, long_sides=LIVE):
        """Prepare what the first picture would wait for: the decoder, the detector's nets, the network's batches."""
        blank = io.BytesIO()
        Image.new("RGB", (640, 480)).save(blank, "JPEG")
        self.read(blank.getvalue(), long_sides)
        size = self.expressions.crop.size
        for batch in BATCHES:
            self._batcher.submit(np.zeros((batch, size, size), np.float32))

    def read(self, data, long_sides=LIVE, threshold=0.5, refine=False, max_pixels=images.MAX_PIXELS):
        """The Reading of `data`, the bytes of a picture.

        long_sides, threshold, refine: as FaceDetector.detect. Raises ImageError, batching.Busy.
        """
        begun = time.perf_counter()
        picture = images.decode(data, max_pixels, reduce_to=REDUCE * max(long_sides), gate=self._large)
        decode = _since(begun)
        reading = self.read_pixels(picture.pixels, long_sides, threshold, refine)
        reading["picture"] = {"width": picture.width, "height": picture.height}
        reading["milliseconds"] = {"decode": decode} | reading["milliseconds"]
        return reading

    def read_pixels(self, pixels, long_sides=LIVE, threshold=0.5, refine=False):
        """The Reading of `pixels`, uint8 (h, w, 3), RGB, upright."""
        begun = time.perf_counter()
        faces = self.detector.detect(pixels, long_sides, threshold, refine)
        milliseconds = {"faces": _since(begun)}
        begun = time.perf_counter()
        faces, crops = self._crops(pixels, faces)
        milliseconds |= {"crops": _since(begun), "wait": 0.0, "network": 0.0}
        described = []
        if faces:
            probabilities, times = self._batcher.submit(np.stack(crops))
            milliseconds |= {name: round(value, 2) for name, value in times.items()}
            described = [self._describe(*pair) for pair in zip(faces, probabilities, strict=True)]
        return {"picture": {"width": pixels.shape[1], "height": pixels.shape[0]}, "model": self._model(),
                "faces": described, "milliseconds": milliseconds}

    def explain(self, data, landmarks=None, face=0, expression=None, long_sides=LIVE, threshold=0.5,
                max_pixels=images.MAX_PIXELS):
        """What mattered in one face of `data`, the bytes of a picture (explain.py).

        landmarks: {name: [x, y]} of the face as a Reading has them; without them face number `face` of those
        found. expression: the label to explain, the face's own without it. Returns {"model", "expression",
        "probability", "landmarks", "crop": rows of grey 0-255 as the network saw the face, "map": rows of the
        probability's fall when a place is hidden}. Raises ImageError, LookupError for a face or an
        expression that is not there, ValueError for landmarks all in one place.
        """
        network = self.expressions
        if expression is not None and expression not in network.labels:
            raise LookupError(f"the model {network.name} has no expression {expression!r}")
        pixels = images.decode(data, max_pixels, reduce_to=REDUCE * max(long_sides), gate=self._large).pixels
        if landmarks is None:
            faces = self.detector.detect(pixels, long_sides, threshold)
            if not 0 <= face < len(faces):
                raise LookupError(f"the picture has {len(faces)} faces, counted from 0; there is no face {face}")
            landmarks = faces[face].landmarks
        seen = crop(pixels, Face((0, 0, 1, 1), landmarks, 1), network.crop)
        probabilities = network.probabilities(seen[None])[0]
        label = network.labels.index(expression) if expression else int(np.argmax(probabilities))
        fall = explain(network.probabilities, seen, label)
        return {"model": self._model(), "expression": network.labels[label],
                "probability": round(float(probabilities[label]), 5),
                "landmarks": {name: [round(value, 5) for value in point] for name, point in landmarks.items()},
                "crop": np.rint(seen).astype(int).tolist(), "map": np.round(fall.astype(float), 5).tolist()}

    def preview(self, data, max_pixels=images.MAX_PIXELS, long_side=1280):
        """Bytes of a JPEG of `data`, upright, its long side at most `long_side` px. Raises ImageError."""
        image = Image.fromarray(images.decode(data, max_pixels, reduce_to=long_side, gate=self._large).pixels)
        image.thumbnail((long_side, long_side), reducing_gap=2)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=85)
        return file.getvalue()

    def _crops(self, pixels, faces):
        """(faces, their crops), without those whose landmarks make no face."""
        pairs = []
        for face in faces:
            with contextlib.suppress(ValueError):
                pairs.append((face, crop(pixels, face, self.expressions.crop)))
        return [face for face, _ in pairs], [seen for _, seen in pairs]

    def _model(self):
        network = self.expressions
        return {"name": network.name, "version": network.version, "label_set": network.label_set}

    def _describe(self, face, probabilities):
        network = self.expressions
        x, y, width, height = (round(value, 5) for value in face.box)
        shares = zip(network.labels, probabilities.tolist(), strict=True)
        described = {
            "box": {"x": x, "y": y, "width": width, "height": height},
            "landmarks": {name: [round(value, 5) for value in point] for name, point in face.landmarks.items()},
            "score": round(face.score, 4),
            "probabilities": {label: round(share, 5) for label, share in shares},
            "votes": network.votes(probabilities),
            "expression": network.labels[int(np.argmax(probabilities))],
            "unsure": network.unsure(probabilities),
        }
        if described["votes"] is None:
            del described["votes"]
        return described


def _since(begun):
    return round((time.perf_counter() - begun) * 1000, 2)
