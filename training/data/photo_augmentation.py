"""Augmentation for what happens to faces outside FER2013: misplaced landmarks, side light, poor files, occlusion.

Every part is off by default and then draws no random numbers, so earlier recipes see the same batches as before.
"""

import cv2
import numpy as np

#: Right eye, left eye, nose and mouth in a FER2013 image, in fractions of its sides (training/data/alignment.json).
LANDMARKS = np.array([[0.3181, 0.3955], [0.6819, 0.3955], [0.5, 0.6135], [0.5, 0.7724]])
SIDE_LIGHT = 1 / 3      # fraction of the images with light from one side
GAMMA = 1 / 2           # fraction of the images with another gamma


def misalignments(limits, count, size, rng):
    """float64 (count, 2, 3): affine maps, px to px, that move a face as errors of its landmarks move the site's crop.

    Each of the four landmarks gets a normal error with a standard deviation of `limits.landmark_error` inter-ocular
    distances; the map is the least-squares similarity to their positions in the template (webapp/vision/crops.py).
    `limits.aspect` then changes the ratio of width and height.
    """
    points = LANDMARKS * size
    wanted = points @ (1, 1j)
    distance = points[1, 0] - points[0, 0]
    errors = rng.standard_normal((count, 4)) + 1j * rng.standard_normal((count, 4))
    moved = wanted + errors * limits.landmark_error * distance
    center, mean = wanted.mean(), moved.mean(1)
    centred = moved - mean[:, None]
    a = (centred.conj() * (wanted - center)).sum(1) / (abs(centred) ** 2).sum(1)
    b = center - a * mean
    maps = np.stack([np.stack([a.real, -a.imag, b.real], 1), np.stack([a.imag, a.real, b.imag], 1)], 1)
    ratio = np.exp(rng.uniform(-limits.aspect, limits.aspect, count) / 2)
    middle = (size - 1) / 2
    for axis, factor in ((0, ratio), (1, 1 / ratio)):
        maps[:, axis] *= factor[:, None]
        maps[:, axis, 2] += middle * (1 - factor)
    return maps


def replace_background(images, limits, rng):
    """Copies of `images`, uint8 (n, h, w); outside an oval some are black, gray, noise or another image."""
    out = images.copy()
    height, width = images.shape[1:]
    for index in np.flatnonzero(rng.random(len(images)) < limits.background):
        axes = (round(width * rng.uniform(0.36, 0.48)), round(height * rng.uniform(0.44, 0.58)))
        mask = np.zeros((height, width), np.uint8)
        cv2.ellipse(mask, (width // 2, round(height * 0.52)), axes, 0, 0, 360, 1, cv2.FILLED)
        kind = rng.integers(4)
        if kind == 0:
            behind = 0
        elif kind == 1:
            behind = rng.integers(0, 256)
        elif kind == 2:
            coarse = rng.integers(0, 256, (rng.integers(2, 9), rng.integers(2, 9)), np.uint8)
            behind = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        else:
            behind = np.roll(images[rng.integers(len(images))], width // 2, axis=1)     # its edges in the middle
        out[index] = np.where(mask, images[index], behind)
    return out


def occlude(images, limits, rng):
    """Cover the mouth, the eyes or a side of some `images`, float32 (n, h, w), with a bar, in place."""
    height, width = images.shape[1:]
    for index in np.flatnonzero(rng.random(len(images)) < limits.occlusion):
        gray, kind = rng.uniform(0, 255), rng.integers(4)
        if kind == 0:       # mouth, like a hand or a mask
            images[index, round(height * rng.uniform(0.64, 0.78)):] = gray
        elif kind == 1:     # eyes, like sunglasses
            middle, half = height * rng.uniform(0.36, 0.43), height * rng.uniform(0.05, 0.09)
            images[index, round(middle - half):round(middle + half)] = gray
        else:               # a side, like hair or the edge of a photo
            wide = round(width * rng.uniform(0.15, 0.4))
            images[index, :, slice(0, wide) if kind == 2 else slice(width - wide, width)] = gray


def relight(images, limits, rng):
    """Change the gamma of some `images`, float32 (n, h, w), and darken one side of others, in place."""
    count, height, width = images.shape
    if limits.gamma:
        for index in np.flatnonzero(rng.random(count) < GAMMA):
            exponent = np.float32(np.exp(rng.uniform(-limits.gamma, limits.gamma)))
            images[index] = 255 * (np.clip(images[index], 0, 255) / 255) ** exponent
    if limits.side_light:
        across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        for index in np.flatnonzero(rng.random(count) < SIDE_LIGHT):
            angle, steep, offset = rng.uniform(0, 2 * np.pi), rng.uniform(1, 8), rng.uniform(-0.5, 0.5)
            ramp = 1 / (1 + np.exp(-steep * (np.cos(angle) * across + np.sin(angle) * down + offset)))
            images[index] *= (1 - rng.uniform(0, limits.side_light) * ramp).astype(np.float32)


def degrade(images, limits, rng):
    """Scale some `images`, float32 (n, h, w), down and up, compress or sharpen them, in place."""
    height, width = images.shape[1:]
    for index in np.flatnonzero(rng.random(len(images)) < limits.degradation):
        kind, image = rng.integers(4), np.clip(images[index], 0, 255).astype(np.uint8)
        if kind in (0, 1):
            small = int(rng.integers(width // 3, width))
            image = cv2.resize(image, (small, small * height // width), interpolation=cv2.INTER_AREA)
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR if kind else cv2.INTER_CUBIC)
        elif kind == 2:
            done, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 80))))
            image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if done else image
        else:
            soft = cv2.GaussianBlur(image, (0, 0), 1.0)
            image = cv2.addWeighted(image, 1 + (amount := rng.uniform(0.3, 1.5)), soft, -amount, 0)
        images[index] = image
