"""Faces in a picture: bounding boxes and landmarks by MediaPipe's BlazeFace full-range, in LiteRT.

The letter-box, which JavaScript mirrors: a picture of `w x h` px and a long side `L` give
`k = L / max(w, h)`, `nw = max(1, floor(w k + 0.5))`, `nh = max(1, floor(h k + 0.5))`, and the offered
net of long side L with the fewest pixels that holds `nw x nh` (`W x H`). The picture is resized to
`nw x nh` (area average when k < 1, else bilinear in steps of 1/256, which is the same arithmetic on every
machine; each value rounded to a whole number) and laid at
`px = floor((W - nw) / 2)`, `py = floor((H - nh) / 2)` on black; the net's input is `RGB / 127.5 - 1`.
A picture of HALVE px or more, searched at no more than half its size, is first halved, to
`floor(w / 2) x floor(h / 2)` by area average: the three resizings of a large picture then cost a third.

The decoding: cell `j` of the output has its anchor at `((j mod W/4 + 0.5) 4, (floor(j / (W/4)) + 0.5) 4)`
px; its 16 numbers are the box's centre as an offset from the anchor, width, height, and offsets of six
key points (right eye, left eye, nose, mouth, two ears, the latter unused). A position `x` of the net's
input is the fraction `(x - px) / nw` of the picture. The score is the logit's sigmoid; cells above the
threshold are joined by weighted suppression. Its landmarks are best when a face is about BEST_SIZE px
wide to the net, so of the cells that mean one face only those of the long side nearest to that are averaged.
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

LIVE = (128, 256)           # long sides the picture is searched at; 128 for a face that fills the picture
PHOTO = (128, 256, 512)
STRIDE = 4
OVERLAP = 0.3               # intersection over union from which two boxes are one face
BEST_SIZE = 64              # px
HALVE = 1536                # px of the long side
REFINE_SIDE = 192
REFINE_SCALE = 2.5          # side of the second look, in sides of the box


class DetectorMissing(Exception):  # noqa: N818 - says what is the matter
    """The detector's files are not there; the text says what to do."""


@dataclass(frozen=True)
class Face:
    """box: (x, y, width, height); landmarks: name of LANDMARKS to (x, y), right and left as the person's
    own; all in fractions of the picture, and not cut at its edges. score: 0-1."""

    box: tuple
    landmarks: dict
    score: float


class FaceDetector:
    """Finds faces; many threads may call it at once."""

    def __init__(self, folder, threads=1):
        """folder: static/detector. threads: of one run of the net. Raises DetectorMissing."""
        folder = Path(folder)
        try:
            sizes = json.loads((folder / "detector.json").read_text())["sizes"]
        except (OSError, ValueError, KeyError) as error:
            raise DetectorMissing(f"{folder}: the face detector's files are missing; run `make detector`") from error
        self._nets = {(width, height): _Net(folder / f"full_range_{width}x{height}.tflite", threads)
                      for width, height in sizes}
        self.long_sides = sorted({max(size) for size in self._nets})

    def detect(self, picture, long_sides=LIVE, threshold=0.5, refine=False):
        """The picture's faces, a list of Face, the highest score first.

        picture: uint8 (h, w, 3), RGB, upright. long_sides: px the picture's long side is brought to;
        several make a pyramid, for small faces. threshold: of the score. refine: look at each face
        once more from near, which halves the error of the eyes and costs one small run a face.
        """
        searched = _halved(picture, max(long_sides))
        found = [self._search(searched, long_side, threshold) for long_side in long_sides]
        faces = suppress(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        return [self._refined(picture, face) for face in faces] if refine else faces

    def _search(self, picture, long_side, threshold):
        """(points float64 (n, 6, 2), scores (n,), sizes (n,)).

        points: two corners of the box, then LANDMARKS; fractions. sizes: px, width of the face to the net.
        """
        height, width = picture.shape[:2]
        (inner_width, inner_height), size = self._letter_box(width, height, long_side)
        offset = np.array([(size[0] - inner_width) // 2, (size[1] - inner_height) // 2])
        values, logits = self._nets[size].run(_fill(picture, (inner_width, inner_height), offset, size))
        scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -80, 80)))
        cells = np.flatnonzero(scores > threshold)
        rows, columns = np.divmod(cells, size[0] // STRIDE)
        anchors = (np.stack([columns, rows], axis=1) + 0.5) * STRIDE
        values = values[cells].astype(np.float64)
        centres, halves = values[:, 0:2], values[:, 2:4] / 2
        landmarks = values[:, 4:4 + 2 * len(LANDMARKS)].reshape(-1, len(LANDMARKS), 2)
        points = np.concatenate([np.stack([centres - halves, centres + halves], axis=1), landmarks], axis=1)
        points = (points + anchors[:, None] - offset) / (inner_width, inner_height)
        return points, scores[cells], values[:, 2]

    def _letter_box(self, width, height, long_side):
        """((nw, nh), (W, H)) as in the module's docstring."""
        scale = long_side / max(width, height)
        inner = tuple(max(1, math.floor(side * scale + 0.5)) for side in (width, height))
        sizes = [size for size in self._nets
                 if max(size) == long_side and size[0] >= inner[0] and size[1] >= inner[1]]
        if not sizes:
            raise ValueError(f"no detector has the long side {long_side}; there are {self.long_sides}")
        return inner, min(sizes, key=math.prod)

    def _refined(self, picture, face):
        """The face with its landmarks from a second look at it alone."""
        height, width = picture.shape[:2]
        x, y, box_width, box_height = np.array(face.box) * (width, height, width, height)
        side = REFINE_SCALE * max(box_width, box_height)
        left, right = _span(x + box_width / 2, side, width)
        top, bottom = _span(y + box_height / 2, side, height)
        if right <= left or bottom <= top:
            return face
        scale, shift = np.array([right - left, bottom - top]) / (width, height), np.array([left / width, top / height])
        points, scores, sizes = self._search(picture[top:bottom, left:right], REFINE_SIDE, 0.3)
        again = suppress(points * scale + shift, scores, sizes)
        best = max(again, key=lambda other: overlap(face.box, other.box), default=None)
        if best is None or overlap(face.box, best.box) < 0.5:
            return face
        return Face(face.box, best.landmarks, face.score)


class _Net:
    """One fixed-size net: a few interpreters, made when needed, lent to one thread at a time."""

    def __init__(self, path, threads):
        if not path.is_file():
            raise DetectorMissing(f"{path}: a file of the face detector is missing; run `make detector`")
        self._path, self._threads = path, threads
        self._idle = queue.LifoQueue()
        for _ in range(os.cpu_count() or 1):
            self._idle.put(None)

    def run(self, pixels):
        """float32 (cells, 16), float32 (cells,) logits, for pixels: float32 (1, H, W, 3) in -1..1."""
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


def suppress(points, scores, sizes):
    """Weighted suppression: boxes that overlap the best one more than OVERLAP are one face.

    Its box and landmarks are averages, weighted by score, over the cells of the one that is nearest to
    BEST_SIZE (the first of equals, by score) and those less than sqrt(2) larger or smaller, which are of
    the same long side. points, scores, sizes: as `_search` gives them. A list of Face, the highest score
    first.
    """
    order = np.argsort(-scores, kind="stable")
    points, scores, steps, faces = points[order], scores[order], np.log2(np.maximum(sizes[order], 1) / BEST_SIZE), []
    while len(scores):
        low, high = points[:, 0], points[:, 1]
        shared = np.clip(np.minimum(high[0], high) - np.maximum(low[0], low), 0, None).prod(axis=1)
        areas = np.clip(high - low, 0, None).prod(axis=1)
        same = shared > OVERLAP * (areas[0] + areas - shared)
        same[0] = True
        nearest = steps[same][np.abs(steps[same]).argmin()]
        chosen = same & (np.abs(steps - nearest) < 0.5)
        faces.append(_face(np.average(points[chosen], axis=0, weights=scores[chosen]), scores[0]))
        points, scores, steps = points[~same], scores[~same], steps[~same]
    return faces


def overlap(one, other):
    """Intersection over union of two boxes (x, y, width, height)."""
    shared = math.prod(max(0.0, min(one[i] + one[i + 2], other[i] + other[i + 2]) - max(one[i], other[i]))
                       for i in (0, 1))
    union = one[2] * one[3] + other[2] * other[3] - shared
    return shared / union if union > 0 else 0.0


def _face(points, score):
    (left, top), (right, bottom), *landmarks = points.tolist()
    return Face((left, top, right - left, bottom - top),
                {name: tuple(point) for name, point in zip(LANDMARKS, landmarks, strict=True)}, float(score))


def _halved(picture, long_side):
    height, width = picture.shape[:2]
    if max(width, height) < max(HALVE, 2 * long_side) or min(width, height) < 2:
        return picture
    return cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)


def _fill(picture, inner, offset, size):
    """The net's input: the picture resized to `inner`, at `offset` on black, float32 (1, H, W, 3) in -1..1."""
    shrinks = inner[0] < picture.shape[1]
    resized = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR_EXACT)
    pixels = np.full((1, size[1], size[0], 3), -1, np.float32)
    x, y = offset
    pixels[0, y:y + inner[1], x:x + inner[0]] = resized.astype(np.float32) / 127.5 - 1
    return pixels


def _span(centre, side, limit):
    """Whole pixels [start, stop) around `centre`, cut at 0 and `limit`."""
    start = math.floor(centre - side / 2 + 0.5)
    return max(0, start), min(limit, start + math.floor(side + 0.5))
