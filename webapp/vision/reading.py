"""From the bytes of an image to its Reading: decode, detect faces, crop, classify.

A Reading is a JSON-ready dict, the same for every page, socket event, API response and command:

    {"picture": {"width", "height"},                        px of the upright image
     "model": {"name", "version", "label_set"},
     "faces": [{"box": {"x", "y", "width", "height"},       fractions of the image, as are the landmarks
                "landmarks": {name: [x, y]}, "score",
                "probabilities": {label: p}, "votes": {label: n}, "balanced": {label: p},
                "expression", "unsure", "distance", "unlike"}],
     "milliseconds": {"decode", "faces", "crops", "wait", "network"},
     "followed"}

`votes` is present only for label sets annotated by several raters, `balanced` only if the bundle's card has offsets
for it, `distance` and `unlike` only if its network outputs a distance (expressions.py), `followed` only if faces to
follow were given: whether they were followed (following.py), or the whole image was searched.
"""

import contextlib
import io
import time
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from . import following, images
from .batching import Batcher, Unbatched
from .crops import crop
from .decoding_queue import DecodingQueue
from .faces import LIVE_LONG_SIDES, Face
from .occlusion import occlusion_map

OVERSAMPLING = 3    # the decoded image has at least this many times the detector's largest long side
NO_TURN = contextlib.nullcontext()
COSTLY_IMAGES = DecodingQueue()     # of the process: every reader waits for the same turn


class AbandonedError(Exception):
    """Nobody waits for the Reading any more."""


class Reader:
    """Reads images with one face detector and one expression classifier. Thread-safe."""

    def __init__(self, detector, classifier):
        """detector: FaceDetector; classifier: ExpressionClassifier."""
        self.detector, self.classifier = detector, classifier
        self._batcher = (Unbatched if classifier.engine == "litert" else Batcher)(classifier.predictions)

    def read(self, data, long_sides=LIVE_LONG_SIDES, threshold=0.5, refine=False, max_pixels=images.MAX_PIXELS,
             abandoned: Callable[[], bool] = lambda: False, follow: Sequence[Face] | None = None,
             turn: contextlib.AbstractContextManager = NO_TURN):
        """The Reading of `data`, the bytes of an image file.

        long_sides, threshold, refine: see FaceDetector.detect. follow: the faces of the video's previous frame, if they
        may be followed (following.Following). abandoned: whether the result is no longer needed;
        called before a costly image is decoded and before faces are detected. turn: held while the decoded image is
        read; what entering it takes is part of the reading's `wait`. Raises ImageError, batching.OverloadedError,
        AbandonedError.
        """
        started = time.perf_counter()
        image = self._decode(data, max_pixels, OVERSAMPLING * max(long_sides), abandoned)
        decode = _elapsed(started)
        started = time.perf_counter()
        with turn:
            waited = _elapsed(started)
            if abandoned():
                raise AbandonedError
            reading = self.read_pixels(image.pixels, long_sides, threshold, refine, follow)
        reading["picture"] = {"width": image.width, "height": image.height}
        reading["milliseconds"] = {"decode": decode} | reading["milliseconds"]
        reading["milliseconds"]["wait"] = round(reading["milliseconds"]["wait"] + waited, 2)
        return reading

    def read_pixels(self, pixels, long_sides=LIVE_LONG_SIDES, threshold=0.5, refine=False, follow=None):
        """The Reading of `pixels`, uint8 (h, w, 3), RGB, upright; without the decode time."""
        started = time.perf_counter()
        followed = following.follow(self.detector, pixels, follow, threshold) if follow else None
        faces = followed or self.detector.detect(pixels, long_sides, threshold, refine)
        milliseconds = {"faces": _elapsed(started)}
        started = time.perf_counter()
        faces, crops = self._crop(pixels, faces)
        milliseconds |= {"crops": _elapsed(started), "wait": 0.0, "network": 0.0}
        described = []
        if faces:
            predictions, times = self._batcher.submit(np.stack(crops))
            milliseconds |= {name: round(value, 2) for name, value in times.items()}
            described = [self._describe(*pair) for pair in zip(faces, predictions, strict=True)]
        return {"picture": {"width": pixels.shape[1], "height": pixels.shape[0]}, "model": self._model(),
                "faces": described, "milliseconds": milliseconds,
                **({} if follow is None else {"followed": followed is not None})}

    def explain(self, data, landmarks=None, face=0, expression=None, long_sides=LIVE_LONG_SIDES, threshold=0.5,
                max_pixels=images.MAX_PIXELS):
        """Occlusion map of one face in `data`, the bytes of an image file (occlusion.py).

        landmarks: {name: [x, y]} of the face, as in a Reading; if None, detected face number `face` is used.
        expression: label to explain; if None, the predicted one. Returns {"model", "expression",
        "probability", "landmarks", "crop": rows of gray 0-255, "map": rows of the drop in probability}.
        Raises ImageError, LookupError if there is no such face or expression, ValueError if the landmarks
        cannot be aligned.
        """
        classifier = self.classifier
        if expression is not None and expression not in classifier.labels:
            raise LookupError(f"the model {classifier.name} has no expression {expression!r}")
        pixels = self._decode(data, max_pixels, OVERSAMPLING * max(long_sides)).pixels
        if landmarks is None:
            faces = self.detector.detect(pixels, long_sides, threshold)
            if not 0 <= face < len(faces):
                raise LookupError(f"`face` counts from 0 and the image has {len(faces)} faces, got {face}")
            landmarks = faces[face].landmarks
        gray = crop(pixels, Face((0, 0, 1, 1), landmarks, 1), classifier.crop)
        probabilities = classifier.probabilities(gray[None])[0]
        label = classifier.labels.index(expression) if expression else int(np.argmax(probabilities))
        drop = occlusion_map(classifier.probabilities, gray, label)
        return {"model": self._model(), "expression": classifier.labels[label],
                "probability": round(float(probabilities[label]), 5), "landmarks": _rounded(landmarks),
                "crop": np.rint(gray).astype(int).tolist(), "map": np.round(drop.astype(float), 5).tolist()}

    def preview(self, data, max_pixels=images.MAX_PIXELS, long_side=1280):
        """`data` as an upright JPEG (bytes) whose long side is at most `long_side` px. Raises ImageError."""
        image = Image.fromarray(self._decode(data, max_pixels, long_side).pixels)
        image.thumbnail((long_side, long_side), reducing_gap=2)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=85)
        return file.getvalue()

    def warm_up(self, long_sides=LIVE_LONG_SIDES):
        """Run the decoder, the detector and the network once, so that the first request does not wait for them."""
        self.detector.warm_up(long_sides=long_sides)
        blank = io.BytesIO()
        Image.new("RGB", (640, 480)).save(blank, "JPEG")
        self.read(blank.getvalue(), long_sides)
        self._batcher.submit(np.zeros((1, *[self.classifier.crop.size] * 2), np.float32))

    def close(self):
        """End the thread of the network after the requests that wait. The reader can still be used, without it."""
        self._batcher.close()

    def _decode(self, data, max_pixels, reduce_to, abandoned=lambda: False):
        return images.decode(data, max_pixels, reduce_to, lock=_turn(abandoned))

    def _crop(self, pixels, faces):
        """(faces, crops), without faces whose landmarks cannot be aligned."""
        pairs = []
        for face in faces:
            with contextlib.suppress(ValueError):
                pairs.append((face, crop(pixels, face, self.classifier.crop)))
        return [face for face, _ in pairs], [gray for _, gray in pairs]

    def _model(self):
        return {"name": self.classifier.name, "version": self.classifier.version,
                "label_set": self.classifier.label_set}

    def _describe(self, face, prediction):
        labels, probabilities, distance = self.classifier.labels, prediction[:-1], float(prediction[-1])
        votes, balanced = self.classifier.votes(probabilities), self.classifier.balanced(probabilities)
        unlike = self.classifier.unlike(distance)
        x, y, width, height = (round(value, 5) for value in face.box)
        return {
            "box": {"x": x, "y": y, "width": width, "height": height},
            "landmarks": _rounded(face.landmarks),
            "score": round(face.score, 4),
            "probabilities": _by_label(labels, probabilities),
            **({} if votes is None else {"votes": votes}),
            **({} if balanced is None else {"balanced": _by_label(labels, balanced)}),
            "expression": labels[int(np.argmax(probabilities))],
            "unsure": self.classifier.unsure(probabilities),
            **({} if unlike is None else {"distance": round(distance, 4), "unlike": unlike}),
        }


@contextlib.contextmanager
def _turn(abandoned):
    """Wait for the turn to decode a costly image. Raises OverloadedError, AbandonedError."""
    with COSTLY_IMAGES:
        if abandoned():
            raise AbandonedError
        yield


def _by_label(labels, probabilities):
    return {label: round(p, 5) for label, p in zip(labels, probabilities.tolist(), strict=True)}


def _rounded(landmarks):
    return {name: [round(value, 5) for value in point] for name, point in landmarks.items()}


def _elapsed(started):
    """Milliseconds since `started`, a time.perf_counter()."""
    return round((time.perf_counter() - started) * 1000, 2)
