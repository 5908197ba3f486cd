"""How much boxes and landmarks move that should not: python -m benchmarks.following

Follows scikit-image's astronaut on a photo, still and moving, at 30 frames/s with noise, and prints a Markdown table:
standard deviations of the box's center and of the landmarks' mean from the true path, in per cent of the face's width,
if every frame is searched and if the face is followed; processor time per frame of both.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from skimage import data

from benchmarks.detector import ASTRONAUT, FRAME
from webapp.vision.faces import LIVE_LONG_SIDES, FaceDetector
from webapp.vision.following import Following, follow

ROOT = Path(__file__).parents[1]
CASES = [(60, 0), (100, 0), (143, 0), (220, 0), (300, 0), (420, 0), (143, 40), (300, 40)]   # px, degrees
NOISE, QUALITY, RATE = 3, 80, 30
THRESHOLD = 0.4


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=45, help="frames per run (default: 45)")
    parser.add_argument("--runs", type=int, default=3, help="runs per row (default: 3)")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    detector = FaceDetector(ROOT / "static/detector")
    print("| face, px; rotation, \u00b0 | searched | followed | ms per frame, searched | followed |")
    print("|---|--:|--:|--:|--:|")
    for size, angle in CASES:
        for moves in (False, True):
            runs = [measure(detector, size, angle, moves, options.frames, seed) for seed in range(options.runs)]
            errors, times = (np.mean(each, axis=0) for each in zip(*runs, strict=True))
            cells = [f"{box:.2f}, {landmarks:.2f}" for box, landmarks in errors] + [f"{each:.1f}" for each in times]
            print(f"| {size}{f'; {angle}' if angle else ''}, {'moving' if moves else 'still'} | {' | '.join(cells)} |")


def measure(detector, size, angle, moves, count, seed):
    """((box, landmarks) of both ways, in % of the face's width; processor ms per frame of both)."""
    random = np.random.default_rng(seed)
    start = np.array(FRAME) / 2 + random.uniform(-60, 60, 2)
    path = [start + moves * np.array([60 * np.sin(i / 12), 30 * np.sin(i / 17)]) for i in range(count)]
    state, results, times = Following(), ([], []), ([], [])
    for number, center in enumerate(path):
        frame = compose(size, angle, center, random)
        for way in (0, 1):
            started = time.process_time()
            faces = read_next(detector, frame, state, 1000 * number / RATE) if way else search(detector, frame)
            times[way].append(1000 * (time.process_time() - started))
            results[way].append(positions(faces[0], center) / size if faces else np.full(4, np.nan))
    errors = [np.nanstd(each, axis=0).reshape(2, 2) for each in results]
    return [100 * np.linalg.norm(each, axis=1) for each in errors], [np.mean(each) for each in times]


def search(detector, frame):
    return detector.detect(frame, LIVE_LONG_SIDES, THRESHOLD)


def read_next(detector, frame, state, moment):
    """The faces of the next frame of a video."""
    known = state.next(FRAME, moment)
    followed = follow(detector, frame, known, THRESHOLD) if known else None
    faces = followed or search(detector, frame)
    state.update(faces, [face.score for face in faces], followed is not None)
    return faces


def positions(face, center):
    """Center of the box and mean of the landmarks, px from `center`: float64 (4,)."""
    x, y, width, height = np.array(face.box) * (*FRAME, *FRAME)
    landmarks = np.array(list(face.landmarks.values())) * FRAME
    return np.concatenate([(x + width / 2, y + height / 2) - center, landmarks.mean(axis=0) - center])


def compose(size, angle, center, random):
    """A frame with the astronaut's face at `center`, `size` px wide, with noise, compressed."""
    x, y, width, height = ASTRONAUT
    scale, image = size / width, data.astronaut()
    shrink = min(1, scale)
    image = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    middle = shrink * np.array([x + width / 2, y + height / 2])
    matrix = cv2.getRotationMatrix2D(tuple(middle), angle, scale / shrink)
    matrix[:, 2] += center - middle
    mask = cv2.warpAffine(np.ones(image.shape[:2], np.float32), matrix, FRAME)[..., None]
    face = cv2.warpAffine(image, matrix, FRAME, flags=cv2.INTER_CUBIC)
    frame = face * mask + cv2.resize(data.coffee(), FRAME) * (1 - mask)
    noisy = np.clip(frame + random.normal(0, NOISE, frame.shape) + 0.5, 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1], cv2.IMREAD_COLOR)


if __name__ == "__main__":
    main()
