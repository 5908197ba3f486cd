"""Face detection: bounding boxes and landmarks from MediaPipe's BlazeFace (full range).

static/js/vision/faces.js repeats this arithmetic step by step. boxes.py decides which boxes are one face.

Search. The image is resized to each long side and placed in the network's input (letterbox.py). Of the available
networks with that long side, the one with the fewest pixels that holds the image is used. A long side of BORDERED px
takes the network of twice that side: the image then has a black border of half its size, because the
network misses faces that fill its input. This is left out if all certain faces are narrower than SMALL of the
image's long side. An image whose long side is HALVE_FROM px or more, and at least twice the
largest one searched, is first halved to `floor(w / 2) x floor(h / 2)` by area averaging. Resizing a large image for
each long side then costs a third.

The largest long side, apart from FINE px, is searched first. If it shows a certain face and no trace, down to a score
of FAINT_TRACE, of a face as wide as NARROW of the image's long side, the smaller ones are left out: they would show
those faces too small.

A long side of FINE px whose half is searched, too, is searched only in tiles around traces of small faces (tiles.py):
cells of the search of its half that have a score above FINE_TRACE and no neighbor with a higher score. If the tiles
have more than FINE_SHARE of the pixels of the whole input, the whole image is searched, unless all traces outside of
the large certain faces, down to a score of FAINT_TRACE, are in plain parts of the image.

Decoding. Output cell `j` has its anchor at `((j mod W/4 + 0.5) 4, (floor(j / (W/4)) + 0.5) 4)` px. Its 16
values are the offset of the box's center from the anchor, the width, the height, and the offsets of six key
points (right eye, left eye, nose, mouth, and two ears, which are not used). The score is the sigmoid of the logit.
Weighted non-maximum suppression merges the cells above CANDIDATE_SCORE. Landmarks are most accurate when the face is
about BEST_WIDTH px wide in the network's input, so only the cells from the long side closest to that are averaged.

Verification. A candidate with a score below CERTAIN_SCORE is detected again in a window around it, upright and about
BEST_WIDTH px wide. Its score becomes the mean of the second score and the higher one of both. A candidate tilted by
TILTED degrees or more is verified too, because landmarks are most accurate on an upright face. At most MAX_VERIFIED
candidates are verified; one below the threshold only if fewer than MAX_VERIFIED_BELOW were before. If no face reaches
the threshold, but a cell TRACE_SCORE, the image is searched rotated by each of ROTATIONS, and all candidates are
verified. A face most of
which is inside a face with a higher score is dropped, and so is one narrower than TINY of the image's long side with a
score below TINY_THRESHOLD.
"""

import json
import math
from pathlib import Path

import cv2
import numpy as np

from . import detector_networks
from .boxes import Face, iou, is_contained, roll, suppress
from .crops import LANDMARKS
from .detector_networks import DetectorMissingError
from .letterbox import Letterbox, inner_size, resize
from .tiles import NO_CELLS, TILES, grid_of, joined, logit, not_plain, peaks, rounded, span, square_part, tiles_around

# Long sides (px) the image is resized to; 64 finds a face that fills the image, 512 finds small ones.
LIVE_LONG_SIDES = (64, 128, 256)
PHOTO_LONG_SIDES = (64, 128, 256, 512)
KEY_POINTS = [0, *range(2, 2 + len(LANDMARKS))]     # of the pairs of values of a cell: its center and the landmarks
STRIDE = 4                  # px of the input per output cell
BORDERED = 64               # px; the image at this long side gets a border
HALVE_FROM = 1536           # px of the image's long side
FINE = 512                  # px; this long side is searched in tiles ...
FINE_TRACE = 0.05           # ... around cells with this score in the search of its half ...
FINE_SHARE = 0.6            # ... if the tiles have at most this share of the pixels of the whole input, or not ...
FAINT_TRACE = 0.01          # ... if no cell with this score is in a part of the image that is not plain
TINY = 24 / 512             # width, in long sides of the image, below which a face ...
TINY_THRESHOLD = 0.55       # ... needs this score
NARROW = 0.3                # width, in long sides of the image, below which the largest long side shows a face best
SMALL = 0.5                 # width, in long sides of the image, below which a face is found best without a border
TRACE_SCORE = 0.1           # minimum score of a trace of a face, without which the image is not searched rotated
CANDIDATE_SCORE = 0.2       # minimum score of a candidate
CERTAIN_SCORE = 0.6         # a candidate with this score needs no verification ...
TILTED = 25                 # ... unless it is tilted by this many degrees
MAX_VERIFIED = 8            # candidates in one image ...
MAX_VERIFIED_BELOW = 1      # ... and before one below the threshold
VERIFY_INPUT = 128          # px; verification sees ...
VERIFY_WINDOW = 2           # ... a square of this many times the box's longer side ...
ROTATION_GRID = 5           # degrees; a rotation on a grid rarely depends on rounding errors
VERIFY_IOU = 0.4            # ... and accepts this overlap with the first box
ROTATIONS = (45, -45)       # degrees
ROTATED_LONG_SIDE = 90      # px; the largest whose square, rotated by 45 degrees, fits ROTATED_INPUT
ROTATED_INPUT = (128, 128)
ROTATED_THRESHOLD = 0.5     # minimum score of a face that only the rotated image shows
REFINE_INPUT = 192          # px; the second pass over one face ...
REFINE_WINDOW = 2.5         # ... sees a square of this many times the box's longer side ...
REFINE_THRESHOLD = 0.3      # ... accepts this score ...
REFINE_IOU = 0.5            # ... and this overlap with the first box


class FaceDetector:
    """Detects faces. Thread-safe."""

    def __init__(self, folder, threads=1, engine="litert"):
        """folder: static/detector. threads: per run of a network. engine: `litert`, or `keras` for a GPU.

        Raises DetectorMissingError.
        """
        folder = Path(folder)
        try:
            sizes = json.loads((folder / "detector.json").read_text())["sizes"]
        except (OSError, ValueError, KeyError) as error:
            raise DetectorMissingError(f"{folder}: face detector files missing; run `make detector`") from error
        self._networks = detector_networks.load(folder, [tuple(size) for size in sizes], engine, threads)
        self.sizes = tuple(self._networks)
        self.long_sides = sorted({max(size) for size in self.sizes})
        self.guards = [network.guard for network in self._networks.values() if network.guard]

    def detect(self, image, long_sides=LIVE_LONG_SIDES, threshold=0.5, refine=False):
        """The faces in `image`: a list of Face, highest score first.

        image: uint8 (h, w, 3), RGB, upright. long_sides: px to which the image's long side is resized;
        several form an image pyramid. threshold: minimum score. refine: locate the landmarks again in a
        window around each face, which halves the error of the eyes and costs one small run per face.
        """
        searched, minimum = _halve_if_large(image, max(long_sides)), min(CANDIDATE_SCORE, threshold)
        trace = min(TRACE_SCORE, threshold)
        height, width = searched.shape[:2]
        letterboxes = [self.letterbox(width, height, long_side) for long_side in long_sides]
        candidates = self._candidates(searched, letterboxes, trace)
        faces = self._verified(image, [face for face in candidates if face.score > minimum], threshold)
        if candidates and not faces:
            inner = inner_size(width, height, ROTATED_LONG_SIDE)
            rotated = [Letterbox(inner, ROTATED_INPUT, rotation) for rotation in ROTATIONS]
            candidates = self._candidates(resize(searched, inner), rotated, minimum)
            faces = self._verified(image, candidates, max(ROTATED_THRESHOLD, threshold), certain=math.inf)
        return [self._refined(image, face) for face in faces] if refine else faces

    def warm_up(self, width=640, height=480, long_sides=LIVE_LONG_SIDES):
        """Run the networks for images of `width` x `height` px once, with every batch size on a GPU."""
        sizes = {self.letterbox(width, height, long_side).size for long_side in long_sides}
        for size in sorted(sizes | {(VERIFY_INPUT, VERIFY_INPUT)}):
            self._networks[size].warm_up()

    def letterbox(self, width, height, long_side):
        """The Letterbox of an image of `width` x `height` px. Raises ValueError if no network fits `long_side`."""
        inner = inner_size(width, height, long_side)
        times = 2 if long_side == BORDERED else 1
        sizes = [size for size in self.sizes if max(size) == times * long_side
                 and size[0] >= times * inner[0] and size[1] >= times * inner[1]]
        if not sizes:
            raise ValueError(f"`long_sides` must be among {self.long_sides}, got {long_side}")
        return Letterbox(inner, min(sizes, key=math.prod))

    def _candidates(self, image, letterboxes, minimum):
        """A list of Face, highest score first, whose score is above `minimum`.

        Letterboxes with a border are left out if the others show certain faces only in small parts of the image.
        """
        bordered = [letterbox for letterbox in letterboxes if letterbox.has_border]
        plain = [letterbox for letterbox in letterboxes if not letterbox.has_border]
        half, fine = (next((one for one in plain if max(one.inner) == side), None) for side in (FINE // 2, FINE))
        is_fine = half is not None and fine is not None
        outputs = self._outputs(image, [one for one in plain if not (is_fine and one is fine)])
        parts = [NO_CELLS, *(_cells_above(minimum, *one) for one in outputs)]
        if is_fine:
            coarse = next(one for one in outputs if one[0] is half)
            parts += self._fine_search(image, fine, coarse, _certain(suppress(*joined(parts))), minimum)
        faces = suppress(*joined(parts))
        if not bordered or _are_small(faces, image.shape[1], image.shape[0]):
            return faces
        return suppress(*joined(parts + [self._search(image, letterbox, minimum) for letterbox in bordered]))

    def _outputs(self, image, letterboxes):
        """[(Letterbox, outputs)], the largest first. The others are left out if it shows only narrow faces."""
        found: list[tuple] = []
        for letterbox in sorted(letterboxes, key=lambda one: -max(one.inner)):
            if len(found) == 1 and not letterbox.rotation and _shows_only_narrow(*found[0]):
                break
            found.append((letterbox, self._run(image, letterbox)))
        return found

    def _fine_search(self, image, letterbox, coarse, faces, minimum):
        """What `_search` returns, for each tile around the traces, or for the whole image.

        coarse: (Letterbox, outputs) of the search of half the size. faces: the certain ones.
        """
        half, outputs = coarse
        size, sides = (image.shape[1], image.shape[0]), [side for side in TILES if (side, side) in self.sizes]
        tiles = tiles_around(_traces(half, outputs, FINE_TRACE), faces, size, FINE, sides)
        if sum(math.prod(part.size) for _, part in tiles) <= FINE_SHARE * math.prod(letterbox.size):
            return [self.search_part(image, span, part, minimum) for span, part in tiles]
        visible = not_plain(_traces(half, outputs, FAINT_TRACE), half.fill(image)[0], half)
        return [self._search(image, letterbox, minimum)] if tiles_around(visible, faces, size, FINE, sides) else []

    def _search(self, image, letterbox, minimum):
        """(points float64 (n, 6, 2), scores (n,), widths (n,)) of the cells whose score is above `minimum`.

        points: two corners of the box, then LANDMARKS, in fractions. widths: px, of the face in the network's input.
        """
        return _cells_above(minimum, letterbox, self._run(image, letterbox))

    def _run(self, image, letterbox):
        """(values, logits) of the network for the image in the letterbox."""
        return self._networks[letterbox.size].run(letterbox.fill(image))

    def _verified(self, image, candidates, threshold, certain=CERTAIN_SCORE):
        """The candidates, highest score first, whose score exceeds the threshold after verification, likewise."""
        faces: list[Face] = []
        verified, aspect = 0, image.shape[1] / image.shape[0]
        for face in candidates:
            if is_contained(face, faces):
                continue
            is_certain = face.score >= max(certain, threshold)
            is_final = is_certain and abs(roll(face, aspect)) < TILTED
            if not is_final and verified < (MAX_VERIFIED if face.score > threshold else MAX_VERIFIED_BELOW):
                verified += 1
                face = self.verify(image, face, min(CANDIDATE_SCORE, threshold)) or (face if is_certain else None)
            if face and face.score > _threshold(face, aspect, threshold) and not is_contained(face, faces):
                faces.append(face)
        return sorted(faces, key=lambda face: -face.score)

    def verify(self, image, face, minimum):
        """The face from a second, upright pass over a window around it; None if there is none. minimum: score."""
        best = self._detect_near(image, face, upright_window(face, image.shape[1], image.shape[0]), minimum)
        if best is None or iou(face.box, best.box) < VERIFY_IOU:
            return None
        return Face(best.box, best.landmarks, (best.score + max(best.score, face.score)) / 2)

    def _refined(self, image, face):
        """The face with landmarks from a second pass over a window around it."""
        window = _window(face, image.shape[1], image.shape[0], REFINE_INPUT, REFINE_WINDOW)
        best = self._detect_near(image, face, window, REFINE_THRESHOLD)
        if best is None or iou(face.box, best.box) < REFINE_IOU:
            return face
        return Face(face.box, best.landmarks, face.score)

    def _detect_near(self, image, face, window, minimum):
        """The face that overlaps `face` most in a window, (span, Letterbox) or None; None if there is none."""
        if window is None:
            return None
        span, letterbox = window
        found = suppress(*self.search_part(image, span, letterbox, minimum))
        return max(found, key=lambda other: iou(face.box, other.box), default=None)

    def search_part(self, image, span, letterbox, minimum):
        """As `_search`, in a part of the image, in fractions of the image. span: (left, top, right, bottom), px."""
        left, top, right, bottom = span
        size = np.array(image.shape[1::-1])
        points, scores, widths = self._search(image[top:bottom, left:right], letterbox, minimum)
        return points * ((right - left, bottom - top) / size) + (left, top) / size, scores, widths


def upright_window(face, width, height):
    """(span, Letterbox) of the window in which a face in an image of `width` x `height` px is verified, or None."""
    rotation = -rounded(roll(face, width / height), ROTATION_GRID)
    return _window(face, width, height, VERIFY_INPUT, VERIFY_WINDOW, rotation)


def _window(face, width, height, input_side, window, rotation=0):
    """(span, Letterbox) of a square `window` times the face's longer side, or None if it is outside of the image.

    span: (left, top, right, bottom), px. input_side: px of the network's square input. rotation: degrees.
    """
    x, y, box_width, box_height = np.array(face.box) * (width, height, width, height)
    side = window * max(box_width, box_height)
    grid = grid_of(side)
    side = max(grid, rounded(side, grid))
    left, right = span(x + box_width / 2, side, grid, width)
    top, bottom = span(y + box_height / 2, side, grid, height)
    if right <= left or bottom <= top:
        return None
    return square_part((left, top, right, bottom), side, input_side, rotation)


def _cells_above(minimum, letterbox, outputs):
    """As `FaceDetector._search`, from the outputs of the network."""
    return _decoded(letterbox, outputs, np.flatnonzero(outputs[1] > logit(max(minimum, 1e-9))))


def _traces(letterbox, outputs, minimum):
    """As `FaceDetector._search`, of the cells that may be small faces. minimum: score."""
    return _decoded(letterbox, outputs, peaks(outputs[1], letterbox.size[0] // STRIDE, minimum))


def _decoded(letterbox, outputs, cells):
    """As `FaceDetector._search`, of the cells with these indices."""
    if not len(cells):
        return NO_CELLS
    values, logits = outputs
    scores = 1 / (1 + np.exp(-logits[cells].astype(np.float64)))
    rows, columns = np.divmod(cells, letterbox.size[0] // STRIDE)
    anchors = (np.stack([columns, rows], axis=1) + 0.5)[:, None] * STRIDE
    values = values[cells, :4 + 2 * len(LANDMARKS)].astype(np.float64)
    pairs = values.reshape(len(cells), 2 + len(LANDMARKS), 2)
    points = letterbox.unrotated(pairs[:, KEY_POINTS] + anchors)
    centers, landmarks, halves = points[:, :1], points[:, 1:], pairs[:, 1:2] / 2
    points = np.concatenate([centers - halves, centers + halves, landmarks], axis=1)
    return letterbox.fractions(points), scores, values[:, 2]


def _threshold(face, aspect, threshold):
    """The score that the face must exceed. aspect: width / height of the image."""
    return max(threshold, TINY_THRESHOLD) if face.box[2] * min(1, aspect) < TINY else threshold


def _certain(faces):
    return [face for face in faces if face.score >= CERTAIN_SCORE]


def _are_small(faces, width, height):
    """Whether there are certain faces, all narrower than SMALL of the image's long side."""
    certain = _certain(faces)
    return bool(certain) and all(face.box[2] * width < SMALL * max(width, height) for face in certain)


def _shows_only_narrow(letterbox, outputs):
    """Whether there are certain faces, and no trace, down to a score of FAINT_TRACE, that is as wide as NARROW."""
    _, scores, widths = _traces(letterbox, outputs, FAINT_TRACE)
    return bool(scores.max(initial=0) >= CERTAIN_SCORE and widths.max() < NARROW * max(letterbox.inner))


def _halve_if_large(image, long_side):
    height, width = image.shape[:2]
    if max(width, height) < max(HALVE_FROM, 2 * long_side) or min(width, height) < 2:
        return image
    return cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
