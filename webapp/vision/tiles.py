"""Parts of an image on a grid, and the tiles in which a fine search looks for small faces.

static/js/vision/tiles.js repeats this arithmetic step by step.

A trace is a cell of a coarse search, with a low score, that may be a small face; its width is only a guess. Traces
inside of a certain face that is at least `sqrt(2) BEST_WIDTH` px wide in the fine search are left out, because the
coarse search shows this face best. The others, highest score first, get a tile each: a square of the first of TILES, px
of the network's input, that is at least twice as wide as the trace (or of the last one), around the trace but inside of
the image. A tile is never narrower than SPREAD times its trace: a larger square is shrunk into the last one. Traces in
a tile get no further one if they are at least their own width away from its edges, or MARGINS of its side; edges of the
image do not count.

The noise of a plain wall leaves traces everywhere. A trace is in a plain part of the image if the standard deviation of
the gray there, the mean of R, G and B, is below PLAIN. The part is the trace's box in the input of the coarse search,
with its edges rounded outwards to whole px, as far as it is inside of the image.
"""

import math

import cv2
import numpy as np

from .boxes import BEST_WIDTH
from .crops import LANDMARKS
from .letterbox import Letterbox, inner_size

TILES = (64, 128)                   # px of the input; those for which there is a network
SPREAD = 1.5                        # minimum side of a tile, in widths of its trace
MARGINS = (0.3, 0.4)                # minimum and maximum, of the tile's side
PLAIN = 5                           # of 0-255
LARGE = math.sqrt(2) * BEST_WIDTH   # px

NO_CELLS = np.empty((0, 2 + len(LANDMARKS), 2)), np.empty(0), np.empty(0)


def tiles_around(traces, faces, size, long_side, input_sides=TILES):
    """A list of (span, Letterbox): the tiles for the traces. span: (left, top, right, bottom), px.

    traces: (points, scores, widths) of cells, in fractions of the image. faces: Face, the certain ones. size: (width,
    height) of the image, px. long_side: px of the image in the fine search. input_sides: those of TILES to use.
    """
    points, scores, _ = traces
    scale = long_side / max(size)
    low, high = points[:, 0], points[:, 1]
    centers, widths = (low + high) / 2 * size, (high - low)[:, 0] * size[0]
    is_trace = np.full(len(scores), True)
    for face in (face for face in faces if face.box[2] * size[0] * scale >= LARGE):
        corner = np.array(face.box[:2]) * size
        is_trace &= ~((centers > corner) & (centers < corner + np.array(face.box[2:]) * size)).all(axis=1)
    order = np.argsort(-scores[is_trace], kind="stable")
    centers, widths = centers[is_trace][order], widths[is_trace][order]
    tiles: list[tuple] = []
    while len(centers):
        tiles.append(_tile(centers[0], widths[0] * scale, scale, size, input_sides))
        is_covered = _are_covered(centers, widths, tiles[-1][0], size)
        is_covered[0] = True
        centers, widths = centers[~is_covered], widths[~is_covered]
    return tiles


def not_plain(traces, pixels, letterbox):
    """The traces, as `tiles_around` takes them, whose part of the image is not plain.

    pixels: float32 (H, W, 3) in -1..1, the input of the coarse search. letterbox: where the image is in it.
    """
    points, scores, widths = traces
    start = np.array(letterbox.offset)
    low, high = (points[:, corner] * letterbox.inner + start for corner in (0, 1))
    left, top = np.maximum(np.floor(low), start).astype(int).T
    right, bottom = np.maximum(np.minimum(np.ceil(high), start + letterbox.inner), 0).astype(int).T
    parts = (pixels[top[i]:bottom[i], left[i]:right[i]] for i in range(len(scores)))
    is_kept = np.array([part.size > 0 and 127.5 * part.mean(axis=2, dtype=np.float64).std() >= PLAIN
                        for part in parts], bool)
    return points[is_kept], scores[is_kept], widths[is_kept]


def peaks(logits, columns, minimum):
    """Indices of the cells, of a map with that many columns, with a score above `minimum` and none higher beside it."""
    grid = logits.reshape(-1, columns)
    return np.flatnonzero((grid > logit(minimum)) & (grid >= cv2.dilate(grid, np.ones((3, 3), np.uint8))))


def logit(score):
    """The logit of a score between 0 and 1."""
    return math.log(score / (1 - score))


def joined(parts):
    """The cells of several searches as one."""
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def grid_of(side):
    """px, a power of two, 1/16 to 1/32 of `side`: on this grid, a window rarely depends on rounding errors."""
    return 2 ** max(0, math.floor(math.log2(max(side, 1))) - 4)


def rounded(value, grid):
    """`value` rounded to the grid."""
    return grid * math.floor(value / grid + 0.5)


def span(center, side, grid, limit):
    """Pixel range [start, stop) of length `side` around `center`, on the grid, clipped to [0, limit)."""
    start = rounded(center - side / 2, grid)
    return min(limit, max(0, start)), max(0, min(limit, start + side))


def square_part(span, side, input_side, rotation=0):
    """(span, Letterbox) of a square of `side` px, of which `span` is inside of the image.

    input_side: px of the network's square input. rotation: degrees.
    """
    width, height = span[2] - span[0], span[3] - span[1]
    long_side = min(input_side, max(1, math.floor(input_side * max(width, height) / side + 0.5)))
    return span, Letterbox(inner_size(width, height, long_side), (input_side, input_side), rotation)


def _tile(center, width, scale, size, input_sides):
    """(span, Letterbox) for a trace `width` px wide in the input, moved into the image."""
    input_side = next((side for side in input_sides if side >= 2 * width), input_sides[-1])
    side = max(input_side, SPREAD * width) / scale
    grid = grid_of(side)
    side = max(grid, rounded(side, grid))
    left, top = (max(0, min(rounded(middle - side / 2, grid), limit - side))
                 for middle, limit in zip(center, size, strict=True))
    return square_part((left, top, min(size[0], left + side), min(size[1], top + side)), side, input_side)


def _are_covered(centers, widths, span, size):
    """bool (n,): whether the traces are far enough from the edges of the tile."""
    start, stop = np.array(span[:2]), np.array(span[2:])
    side = max(stop - start)
    margins = np.clip(widths, *(share * side for share in MARGINS))[:, None]
    return ((centers > np.where(start > 0, start + margins, start))
            & (centers < np.where(stop < size, stop - margins, stop))).all(axis=1)
