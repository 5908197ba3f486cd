"""Face detection: bounding boxes and landmarks from MediaPipe's BlazeFace (full range), run in LiteRT.

static/js/vision/faces.js repeats this arithmetic step by step.

Letterbox. An image of `w x h` px and a long side `L` give `k = L / max(w, h)`,
`nw = max(1, floor(w k + 0.5))` and `nh = max(1, floor(h k + 0.5))`. Of the available networks with long side
`L`, the one with the fewest pixels that holds `nw x nh` is used; its input is `W x H`. The image is resized
to `nw x nh`: by area averaging if k < 1, otherwise bilinearly in steps of 1/256, which gives the same
result on every machine; values are rounded to integers. It is placed at `px = floor((W - nw) / 2)`,
`py = floor((H - nh) / 2)` on black, and the input is `RGB / 127.5 - 1`.
An image whose long side is HALVE_FROM px or more, and at least twice the largest `L`, is first halved to
`floor(w / 2) x floor(h / 2)` by area averaging. Resizing a large image for each `L` then costs a third.

Decoding. Output cell `j` has its anchor at `((j mod W/4 + 0.5) 4, (floor(j / (W/4)) + 0.5) 4)` px. Its 16
values are the offset of the box's center from the anchor, the width, the height, and the offsets of six key
points (right eye, left eye, nose, mouth, and two ears, which are not used). A coordinate `x` of the input is
the fraction `(x - px) / nw` of the image. The score is the sigmoid of the logit. Weighted non-maximum
suppression merges the cells above the threshold. Landmarks are most accurate when the face is about
BEST_WIDTH px wide in the network's input, so only the cells from the `L` closest to that are averaged.
"""

import json
import math
import os
import queue
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from .crops import LANDMARKS

# Long sides (px) the image is resized to; 128 finds a face that fills the image, 512 finds small ones.
LIVE_LONG_SIDES = (128, 256)
PHOTO_LONG_SIDES = (128, 256, 512)
STRIDE = 4                  # px of the input per output cell
SAME_FACE_IOU = 0.3         # boxes that overlap more than this are one face
BEST_WIDTH = 64             # px of a face in the network's input at which its landmarks are most accurate
HALVE_FROM = 1536           # px of the image's long side
REFINE_LONG_SIDE = 192      # the second pass over one face ...
REFINE_WINDOW = 2.5         # ... sees a square of this many times the box's longer side ...
REFINE_THRESHOLD = 0.3      # ... accepts this score ...
REFINE_IOU = 0.5            # ... and this overlap with the first box


class DetectorMissingError(Exception):
    """The face detector's files are missing; the message says what to run."""


@dataclass(frozen=True)
class Face:
    """A detected face, in fractions of the image; values beyond 0-1 are outside of it.

    box: (x, y, width, height). landmarks: each name of LANDMARKS to (x, y); right and left are the
    person's own. score: 0-1.
    """

    box: tuple
    landmarks: dict
    score: float


class FaceDetector:
    """Detects faces. Thread-safe."""

    def __init__(self, folder, threads=1):
        """folder: static/detector. threads: per run of a network. Raises DetectorMissingError."""
        folder = Path(folder)
        try:
            sizes = json.loads((folder / "detector.json").read_text())["sizes"]
        except (OSError, ValueError, KeyError) as error:
            raise DetectorMissingError(f"{folder}: face detector files missing; run `make detector`") from error
        self._networks = {(width, height): _Network(folder / f"full_range_{width}x{height}.tflite", threads)
                          for width, height in sizes}
        self.long_sides = sorted({max(size) for size in self._networks})

    def detect(self, image, long_sides=LIVE_LONG_SIDES, threshold=0.5, refine=False):
        """The faces in `image`: a list of Face, highest score first.

        image: uint8 (h, w, 3), RGB, upright. long_sides: px to which the image's long side is resized;
        several form an image pyramid. threshold: minimum score. refine: locate the landmarks again in a
        window around each face, which halves the error of the eyes and costs one small run per face.
        """
        resized = _halve_if_large(image, max(long_sides))
        found = [self._search(resized, long_side, threshold) for long_side in long_sides]
        faces = suppress(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        return [self._refined(image, face) for face in faces] if refine else faces

    def _search(self, image, long_side, threshold):
        """(points float64 (n, 6, 2), scores (n,), widths (n,)) of the cells above the threshold.

        points: two corners of the box, then LANDMARKS, in fractions. widths: px, of the face in the network's input.
        """
        height, width = image.shape[:2]
        (inner_width, inner_height), size = self._letterbox(width, height, long_side)
        offset = np.array([(size[0] - inner_width) // 2, (size[1] - inner_height) // 2])
        values, logits = self._networks[size].run(_letterboxed(image, (inner_width, inner_height), offset, size))
        scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -80, 80)))
        cells = np.flatnonzero(scores > threshold)
        rows, columns = np.divmod(cells, size[0] // STRIDE)
        anchors = (np.stack([columns, rows], axis=1) + 0.5) * STRIDE
        values = values[cells].astype(np.float64)
        centers, halves = values[:, 0:2], values[:, 2:4] / 2
        landmarks = values[:, 4:4 + 2 * len(LANDMARKS)].reshape(-1, len(LANDMARKS), 2)
        points = np.concatenate([np.stack([centers - halves, centers + halves], axis=1), landmarks], axis=1)
        points = (points + anchors[:, None] - offset) / (inner_width, inner_height)
        return points, scores[cells], values[:, 2]

    def _letterbox(self, width, height, long_side):
        """((nw, nh), (W, H)) as defined in the module docstring."""
        scale = long_side / max(width, height)
        inner = tuple(max(1, math.floor(side * scale + 0.5)) for side in (width, height))
        sizes = [size for size in self._networks
                 if max(size) == long_side and size[0] >= inner[0] and size[1] >= inner[1]]
        if not sizes:
            raise ValueError(f"`long_sides` must be among {self.long_sides}, got {long_side}")
        return inner, min(sizes, key=math.prod)

    def _refined(self, image, face):
        """The face with landmarks from a second pass over a window around it."""
        height, width = image.shape[:2]
        x, y, box_width, box_height = np.array(face.box) * (width, height, width, height)
        side = REFINE_WINDOW * max(box_width, box_height)
        left, right = _span(x + box_width / 2, side, width)
        top, bottom = _span(y + box_height / 2, side, height)
        if right <= left or bottom <= top:
            return face
        scale, shift = np.array([right - left, bottom - top]) / (width, height), np.array([left / width, top / height])
        window = image[top:bottom, left:right]
        points, scores, widths = self._search(window, REFINE_LONG_SIDE, REFINE_THRESHOLD)
        candidates = suppress(points * scale + shift, scores, widths)
        best = max(candidates, key=lambda other: iou(face.box, other.box), default=None)
        if best is None or iou(face.box, best.box) < REFINE_IOU:
            return face
        return Face(face.box, best.landmarks, face.score)


class _Network:
    """The network for one input size: a pool of interpreters, created on demand, each used by one thread at a time."""

    def __init__(self, path, threads):
        if not path.is_file():
            raise DetectorMissingError(f"{path}: face detector file missing; run `make detector`")
        self._path, self._threads = path, threads
        self._idle: queue.LifoQueue[Interpreter | None] = queue.LifoQueue()
        for _ in range(os.cpu_count() or 1):
            self._idle.put(None)

    def run(self, pixels):
        """(values float32 (cells, 16), logits float32 (cells,)) for pixels: float32 (1, H, W, 3) in -1..1."""
        interpreter = self._idle.get()
        try:
            interpreter = interpreter or self._interpreter()
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
            interpreter.invoke()
            outputs = [interpreter.get_tensor(one["index"])[0] for one in interpreter.get_output_details()]
        finally:
            self._idle.put(interpreter)
        values, logits = sorted(outputs, key=lambda output: -output.shape[-1])
        return values, logits[:, 0]

    def _interpreter(self):
        interpreter = Interpreter(model_path=str(self._path), num_threads=self._threads)
        interpreter.allocate_tensors()
        return interpreter


def suppress(points, scores, widths):
    """Weighted non-maximum suppression: a list of Face, highest score first.

    points, scores, widths: as returned by `_search`. Boxes whose IoU with the best one exceeds
    SAME_FACE_IOU are one face. Its box and landmarks are score-weighted averages over the cell whose
    width is closest to BEST_WIDTH (ties: highest score) and those less than sqrt(2) wider or narrower,
    which come from the same long side.
    """
    order = np.argsort(-scores, kind="stable")
    points, scores, faces = points[order], scores[order], []
    octaves = np.log2(np.maximum(widths[order], 1) / BEST_WIDTH)
    while len(scores):
        low, high = points[:, 0], points[:, 1]
        intersection = np.clip(np.minimum(high[0], high) - np.maximum(low[0], low), 0, None).prod(axis=1)
        areas = np.clip(high - low, 0, None).prod(axis=1)
        same = intersection > SAME_FACE_IOU * (areas[0] + areas - intersection)
        same[0] = True
        closest = octaves[same][np.abs(octaves[same]).argmin()]
        chosen = same & (np.abs(octaves - closest) < 0.5)
        faces.append(_face(np.average(points[chosen], axis=0, weights=scores[chosen]), scores[0]))
        points, scores, octaves = points[~same], scores[~same], octaves[~same]
    return faces


def iou(one, other):
    """Intersection over union of two boxes (x, y, width, height)."""
    intersection = math.prod(max(0.0, min(one[i] + one[i + 2], other[i] + other[i + 2]) - max(one[i], other[i]))
                             for i in (0, 1))
    union = one[2] * one[3] + other[2] * other[3] - intersection
    return intersection / union if union > 0 else 0.0


def _face(points, score):
    (left, top), (right, bottom), *landmarks = points.tolist()
    return Face((left, top, right - left, bottom - top),
                {name: tuple(point) for name, point in zip(LANDMARKS, landmarks, strict=True)}, float(score))


def _halve_if_large(image, long_side):
    height, width = image.shape[:2]
    if max(width, height) < max(HALVE_FROM, 2 * long_side) or min(width, height) < 2:
        return image
    return cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)


def _letterboxed(image, inner, offset, size):
    """The network's input: the image resized to `inner`, at `offset` on black; float32 (1, H, W, 3) in -1..1."""
    shrinks = inner[0] < image.shape[1]
    resized = cv2.resize(image, inner, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR_EXACT)
    pixels = np.full((1, size[1], size[0], 3), -1, np.float32)
    x, y = offset
    pixels[0, y:y + inner[1], x:x + inner[0]] = resized.astype(np.float32) / 127.5 - 1
    return pixels


def _span(center, side, limit):
    """Pixel range [start, stop) of length `side` around `center`, clipped to [0, limit)."""
    start = math.floor(center - side / 2 + 0.5)
    return max(0, start), min(limit, start + math.floor(side + 0.5))
