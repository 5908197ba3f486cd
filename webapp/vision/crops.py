"""Cut a face out of an image as the network's input: the preprocessing of training, server and browser.

static/js/vision/crops.js repeats this arithmetic step by step, in double precision. With `(x, y)` in pixels
of the image and pixel centers at +0.5:

1. Alignment. The landmarks `p[i]` (fractions times the image's width and height) and the template's points
   `q[i]` (fractions times the crop's size), in the order right eye, left eye, nose, mouth, are complex
   numbers. The least-squares similarity without reflection (Umeyama 1991) from image to crop is
   `q = a p + b`, `a = sum(conj(p - mean p) (q - mean q)) / sum(|p - mean p|^2)`,
   `b = mean q - a mean p`. From crop to image: `p = (q - b) / a`.
2. Reduction. A crop pixel is `step = 1 / |a|` image pixels wide. The image, with its edges replicated
   without limit, is averaged over blocks of `f x f` pixels, `f = max(1, floor(step / 2 + 0.5))`; block
   `(i, j)` holds the pixels `f i .. f i + f - 1` across and `f j .. f j + f - 1` down. Then
   gray = 0.299 R + 0.587 G + 0.114 B (Rec. 601).
3. Sampling. Crop pixel `(u, v)` is the mean of four samples at `q = (u + 0.25 | 0.75, v + 0.25 | 0.75)`.
   A sample is bilinear in the reduced image at `p / f - 0.5`: with `i = floor`, `t = value - i`,
   `(1 - ty) ((1 - tx) g[j, i] + tx g[j, i+1]) + ty ((1 - tx) g[j+1, i] + tx g[j+1, i+1])`.
"""

import math
from dataclasses import dataclass

import numpy as np

LANDMARKS = ("right_eye", "left_eye", "nose", "mouth")
_GRAY = np.array([0.299, 0.587, 0.114])
_OFFSETS = (0.25, 0.75)      # of the samples within a crop pixel
MAX_CROP_SIDES = 3      # side of the crop in the image, in long sides of the image


@dataclass(frozen=True)
class CropSpec:
    """The alignment template. size: px of the square crop; points: target of each of LANDMARKS, ((x, y), ...) in
    fractions of the crop."""

    size: int
    points: tuple

    @classmethod
    def from_card(cls, card):
        """The template in a model bundle's card (a dict)."""
        return cls(card["input"]["size"], tuple(tuple(card["crop"]["points"][name]) for name in LANDMARKS))


def crop(image, face, spec):
    """The aligned crop of a face: float32 (size, size), gray 0-255.

    image: uint8 (h, w, 3), RGB. face: a Face, whose landmarks are fractions of the image. spec: CropSpec.
    Raises ValueError if the landmarks coincide, or if the crop would be larger than MAX_CROP_SIDES times
    the image's long side.
    """
    height, width = image.shape[:2]
    points = [(x * width, y * height) for x, y in (face.landmarks[name] for name in LANDMARKS)]
    a, b = similarity(points, [(x * spec.size, y * spec.size) for x, y in spec.points])
    if not spec.size / abs(a) <= MAX_CROP_SIDES * max(width, height):
        raise ValueError("the landmarks are not arranged like a face's, so it cannot be cropped")
    return _sample(image, a, b, spec.size)


def similarity(source, target):
    """Complex (a, b) of the least-squares similarity `target = a source + b`, without reflection.

    source, target: sequences of (x, y). Umeyama 1991, in closed form for the plane.
    """
    p = np.array([complex(*point) for point in source])
    q = np.array([complex(*point) for point in target])
    centered = p - p.mean()
    spread = (abs(centered) ** 2).sum()
    a = (centered.conj() * (q - q.mean())).sum() / spread if spread > 0 else 0      # 0 for NaN too
    if not abs(a) > 0:
        raise ValueError("all landmarks coincide, so the face cannot be cropped")
    return a, q.mean() - a * p.mean()


def _sample(image, a, b, size):
    block = max(1, math.floor(1 / abs(a) / 2 + 0.5))
    positions = np.add.outer(np.arange(size), _OFFSETS).ravel()
    turn, shift = 1 / (a * block), -b / (a * block)
    x = np.add.outer(-turn.imag * positions, turn.real * positions) + (shift.real - 0.5)
    y = np.add.outer(turn.real * positions, turn.imag * positions) + (shift.imag - 0.5)
    column, row = np.floor(x), np.floor(y)
    x, y = x - column, y - row
    left, top, right, bottom = (int(value) for value in (column.min(), row.min(), column.max() + 2, row.max() + 2))
    gray, width = _reduced_gray(image, block, left, top, right, bottom).ravel(), right - left
    first = ((row - top) * width + (column - left)).astype(np.intp)
    upper, lower = gray.take(first), gray.take(first + width)
    upper += x * (gray.take(first + 1) - upper)
    lower += x * (gray.take(first + width + 1) - lower)
    upper += y * (lower - upper)
    pairs = upper[:, ::2] + upper[:, 1::2]
    return ((pairs[::2] + pairs[1::2]) / 4).astype(np.float32)


def _reduced_gray(image, block, left, top, right, bottom):
    """float64 (bottom - top, right - left): mean gray of each block, with the image's edges replicated."""
    height, width = image.shape[:2]
    rows, columns = (np.clip(np.arange(start * block, stop * block), 0, limit - 1)
                     for start, stop, limit in ((top, bottom, height), (left, right, width)))
    inside = image[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    sums = _sums(inside, rows - rows[0], block, axis=0)
    sums = _sums(sums, columns - columns[0], block, axis=1)
    return sums @ _GRAY / block ** 2


def _sums(values, indices, block, axis):
    """int32: `values` at `indices` along `axis`, summed in groups of `block` by adding strided slices."""
    if len(indices) != values.shape[axis]:
        values = values.take(indices, axis)
    values = np.moveaxis(values, axis, 0)
    total = values[::block].astype(np.int32)
    for start in range(1, block):
        total += values[start::block]
    return np.moveaxis(total, 0, axis)
