"""Images with faces of varying size, rotation and brightness, made from scikit-image's astronaut; some have no face."""

import cv2
import numpy as np
import skimage.data

SIZES = ((640, 480), (480, 640), (320, 240), (640, 360), (1280, 720), (200, 150), (512, 512), (333, 517))
LARGE = ((2000, 1500), (1601, 1067), (1536, 2048), (3100, 2325))
HEAD = (224, 106, 98)       # center and half the height of the astronaut's head, px


def make(count, seed=0, sizes=SIZES):
    """Yield `count` images, uint8 (h, w, 3), RGB."""
    random = np.random.default_rng(seed)
    astronaut = skimage.data.astronaut()
    backgrounds = [skimage.data.coffee(), skimage.data.rocket(), skimage.data.chelsea()]
    for number in range(count):
        width, height = sizes[number % len(sizes)]
        image = cv2.resize(backgrounds[number % 3], (width, height), interpolation=cv2.INTER_AREA)
        for _ in range(number % 4 and 1 + (number % 5 == 0)):
            image = _with_head(image, astronaut[:, ::random.choice((1, -1))], random)
        yield _relight(image, random)


def _with_head(image, astronaut, random):
    height, width = image.shape[:2]
    scale = random.uniform(0.15, 0.45) * min(width, height) / HEAD[2]
    turn = cv2.getRotationMatrix2D(HEAD[:2], random.normal(0, 15), scale)
    turn[:, 2] += (random.uniform(0.2, 0.8) * width - HEAD[0], random.uniform(0.25, 0.75) * height - HEAD[1])
    head = cv2.warpAffine(astronaut, turn, (width, height), flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    mask = np.zeros(astronaut.shape[:2], np.float32)
    cv2.ellipse(mask, HEAD[:2], (80, 98), 0, 0, 360, 1, -1)
    mask = cv2.GaussianBlur(cv2.warpAffine(mask, turn, (width, height)), (0, 0), 2)[..., None]
    return (mask * head + (1 - mask) * image).astype(np.uint8)


def _relight(image, random):
    values = 255 * (image / 255) ** random.uniform(0.6, 1.6) * random.uniform(0.6, 1.1)
    values += random.normal(0, random.choice((0, 2, 8)), image.shape)
    return np.clip(values, 0, 255).astype(np.uint8)
