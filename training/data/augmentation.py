"""Augmentation of a batch on the CPU: one affine warp a picture, then flip, light and erasing.

A batch depends only on the seed and the step, so a run that is resumed goes on as if it had
not been interrupted.
"""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """How far a picture may be moved from itself; zero switches a part off."""

    rotation: float = 12.0      # degrees, either way
    scale: float = 0.15         # share, either way
    shift: float = 4.0          # pixels, either way
    contrast: float = 0.2       # share, either way
    brightness: float = 20.0    # grey levels, either way
    noise: float = 6.0          # grey levels, standard deviation at most, on a third of the pictures
    blur: float = 0.9           # pixels, sigma at most, on a third of the pictures
    erase: float = 0.3          # probability that a rectangle becomes grey
    mixup: float = 0.0          # alpha of the Beta distribution (Zhang et al. 2018)
    cutmix: float = 0.0         # probability that a rectangle is another picture's (Yun et al. 2019)
    flip: bool = True           # half of the pictures mirrored


#: Every picture as it is.
PLAIN = Augmentation(rotation=0.0, scale=0.0, shift=0.0, contrast=0.0, brightness=0.0, noise=0.0, blur=0.0,
                     erase=0.0, flip=False)


def augment(images, how, rng):
    """Disturb `images`, uint8 (n, h, w), as `how` says: float32 (n, h, w, 1), grey 0-255."""
    height, width = images.shape[1:]
    count = len(images)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    angle = np.deg2rad(rng.uniform(-how.rotation, how.rotation, count))
    zoom = 1 + rng.uniform(-how.scale, how.scale, count)
    flip = rng.choice((-1.0, 1.0), count) if how.flip else np.ones(count)
    shift = rng.uniform(-how.shift, how.shift, (count, 2))
    cos, sin = np.cos(angle) * zoom, np.sin(angle) * zoom
    blurred = rng.random(count) < 1 / 3
    sigma = rng.uniform(0.3, max(how.blur, 0.31), count)
    out = np.empty((count, height, width), np.float32)
    for index in range(count):
        linear = np.array([[cos[index] * flip[index], -sin[index]],
                           [sin[index] * flip[index], cos[index]]])
        offset = centre + shift[index] - linear @ centre
        warped = cv2.warpAffine(images[index], np.column_stack([linear, offset]), (width, height),
                                flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        if how.blur and blurred[index]:
            warped = cv2.GaussianBlur(warped, (0, 0), sigma[index])
        out[index] = warped
    _light(out, how, rng)
    _erase(out, how, rng)
    return np.clip(out, 0, 255)[..., None]


def blend(images, targets, weights, how, rng):
    """Blend each picture and each of its targets with another of the batch, by CutMix, then mixup, as `how` says.

    images: float32 (n, h, w, 1). targets: list of float32 (n, labels). weights: list of float32
    (n,), one a target: a picture that nobody could judge, of weight 0, adds nothing to a target.
    """
    if how.cutmix:
        images, share, other = _cutmix(images, how, rng)
        targets, weights = _blended(targets, weights, share, other)
    if how.mixup:
        share = rng.beta(how.mixup, how.mixup, len(images)).astype(np.float32)
        share = np.maximum(share, 1 - share)
        other = rng.permutation(len(images))
        images = images * share[:, None, None, None] + images[other] * (1 - share)[:, None, None, None]
        targets, weights = _blended(targets, weights, share, other)
    return images, targets, weights


def _cutmix(images, how, rng):
    """Pictures with a rectangle of another's, the share that is left of their own, and which the other is."""
    count, height, width = images.shape[:3]
    other, share, mixed = rng.permutation(count), np.ones(count, np.float32), images.copy()
    for index in np.flatnonzero(rng.random(count) < how.cutmix):
        side = np.sqrt(rng.uniform(0, 0.5))         # at most half of the picture, as mixup's other is the lesser
        tall, wide = round(height * side), round(width * side)
        top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
        place = (slice(top, top + tall), slice(left, left + wide))
        mixed[index][place] = images[other[index]][place]
        share[index] = 1 - tall * wide / (height * width)
    return mixed, share, other


def _blended(targets, weights, share, other):
    blended, sums = [], []
    for wanted, weight in zip(targets, weights, strict=True):
        own, others = share * weight, (1 - share) * weight[other]
        total = own + others
        sums.append(total)
        blended.append((wanted * own[:, None] + wanted[other] * others[:, None]) / np.maximum(total, 1e-6)[:, None])
    return blended, sums


def _light(out, how, rng):
    count = len(out)
    gain = 1 + rng.uniform(-how.contrast, how.contrast, count).astype(np.float32)
    offset = rng.uniform(-how.brightness, how.brightness, count).astype(np.float32)
    mean = out.mean(axis=(1, 2))
    out *= gain[:, None, None]
    out += (mean * (1 - gain) + offset)[:, None, None]
    noisy = np.flatnonzero(rng.random(count) < 1 / 3)
    strength = rng.uniform(0, how.noise, len(noisy)).astype(np.float32)
    out[noisy] += rng.standard_normal((len(noisy), *out.shape[1:]), np.float32) * strength[:, None, None]


def _erase(out, how, rng):
    height, width = out.shape[1:]
    for index in np.flatnonzero(rng.random(len(out)) < how.erase):
        tall, wide = rng.integers(6, 20, 2)
        top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
        out[index, top:top + tall, left:left + wide] = rng.uniform(0, 255)
