"""The face detector: recall by face size, rotation and light, false faces, processor time. Prints Markdown tables.

    python -m benchmarks.detector --faces FOLDER --empty FOLDER --before CHECKOUT

Composed frames have 640 x 480 px: a face on a photo. The faces are scikit-image's astronaut and --count images of
--faces, each of which one face fills. --empty: a folder of images and videos without a face, in addition to
scikit-image's. --before: another checkout of this repository to compare with. A cell "a / b" means: the face was
found in a % of the frames, and more than one face in b %. Some frames have a small face in a corner, too.
"""

import argparse
import importlib.util
import itertools
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from skimage import color, data

from webapp import settings

ROOT = Path(__file__).parents[1]
FRAME = (640, 480)
ASTRONAUT = (174, 72, 102, 110)     # px: x, y, width, height of the face
FILLED = np.array([0.05, 0.05, 0.9, 0.9])    # the same in fractions, in an image of --faces
SIZES = [(size, 0, 1) for size in (20, 28, 40, 60, 100, 200, 300, 480, 640, 760)]
ROTATIONS = [(size, angle, 1) for size in (60, 200, 480) for angle in (-60, -45, 30, 45)]
BESIDE, BESIDE_SIZES = 50, (200, 300, 400, 480, 560)    # px: width of a face in the corner, of the one in the center
LIGHTS = [(size, 0, light) for size in (100, 300, 480) for light in (0.12, 0.06)]
EMPTY = ("brick", "grass", "gravel", "coins", "moon", "page", "text", "clock", "coffee", "rocket", "chelsea")
BEFORE = {"live": 0.4, "photo": 0.45}       # thresholds of --before
MODES = {"live": ("LIVE_LONG_SIDES", "live_threshold"), "photo": ("PHOTO_LONG_SIDES", "photo_threshold")}


def main():
    options = arguments()
    cv2.setNumThreads(1)
    columns = [column for mode in MODES for root in (options.before, ROOT) if root for column in [load(root, mode)]]
    folder = list(images(options.faces))
    chosen = folder[::max(1, len(folder) // options.count)]
    faces = [(data.astronaut(), ASTRONAUT)] + [(image, FILLED * np.tile(image.shape[1::-1], 2)) for image in chosen]
    print(table("size, px; rotation, °; light", columns, composed(faces, columns)))
    print(table(f"size, px, beside a face of {BESIDE} px", columns, beside(faces, columns)))
    if folder:
        print(table("found / more than one", columns, {f"{len(folder)} images": found(folder, columns)}))
    examples = (getattr(data, name)() for name in EMPTY)
    empty = [image if image.ndim == 3 else color.gray2rgb(image) for image in examples] + list(images(options.empty))
    print(table("false faces", columns, {f"{len(empty)} images": [
        sum(len(detect(image)) for image in empty) for _, detect in columns]}))
    print(table("processor ms per frame", columns, {
        "face of 160 px": times(compose(*faces[0], 160), columns),
        "face of 480 px": times(compose(*faces[0], 480), columns),
        "no face": times(cv2.resize(data.coffee(), FRAME), columns),
        "plain wall with noise": times(plain_wall(), columns)}))


def load(root, mode):
    """(title, function from image to faces) of a checkout, with its default threshold."""
    folder, name = Path(root) / "webapp", f"webapp_{len(sys.modules)}"
    spec = importlib.util.spec_from_file_location(name, folder / "vision/__init__.py",
                                                  submodule_search_locations=[str(folder / "vision")])
    sys.modules[name] = importlib.util.module_from_spec(spec)
    faces = importlib.import_module(f"{name}.faces")
    sides, threshold = MODES[mode]
    given = settings.NAMES[threshold].default if root == ROOT else BEFORE[mode]
    detector, long_sides = faces.FaceDetector(ROOT / "static/detector"), getattr(faces, sides)
    return f"{mode}, {'now' if root == ROOT else 'before'}", lambda image: detector.detect(image, long_sides, given)


def images(folder):
    """Images in a folder and below, uint8 (h, w, 3), RGB; every tenth frame of a video."""
    for path in sorted(Path(folder).rglob("*")) if folder else ():
        if path.suffix == ".mp4":
            video = cv2.VideoCapture(str(path))
            frames = itertools.takewhile(lambda read: read[0], (video.read() for _ in itertools.count()))
            yield from (frame[..., ::-1].copy() for _, frame in itertools.islice(frames, 0, None, 10))
        elif path.suffix.lower() in (".jpg", ".png"):
            yield cv2.imread(str(path))[..., ::-1].copy()


def composed(faces, columns):
    """{row title: cells} over the composed frames."""
    rows = {}
    for size, angle, light in SIZES + ROTATIONS + LIGHTS:
        frames = [compose(image, box, size, angle, light) for image, box in faces]
        rows[f"{size}; {angle}; {light}"] = found(frames, columns, lambda face, size=size: is_correct(face, size))
    return rows


def beside(faces, columns):
    """As `composed`, with the astronaut's small face in a corner, too."""
    side = 2 * BESIDE
    small = compose(*faces[0], BESIDE)[(FRAME[1] - side) // 2:, (FRAME[0] - side) // 2:][:side, :side]
    rows = {}
    for size in BESIDE_SIZES:
        frames = [compose(image, box, size) for image, box in faces]
        for frame in frames:
            frame[:side, :side] = small
        rows[size] = found(frames, columns, lambda face, size=size: is_correct(face, size))
    return rows


def compose(image, box, size, angle=0, light=1):
    """A frame with the face at `box` (x, y, width, height; px) in its center, `size` px wide, rotated, darkened."""
    x, y, width, height = box
    scale = size / width
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        x, y, width, height, scale = x * scale, y * scale, width * scale, height * scale, 1
    center = np.array([x + width / 2, y + height / 2])
    matrix = cv2.getRotationMatrix2D(tuple(center), angle, scale)
    matrix[:, 2] += np.array(FRAME) / 2 - center
    mask = np.zeros(image.shape[:2], np.float32)
    edge = max(1, round(0.05 * min(mask.shape)))
    mask[edge:-edge, edge:-edge] = 1
    mask = cv2.warpAffine(cv2.blur(mask, (edge, edge)), matrix, FRAME)[..., None]
    frame = cv2.warpAffine(image, matrix, FRAME) * mask + cv2.resize(data.coffee(), FRAME) * (1 - mask)
    return (frame * light + 0.5).astype(np.uint8)


def plain_wall():
    """A gray frame with the noise of a camera."""
    noise = np.random.default_rng(0).normal(190, 4, (*FRAME[::-1], 3))
    return np.clip(noise, 0, 255).astype(np.uint8)


def is_correct(face, size):
    x, y, width, height = np.array(face.box) * (*FRAME, *FRAME)
    distance = np.hypot(x + width / 2 - FRAME[0] / 2, y + height / 2 - FRAME[1] / 2)
    return distance < size / 2 and 0.5 < width / size < 2


def found(frames, columns, accept=lambda face: True):
    """One cell per column."""
    cells = []
    for _, detect in columns:
        faces = [detect(frame) for frame in frames]
        hits, more = sum(any(map(accept, each)) for each in faces), sum(len(each) > 1 for each in faces)
        cells.append(f"{100 * hits / len(frames):.1f} / {100 * more / len(frames):.1f}")
    return cells


def times(frame, columns, runs=60):
    """Median per column, the columns in turn."""
    taken = [[] for _ in columns]
    for _ in range(runs):
        for (_, detect), each in zip(columns, taken, strict=True):
            start = time.process_time()
            detect(frame)
            each.append(1000 * (time.process_time() - start))
    return [f"{np.median(each):.1f}" for each in taken]


def table(title, columns, rows):
    head = [[title, *(name for name, _ in columns)], ["---", *("--:" for _ in columns)]]
    lines = head + [[name, *cells] for name, cells in rows.items()]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("faces", "empty", "before"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--count", type=int, default=40)
    return parser.parse_args()


if __name__ == "__main__":
    main()
