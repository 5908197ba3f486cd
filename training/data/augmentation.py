"""Augmentation of a batch on the CPU: one affine warp per image with a random flip, then light and erasing.

A batch depends only on the seed and the step, so a resumed run sees the same batches as an uninterrupted one.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from . import photo_augmentation


@dataclass(frozen=True)
class Augmentation:
    """Limits of the random augmentation; zero disables a part."""

    rotation: float = 12.0      # degrees, either direction
    scale: float = 0.15         # fraction, either direction
    shift: float = 4.0          # pixels, either direction
    contrast: float = 0.2       # fraction, either direction
    brightness: float = 20.0    # gray levels, either direction
    noise: float = 6.0          # gray levels, largest standard deviation, on a third of the images
    blur: float = 0.9           # pixels, largest sigma, on a third of the images
    erase: float = 0.3          # probability that a rectangle becomes a random gray level
    mixup: float = 0.0          # alpha of the Beta distribution (Zhang et al. 2018)
    cutmix: float = 0.0         # probability of a rectangle from another image (Yun et al. 2019)
    flip: bool = True           # half of the images mirrored
    landmark_error: float = 0.0     # inter-ocular distances, standard deviation; moves an image like the site's crop
    aspect: float = 0.0         # logarithm of the ratio of width and height, either direction
    gamma: float = 0.0          # logarithm of the exponent, either direction, on half of the images
    side_light: float = 0.0     # largest fraction of the light that one side loses, on a third of the images
    background: float = 0.0     # probability that everything outside an oval is replaced
    occlusion: float = 0.0      # probability that a bar covers mouth, eyes or a side
    degradation: float = 0.0    # probability of lower resolution, JPEG compression or sharpening
    clean: float = 0.0          # fraction of the images that are only moved and mirrored


#: No augmentation.
PLAIN = Augmentation(rotation=0.0, scale=0.0, shift=0.0, contrast=0.0, brightness=0.0, noise=0.0, blur=0.0,
                     erase=0.0, flip=False)


def augment(images, limits, rng):
    """Augment `images`, uint8 (n, h, w), within the Augmentation `limits`: float32 (n, h, w, 1), gray 0-255."""
    if limits == PLAIN:
        return images.astype(np.float32)[..., None]
    height, width = images.shape[1:]
    count = len(images)
    center = np.array([(width - 1) / 2, (height - 1) / 2])
    angle = np.deg2rad(rng.uniform(-limits.rotation, limits.rotation, count))
    zoom = 1 + rng.uniform(-limits.scale, limits.scale, count)
    flip = rng.choice((-1.0, 1.0), count) if limits.flip else np.ones(count)
    shift = rng.uniform(-limits.shift, limits.shift, (count, 2))
    cos, sin = np.cos(angle) * zoom, np.sin(angle) * zoom
    blurred = rng.random(count) < 1 / 3
    sigma = rng.uniform(0.3, max(limits.blur, 0.31), count)
    clean = rng.random(count) < limits.clean if limits.clean else np.zeros(count, bool)
    blurred &= ~clean
    misalignments = None
    if limits.landmark_error or limits.aspect:
        misalignments = photo_augmentation.misalignments(limits, count, width, rng)
    if limits.background:
        replaced = photo_augmentation.replace_background(images, limits, rng)
        images = np.where(clean[:, None, None], images, replaced)
    out = np.empty((count, height, width), np.float32)
    for index in range(count):
        linear = np.array([[cos[index] * flip[index], -sin[index]],
                           [sin[index] * flip[index], cos[index]]])
        offset = center + shift[index] - linear @ center
        matrix = np.column_stack([linear, offset])
        if misalignments is not None:
            matrix = misalignments[index] @ np.vstack([matrix, (0, 0, 1)])
        warped = cv2.warpAffine(images[index], matrix, (width, height),
                                flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        if limits.blur and blurred[index]:
            warped = cv2.GaussianBlur(warped, (0, 0), sigma[index])
        out[index] = warped
    _change_appearance(out, ~clean, limits, rng)
    return np.clip(out, 0, 255)[..., None]


def _change_appearance(out, selected, limits, rng):
    """Occlusion, light, degradation and erasing of the `selected`, bool (n,), of `out`, float32 (n, h, w), in place."""
    images = out if selected.all() else out[selected]
    if limits.occlusion:
        photo_augmentation.occlude(images, limits, rng)
    if limits.gamma or limits.side_light:
        photo_augmentation.relight(images, limits, rng)
    _light(images, limits, rng)
    if limits.degradation:
        photo_augmentation.degrade(images, limits, rng)
    _erase(images, limits, rng)
    out[selected] = images


def blend(images, targets, weights, limits, rng):
    """Blend each image and its targets with those of another image of the batch, by CutMix, then mixup.

    images: float32 (n, h, w, 1). targets: list of float32 (n, labels). weights: list of float32
    (n,), one per target; an image of weight 0, which no rater labeled, contributes nothing to a target.
    """
    if limits.cutmix:
        images, fraction, other = _cutmix(images, limits, rng)
        targets, weights = _blended(targets, weights, fraction, other)
    if limits.mixup:
        fraction = rng.beta(limits.mixup, limits.mixup, len(images)).astype(np.float32)
        fraction = np.maximum(fraction, 1 - fraction)
        other = rng.permutation(len(images))
        images = images * fraction[:, None, None, None] + images[other] * (1 - fraction)[:, None, None, None]
        targets, weights = _blended(targets, weights, fraction, other)
    return images, targets, weights


def _cutmix(images, limits, rng):
    """Images with a rectangle from another image, the fraction of their own pixels, and the other's index."""
    count, height, width = images.shape[:3]
    other, fraction, mixed = rng.permutation(count), np.ones(count, np.float32), images.copy()
    for index in np.flatnonzero(rng.random(count) < limits.cutmix):
        side = np.sqrt(rng.uniform(0, 0.5))         # at most half of the image, as in mixup
        box_height, box_width = round(height * side), round(width * side)
        top, left = rng.integers(0, height - box_height + 1), rng.integers(0, width - box_width + 1)
        place = (slice(top, top + box_height), slice(left, left + box_width))
        mixed[index][place] = images[other[index]][place]
        fraction[index] = 1 - box_height * box_width / (height * width)
    return mixed, fraction, other


def _blended(targets, weights, fraction, other):
    blended, sums = [], []
    for target, weight in zip(targets, weights, strict=True):
        own, others = fraction * weight, (1 - fraction) * weight[other]
        total = own + others
        sums.append(total)
        blended.append((target * own[:, None] + target[other] * others[:, None]) / np.maximum(total, 1e-6)[:, None])
    return blended, sums


def _light(out, limits, rng):
    count = len(out)
    gain = 1 + rng.uniform(-limits.contrast, limits.contrast, count).astype(np.float32)
    offset = rng.uniform(-limits.brightness, limits.brightness, count).astype(np.float32)
    mean = out.mean(axis=(1, 2))
    out *= gain[:, None, None]
    out += (mean * (1 - gain) + offset)[:, None, None]
    noisy = np.flatnonzero(rng.random(count) < 1 / 3)
    strength = rng.uniform(0, limits.noise, len(noisy)).astype(np.float32)
    out[noisy] += rng.standard_normal((len(noisy), *out.shape[1:]), np.float32) * strength[:, None, None]


def _erase(out, limits, rng):
    height, width = out.shape[1:]
    for index in np.flatnonzero(rng.random(len(out)) < limits.erase):
        box_height, box_width = rng.integers(6, 20, 2)
        top, left = rng.integers(0, height - box_height + 1), rng.integers(0, width - box_width + 1)
        out[index, top:top + box_height, left:left + box_width] = rng.uniform(0, 255)
