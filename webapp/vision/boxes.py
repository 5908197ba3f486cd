"""Faces and their boxes: which boxes are one face, how far a face is rotated. static/js/vision/boxes.js repeats it."""

import math
from dataclasses import dataclass

import numpy as np

from .crops import LANDMARKS

SAME_FACE_IOU = 0.3         # boxes that overlap more than this are one face
BEST_WIDTH = 64             # px of a face in the network's input at which its landmarks are most accurate
CONTAINED = 0.6             # fraction of the smaller box inside the other above which two boxes are one face


@dataclass(frozen=True)
class Face:
    """A detected face, in fractions of the image; values beyond 0-1 are outside of it.

    box: (x, y, width, height). landmarks: each name of LANDMARKS to (x, y); right and left are the
    person's own. score: 0-1.
    """

    box: tuple
    landmarks: dict
    score: float


def suppress(points, scores, widths):
    """Weighted non-maximum suppression: a list of Face, highest score first.

    points, scores, widths: as `faces.FaceDetector._search` returns them. Boxes whose IoU with the best one exceeds
    SAME_FACE_IOU are one face. Of those with more than half of its score, its box and landmarks are averages
    over the cell whose width is closest to BEST_WIDTH (ties: highest score) and those less than sqrt(2) wider or
    narrower, which come from the same long side. The weights are the scores minus this half, so that a cell on
    the limit counts as nothing, with or without rounding errors.
    """
    order = np.argsort(-scores, kind="stable")
    points, scores, faces = points[order], scores[order], []
    octaves = np.log2(np.maximum(widths[order], 1) / BEST_WIDTH)
    while len(scores):
        low, high = points[:, 0], points[:, 1]
        intersection = _areas(np.minimum(high[0], high) - np.maximum(low[0], low))
        areas = _areas(high - low)
        same = intersection > SAME_FACE_IOU * (areas[0] + areas - intersection)
        same[0] = True
        weights = scores - scores[0] / 2
        strong = same & (weights > 0)
        closest = octaves[strong][np.abs(octaves[strong]).argmin()]
        chosen = strong & (np.abs(octaves - closest) < 0.5)
        shares = weights[chosen][:, None, None]
        faces.append(_face((points[chosen] * shares).sum(axis=0) / shares.sum(axis=0), scores[0]))
        others = ~same
        points, scores, octaves = points[others], scores[others], octaves[others]
    return faces


def iou(one, other):
    """Intersection over union of two boxes (x, y, width, height)."""
    intersection = _intersection(one, other)
    union = one[2] * one[3] + other[2] * other[3] - intersection
    return intersection / union if union > 0 else 0.0


def roll(face, aspect):
    """Rotation of the face in the image plane, -180..180 degrees, positive: clockwise. aspect: image width / height."""
    right, left, _, mouth = ((x * aspect, y) for x, y in (face.landmarks[name] for name in LANDMARKS))
    across = left[0] - right[0], left[1] - right[1]
    down = mouth[0] - (left[0] + right[0]) / 2, mouth[1] - (left[1] + right[1]) / 2
    return math.degrees(math.atan2(across[1] - down[0], across[0] + down[1]))


def is_contained(face, others):
    """Whether CONTAINED of the smaller box of `face` and any of `others` is inside the other box."""
    def smaller_area(other):
        return min(math.prod(face.box[2:]), math.prod(other.box[2:]))
    return any(_intersection(face.box, other.box) > CONTAINED * smaller_area(other) for other in others)


def _areas(sides):
    """float64 (n,): the areas of boxes with these sides, (n, 2); 0 if one is negative."""
    sides = np.maximum(sides, 0)
    return sides[:, 0] * sides[:, 1]


def _intersection(one, other):
    """Area of the intersection of two boxes (x, y, width, height)."""
    return math.prod(max(0.0, min(one[i] + one[i + 2], other[i] + other[i + 2]) - max(one[i], other[i]))
                     for i in (0, 1))


def _face(points, score):
    (left, top), (right, bottom), *landmarks = points.tolist()
    return Face((left, top, right - left, bottom - top),
                {name: tuple(point) for name, point in zip(LANDMARKS, landmarks, strict=True)}, float(score))
