"""The face detector's input: the image resized, brightened if it is dark, rotated, and placed on black.

static/js/vision/letterbox.js repeats this arithmetic step by step.

An image of `w x h` px and a long side `L` give `k = L / max(w, h)`, `nw = max(1, floor(w k + 0.5))` and
`nh = max(1, floor(h k + 0.5))`. The image is resized to `nw x nh`: by area averaging if k < 1, otherwise
bilinearly in steps of 1/256, which gives the same result on every machine; values are rounded to integers.
The level of the image is the lowest value that at least BRIGHT_FRACTION of the values do not exceed. If it is below
DARK_LEVEL, the values are multiplied by `min(MAX_GAIN, DARK_LEVEL / max(1, level))` and clipped at 255; a face lit in
front of black keeps its brightness. The result is placed at `px = floor((W - nw) / 2)`, `py = floor((H - nh) / 2)` on
black in the input of `W x H` px, and the input is `RGB / 127.5 - 1`.

A rotation by `t` degrees (positive: clockwise) is about the center of the placed image,
`c = (px + nw / 2, py + nh / 2)`. A point `q` of the input has the position `c + R (q - c)` before rotation, with
`R = [[cos t, sin t], [-sin t, cos t]]`. The pixel whose center is `q` is a bilinear sample at this position,
rounded to 1/32 px (as in cv2.remap), with black outside of the image.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

DARK_LEVEL = 128            # of 0-255
BRIGHT_FRACTION = 0.99
MAX_GAIN = 8
MAX_FLOAT = 1_000_000       # values that are resized as float32, with the same result in three quarters of the time


@dataclass(frozen=True)
class Letterbox:
    """Where the image is in the input.

    inner: (nw, nh), px. size: (W, H) of the input, px. rotation: degrees, positive: clockwise.
    """

    inner: tuple
    size: tuple
    rotation: float = 0

    @property
    def offset(self):
        """(px, py) of the unrotated image."""
        return tuple((side - inner) // 2 for side, inner in zip(self.size, self.inner, strict=True))

    @property
    def has_border(self):
        """Whether there is a border of at least half of the image's size."""
        return 2 * max(self.inner) <= max(self.size)

    @property
    def center(self):
        """The center of the image, float64 (2,), px."""
        return np.array(self.offset) + np.array(self.inner) / 2

    def fill(self, image):
        """The input, float32 (1, H, W, 3) in -1..1, for an image, uint8 (h, w, 3)."""
        resized = resize(image, self.inner)
        values = _values(resized)
        if self.rotation:
            return _scaled(self._rotated(cv2.LUT(resized, values)))[None]
        pixels = np.full((1, self.size[1], self.size[0], 3), -1, np.float32)
        x, y = self.offset
        pixels[0, y:y + self.inner[1], x:x + self.inner[0]] = cv2.LUT(resized, _scaled(values))
        return pixels

    def unrotated(self, points):
        """Positions before rotation of points of the input: float64 (..., 2), px."""
        if not self.rotation:
            return points
        cos, sin = self._cos_sin()
        return (points - self.center) @ np.array([[cos, -sin], [sin, cos]]) + self.center

    def fractions(self, points):
        """Positions before rotation, float64 (..., 2), px, as fractions of the image."""
        return (points - np.array(self.offset)) / self.inner

    def _cos_sin(self):
        return math.cos(math.radians(self.rotation)), math.sin(math.radians(self.rotation))

    def _rotated(self, image):
        """float32 (H, W, 3): `image`, float32 (nh, nw, 3), rotated, on black."""
        cos, sin = self._cos_sin()
        across, down = (np.arange(side) + 0.5 - center for side, center in zip(self.size, self.center, strict=True))
        x = np.add.outer(sin * down, cos * across) + self.inner[0] / 2 - 0.5
        y = np.add.outer(cos * down, -sin * across) + self.inner[1] / 2 - 0.5
        return cv2.remap(image, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)


def inner_size(width, height, long_side):
    """(nw, nh) as defined in the module docstring."""
    scale = long_side / max(width, height)
    return tuple(max(1, math.floor(side * scale + 0.5)) for side in (width, height))


def resize(image, size):
    """The image, uint8 (h, w, 3), resized to (width, height) as described in the module docstring."""
    height, width = image.shape[:2]
    if size[0] >= width:
        return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR_EXACT)
    if (width % size[0] == 0 and height % size[1] == 0) or image.size > MAX_FLOAT:
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.convertScaleAbs(cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA))


def _values(image):
    """float32 (256,): what each value of the image, uint8 (h, w, 3), becomes when it is brightened if it is dark."""
    values = np.arange(256, dtype=np.float32)
    if np.count_nonzero(image < DARK_LEVEL) < BRIGHT_FRACTION * image.size:     # the level is DARK_LEVEL at least
        return values
    counts = cv2.calcHist([image.reshape(-1, 1)], [0], None, [256], [0, 256]).ravel()
    level = int(np.searchsorted(np.cumsum(counts), BRIGHT_FRACTION * image.size))
    return np.minimum(values * np.float32(min(MAX_GAIN, DARK_LEVEL / max(1, level))), np.float32(255))


def _scaled(values):
    """float32 of 0-255 to -1..1."""
    return values / np.float32(127.5) - np.float32(1)
