"""Follow faces from frame to frame: between two searches of the whole frame, only the parts around them are searched.

static/js/vision/following.js repeats this step by step.

Where. The network sees a followed face as it does in a search of the whole frame (faces.py), so boxes do not move when
a search follows: at the long side of LIVE_LONG_SIDES at which the face is closest to BEST_WIDTH, and at a second one if
the face is within TIE octaves of the limit between both. A long side whose input is no larger than WINDOW is searched
wholly. Of a larger one only a window of WINDOW px of the input is searched, or WIDE_WINDOW if the longer side of the
box is more than WIDE px there. The window is around the face and on a grid of GRID px, on which the network repeats
its answers best. What is found is verified as in a search.

When not. The whole frame must be searched if a face is lost, uncertain or cut by the edge of its window, if two faces
become one, if a window shows another face, or if the parts have more than MAX_SHARE of the pixels of a search.

How long. `Following` decides which frames of a video are searched wholly: a face that enters is found at most MAX_DELAY
ms after the first frame that shows it.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from .boxes import BEST_WIDTH, SAME_FACE_IOU, iou, is_contained, roll, suppress
from .faces import CANDIDATE_SCORE, CERTAIN_SCORE, LIVE_LONG_SIDES, TILTED
from .letterbox import Letterbox

WINDOW = (128, 96)          # px of the network's input
WIDE_WINDOW = (128, 128)
WIDE = 64                   # px
GRID = 16                   # px
TIE = 0.1                   # octaves
MAX_SHARE = 0.6
MAX_DELAY = 300             # ms


class Part(NamedTuple):
    """A part of a frame to search. span: (left, top, right, bottom), px of the frame. letterbox: of this part."""

    span: tuple
    letterbox: Letterbox


def follow(detector, image, faces, threshold=0.5):
    """The `faces` of the previous frame, found in this one, highest score first; None if it must be searched wholly.

    detector: faces.FaceDetector. image: uint8 (h, w, 3), RGB, upright. faces: list of Face. threshold: minimum score.
    """
    height, width = image.shape[:2]
    plans = plan(detector, faces, width, height)
    parts = list(dict.fromkeys(itertools.chain.from_iterable(plans)))
    pixels = _pixels(part.letterbox for part in parts)
    if not 0 < pixels <= MAX_SHARE * _searched(detector, width, height):
        return None
    minimum, candidate = max(CERTAIN_SCORE, threshold), min(CANDIDATE_SCORE, threshold)
    cells = {part: detector.search_part(image, *part, candidate) for part in parts}
    moved, seen = [], []
    for face, own in zip(faces, plans, strict=True):
        found = suppress(*(np.concatenate(each) for each in zip(*(cells[part] for part in own), strict=True)))
        best = max(found, key=lambda one: iou(face.box, one.box), default=None)
        if best is None or not any(_holds(part.span, best.box, width, height) for part in own):
            return None
        if best.score < minimum or abs(roll(best, width / height)) >= TILTED:
            best = detector.verify(image, best, candidate)
        if best is None or best.score < minimum or iou(face.box, best.box) <= SAME_FACE_IOU:
            return None
        moved.append(best)
        seen += [one for one in found if one.score >= minimum]
    merged = any(iou(one.box, other.box) > SAME_FACE_IOU for one, other in itertools.combinations(moved, 2))
    if merged or not all(is_contained(one, moved) for one in seen):
        return None
    return sorted(moved, key=lambda face: -face.score)


def plan(detector, faces, width, height):
    """A list of Part for each face in a frame of `width` x `height` px."""
    windows: list[Part] = []
    return [[_part(detector, face, long_side, windows, width, height)
             for long_side in _long_sides(face, width, height)] for face in faces]


def _long_sides(face, width, height):
    """The long sides at which a search would take the face's box and landmarks from."""
    octaves = {long_side: abs(math.log2(max(1, face.box[2] * width * long_side / max(width, height)) / BEST_WIDTH))
               for long_side in LIVE_LONG_SIDES}
    closest = min(octaves.values())
    return [long_side for long_side, octave in octaves.items() if octave <= closest + 2 * TIE]


def _part(detector, face, long_side, windows, width, height):
    """The Part for a face at one long side. windows: those of the other faces, one of which may show this face, too."""
    whole = detector.letterbox(width, height, long_side)
    if math.prod(whole.size) <= math.prod(WINDOW):
        return Part((0, 0, width, height), whole)
    scale = max(width, height) / long_side
    x, y, box_width, box_height = (value * side for value, side in zip(face.box, (width, height) * 2, strict=True))
    for window in windows:
        left, top, right, bottom = window.span
        if left <= x and x + box_width <= right and top <= y and y + box_height <= bottom:
            return window
    size = WIDE_WINDOW if max(box_width, box_height) > WIDE * scale else WINDOW
    left, right = _aligned(x + box_width / 2, size[0], scale, width)
    top, bottom = _aligned(y + box_height / 2, size[1], scale, height)
    inner = tuple(min(side, max(1, math.floor(length / scale + 0.5)))
                  for side, length in zip(size, (right - left, bottom - top), strict=True))
    windows.append(Part((left, top, right, bottom), Letterbox(inner, size)))
    return windows[-1]


def _aligned(center, side, scale, limit):
    """Pixel range [start, stop) of `side` px of the input around `center`, on the grid, within [0, limit)."""
    length = max(1, min(limit, math.floor(side * scale + 0.5)))
    start = math.floor(GRID * scale * math.floor((center - length / 2) / (GRID * scale) + 0.5) + 0.5)
    start = max(0, min(limit - length, start))
    return start, start + length


def _holds(span, box, width, height):
    """Whether the box is in the part of the frame, whose edges may only cut it where they are the frame's."""
    x, y, box_width, box_height = (value * side for value, side in zip(box, (width, height) * 2, strict=True))
    left, top, right, bottom = span
    return ((left == 0 or x >= left) and (top == 0 or y >= top)
            and (right == width or x + box_width <= right) and (bottom == height or y + box_height <= bottom))


def _searched(detector, width, height):
    """Pixels of the inputs of a search of the whole frame."""
    letterboxes = [detector.letterbox(width, height, long_side) for long_side in LIVE_LONG_SIDES]
    return _pixels(letterbox for letterbox in letterboxes if not letterbox.has_border)


def _pixels(letterboxes):
    return sum(math.prod(letterbox.size) for letterbox in letterboxes)


class Following:
    """Decides, frame by frame of one video, which faces to follow. For one thread."""

    def __init__(self, min_followed=0):
        """min_followed: frames between two searches even if a face may then be found later than MAX_DELAY, which is
        1 for a camera: a slow reader must not become slower."""
        self._min_followed, self._size, self._time = min_followed, None, -math.inf
        self._faces, self._followed, self._since = [], 0, 0.0

    def next(self, size, time):
        """The faces to follow in the next frame, as they were passed to `update`; empty: search the whole frame.

        size: (width, height), px. time: ms since any moment, of the frame in the video.
        """
        step, changed = time - self._time, size != self._size
        self._time, self._size = time, size
        if self._followed == 0:
            self._since = time
        late = time + step - self._since > MAX_DELAY and self._followed >= self._min_followed
        if changed or step < 0 or late:
            return []
        return self._faces

    def update(self, faces, scores, followed):
        """Record the faces of the frame. faces: a list of any kind; scores: of each. followed: not searched wholly."""
        certain = all(score >= CERTAIN_SCORE for score in scores)
        self._faces, self._followed = list(faces) if certain else [], self._followed + 1 if followed else 0
