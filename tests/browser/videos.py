"""Videos for Chromium's fake camera, with the known box of every face in every frame.

The face is scikit-image's astronaut (Eileen Collins, NASA, public domain). Each frame encodes its number in seven
black and white squares at the bottom left, so a test can tell which frame a page shows. Every video loops without a
jump.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage.data

WIDTH, HEIGHT = 640, 480
FRAMES = 120  # four seconds at the fake camera's 30 frames/s
SQUARE, BITS = 24, 7

FACE = (178, 75, 92, 110)  # x, y, width, height of the astronaut's face in the 512 x 512 image, measured by hand
HEAD = (136, 8, 176, 196)  # the whole head with its hair

Box = tuple[float, float, float, float]  # x, y, width, height as fractions of the frame


@dataclass(frozen=True)
class Video:
    """A video on disk: concatenated JPEGs, and `boxes[frame][face]`, the known boxes."""

    path: Path
    boxes: list[list[Box]]


def make(path: Path, scene: str) -> Video:
    """Write the video of a scene of `SCENES` to `path`. Chromium requires the extension .mjpeg."""
    draw = SCENES[scene]
    all_boxes = []
    with path.open("wb") as file:
        for number in range(FRAMES):
            frame, boxes = draw(2 * np.pi * number / FRAMES)
            _stamp(frame, number)
            file.write(cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
            all_boxes.append([(x / WIDTH, y / HEIGHT, width / WIDTH, height / HEIGHT) for x, y, width, height in boxes])
    return Video(path, all_boxes)


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


@cache
def _image(name: str, width: int, height: int) -> np.ndarray:
    """One of scikit-image's images, RGB uint8 (height, width, 3), read-only."""
    image = cv2.resize(getattr(skimage.data, name)(), (width, height), interpolation=cv2.INTER_AREA)
    image.flags.writeable = False
    return image


def _stamp(frame: np.ndarray, number: int) -> None:
    for bit in range(BITS):
        left = bit * SQUARE
        frame[HEIGHT - SQUARE :, left : left + SQUARE] = 255 if number >> bit & 1 else 0


def _portrait(phase: float) -> tuple[np.ndarray, list[Box]]:
    """The astronaut, moving 20 px up and down."""
    scale = WIDTH / 512
    image = _image("astronaut", WIDTH, WIDTH)
    top = int(20 + 20 * np.sin(phase))
    x, y, width, height = (value * scale for value in FACE)
    return image[top : top + HEIGHT].copy(), [(x, y - top, width, height)]


def _blinds(phase: float) -> tuple[np.ndarray, list[Box]]:
    """The astronaut with a blind's shadow on her face: the face is found, but it is unlike the training data."""
    frame, boxes = _portrait(phase)
    top = int(20 + 20 * np.sin(phase))
    x, y, width, height = (int(value) for value in boxes[0])
    rows = np.arange(max(0, y - height // 5), y + 6 * height // 5)
    frame[rows[(rows + top) % 12 < 4], x - 10 : x + width + 10] //= 2
    return frame, boxes


def _empty(phase: float) -> tuple[np.ndarray, list[Box]]:
    """A cup of coffee, moving."""
    image = _image("coffee", WIDTH + 40, HEIGHT)
    left = int(20 + 20 * np.sin(phase))
    return image[:, left : left + WIDTH].copy(), []


def _heads(corners: list[tuple[float, float]], head_height: float) -> tuple[np.ndarray, list[Box]]:
    """Heads of height `head_height` (px) at these top-left corners, on a plain background."""
    frame = np.full((HEIGHT, WIDTH, 3), (176, 180, 186), np.uint8)
    frame -= np.linspace(0, 40, HEIGHT).astype(np.uint8)[:, None, None]
    x, y, width, height = HEAD
    scale = head_height / height
    head = cv2.resize(_image("astronaut", 512, 512)[y : y + height, x : x + width], None, fx=scale, fy=scale)
    rows, columns = head.shape[:2]
    mask = np.zeros((rows, columns), np.float32)
    cv2.ellipse(mask, (columns // 2, rows // 2), (int(columns * 0.42), int(rows * 0.44)), 0, 0, 360, 1, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 5)[..., None]
    boxes = []
    for left, top in corners:
        left, top = round(left), round(top)
        patch = frame[top : top + rows, left : left + columns]
        patch[:] = mask * head + (1 - mask) * patch
        boxes.append(
            (left + (FACE[0] - x) * scale, top + (FACE[1] - y) * scale, FACE[2] * scale, FACE[3] * scale)
        )
    return frame, boxes


def _two(phase: float) -> tuple[np.ndarray, list[Box]]:
    """Two heads that change sides; one passes above the other."""
    swing = 190 * np.cos(phase)
    return _heads([(225 + swing, 20), (225 - swing, 240)], 210)


def _five(phase: float) -> tuple[np.ndarray, list[Box]]:
    """Five heads in two rows, each moving in a small circle."""
    corners = [(40, 30), (245, 30), (450, 30), (130, 245), (360, 245)]
    turns = [phase + 2 * np.pi * i / 5 for i in range(5)]
    return _heads([(x + 22 * np.cos(t), y + 18 * np.sin(t)) for (x, y), t in zip(corners, turns, strict=True)], 175)


SCENES: dict[str, Callable[[float], tuple[np.ndarray, list[Box]]]] = {
    "portrait": _portrait,
    "blinds": _blinds,
    "empty": _empty,
    "two": _two,
    "five": _five,
}
