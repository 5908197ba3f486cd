"""One face of a picture as the network wants it: THE preprocessing, for training, server and browser.

The arithmetic is our own so that JavaScript can mirror it number by number. With `(x, y)` in pixels
of the picture, pixel centres at +0.5, and everything in double precision:

1. Landmarks `p[i]` (fractions times the picture's width and height) and the card's points `q[i]`
   (fractions times the crop's size), in the order right eye, left eye, nose, mouth, as complex
   numbers. Least-squares similarity without reflection (Umeyama 1991), picture to crop:
   `q = a p + b`, `a = sum(conj(p - mean p) (q - mean q)) / sum(|p - mean p|^2)`,
   `b = mean q - a mean p`. Hence crop to picture: `p = (q - b) / a`.
2. A crop pixel is `step = 1 / |a|` picture pixels wide. The picture, its edges replicated without
   end, is reduced by averaging blocks of `f x f` pixels, `f = max(1, floor(step / 2 + 0.5))`, the
   block `(i, j)` holding the pixels `f i .. f i + f - 1` across and `f j .. f j + f - 1` down; then
   grey = 0.299 R + 0.587 G + 0.114 B (Rec. 601).
3. Crop pixel `(u, v)` is the mean of four samples, at `q = (u + 0.25 | 0.75, v + 0.25 | 0.75)`. A
   sample is bilinear in the reduced picture at `p / f - 0.5`: with `i = floor`, `t = value - i`,
   `(1 - ty) ((1 - tx) g[j, i] + tx g[j, i+1]) + ty ((1 - tx) g[j+1, i] + tx g[j+1, i+1])`.
"""

import math
from dataclasses import dataclass

import numpy as np

LANDMARKS = ("right_eye", "left_eye", "nose", "mouth")
_GREY = np.array([0.299, 0.587, 0.114])
_OFFSETS = (0.25, 0.75)
LARGEST = 3


@dataclass(frozen=True)
class CropSpec:
    """size: px of the square crop. points: where LANDMARKS go, ((x, y), ...) in fractions of the crop."""

    size: int
    points: tuple

    @classmethod
    def from_card(cls, card):
        """From a model bundle's card (a dict)."""
        return cls(card["input"]["size"], tuple(tuple(card["crop"]["points"][name]) for name in LANDMARKS))


def crop(picture, face, how):
    """The face's crop: float32 (size, size), grey 0-255.

    picture: uint8 (h, w, 3), RGB. face: a Face, whose landmarks are fractions of the picture.
    Raises ValueError for landmarks that make no face: all in one place, or laid out so that the crop
    would be more than LARGEST times the picture's long side.
    """
    height, width = picture.shape[:2]
    points = [(x * width, y * height) for x, y in (face.landmarks[name] for name in LANDMARKS)]
    a, b = similarity(points, [(x * how.size, y * how.size) for x, y in how.points])
    if not how.size / abs(a) <= LARGEST * max(width, height):
        raise ValueError("the landmarks are not laid out as a face's: no crop can be made of them")
    return _sample(picture, a, b, how.size)


def similarity(source, target):
    """Complex (a, b) of the least-squares similarity `target = a source + b`, without reflection.

    source, target: sequences of (x, y). Umeyama 1991, in closed form for the plane.
    """
    p = np.array([complex(*point) for point in source])
    q = np.array([complex(*point) for point in target])
    centred = p - p.mean()
    spread = (abs(centred) ** 2).sum()
    a = (centred.conj() * (q - q.mean())).sum() / spread if spread > 0 else 0      # 0 for NaN too
    if not abs(a) > 0:
        raise ValueError("the landmarks are all in one place: no crop can be made of them")
    return a, q.mean() - a * p.mean()


def _sample(picture, a, b, size):
    block = max(1, math.floor(1 / abs(a) / 2 + 0.5))
    positions = np.add.outer(np.arange(size), _OFFSETS).ravel()
    samples = (positions[None, :] + 1j * positions[:, None] - b) / a / block
    x, y = samples.real - 0.5, samples.imag - 0.5
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    x, y = x - column, y - row
    left, top = column.min(), row.min()
    grey = _reduced_grey(picture, block, left, top, column.max() + 2, row.max() + 2)
    column, row = column - left, row - top
    value = ((1 - y) * ((1 - x) * grey[row, column] + x * grey[row, column + 1])
             + y * ((1 - x) * grey[row + 1, column] + x * grey[row + 1, column + 1]))
    return value.reshape(size, 2, size, 2).mean(axis=(1, 3)).astype(np.float32)


def _reduced_grey(picture, block, left, top, right, bottom):
    """float64 (bottom - top, right - left): grey means of the blocks, edges of the picture replicated."""
    height, width = picture.shape[:2]
    rows, columns = (np.clip(np.arange(start * block, stop * block), 0, limit - 1)
                     for start, stop, limit in ((top, bottom, height), (left, right, width)))
    inside = picture[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    sums = _sums(inside, rows - rows[0], block, axis=0)
    sums = _sums(sums, columns - columns[0], block, axis=1)
    return sums @ _GREY / block ** 2


def _sums(values, indices, block, axis):
    """int32: `values` at `indices` along `axis`, summed in groups of `block`; as fast as NumPy adds slices."""
    if len(indices) != values.shape[axis]:
        values = values.take(indices, axis)
    values = np.moveaxis(values, axis, 0)
    total = values[::block].astype(np.int32)
    for start in range(1, block):
        total += values[start::block]
    return np.moveaxis(total, 0, axis)
