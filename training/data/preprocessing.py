"""The documents' preprocessing, applied to every image in training and evaluation, and stratified subsets.

`preprocessed` wraps a data set's images and processes them on access. Names: none, equalise (histogram
equalization), difference-of-gaussians, gamma-G (such as gamma-0.75), size-N (resized to N x N pixels),
components-P (reconstructed from the principal components that explain P % of the variance of Training).
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..errors import TrainingError

#: At most so many images, spread evenly over Training, determine the principal components.
COMPONENT_IMAGES = 8000


@dataclass(frozen=True)
class PreprocessedImages:
    """Images processed on access: `images[rows]` is uint8 (n, h, w), as with an array."""

    images: object
    process: object
    size: tuple[int, int]

    def __len__(self):
        return len(self.images)

    def __getitem__(self, rows):
        return self.process(np.asarray(self.images[rows]))

    @property
    def shape(self):
        return (len(self.images), *self.size)


def preprocessed(faces, name):
    """`faces` with every image preprocessed by the method `name`. Raises TrainingError for an unknown name."""
    if name == "none":
        return faces
    kind, _, number = name.rpartition("-")
    height, width = faces.images.shape[1:]
    if name == "equalise":
        process = _each(cv2.equalizeHist)
    elif name == "difference-of-gaussians":
        process = _difference_of_gaussians
    elif kind == "gamma" and _positive(number):
        curve = np.rint(255 * (np.arange(256) / 255) ** float(number)).astype(np.uint8)
        process = curve.__getitem__
    elif kind == "size" and number.isdigit() and int(number):
        height = width = int(number)
        process = _each(lambda image: _resized(image, height))
    elif kind == "components" and _positive(number) and float(number) <= 100:
        process = _Components(faces, float(number) / 100)
    else:
        raise TrainingError(f"preparation must be none, equalise, difference-of-gaussians, gamma-G, size-N or "
                            f"components-P (such as gamma-0.75, size-98, components-98), got {name!r}")
    return replace(faces, images=PreprocessedImages(faces.images, process, (height, width)))


def stratified_subset(labels, rows, fraction, seed):
    """A random `fraction` of `rows`, int64 (n,), the same fraction of each label, sorted."""
    rng = np.random.default_rng([seed, 1])
    chosen = []
    for label in np.unique(labels[rows]):
        own = rows[labels[rows] == label]
        chosen.append(rng.permutation(own)[:max(1, round(fraction * len(own)))])
    return np.sort(np.concatenate(chosen))


def subset_size(labels, fraction):
    """How many rows `stratified_subset` chooses of rows with `labels`, integers (n,); all of them for 1."""
    if fraction >= 1:
        return len(labels)
    return sum(max(1, round(fraction * int(count))) for count in np.bincount(labels) if count)


class _Components:
    """Reconstruct images from the fewest principal components that explain `fraction` of the variance."""

    def __init__(self, faces, fraction):
        rows = faces.rows("Training")
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), COMPONENT_IMAGES)).astype(int)]
        flat = np.asarray(faces.images[rows], np.float32).reshape(len(rows), -1)
        self.mean = flat.mean(0)
        flat -= self.mean
        values, vectors = np.linalg.eigh(flat.T @ flat)
        explained = np.cumsum(values[::-1]) / values.sum()
        count = int(np.searchsorted(explained, fraction)) + 1
        self.vectors = np.ascontiguousarray(vectors[:, ::-1][:, :count])

    def __call__(self, images):
        flat = np.asarray(images, np.float32).reshape(len(images), -1) - self.mean
        reconstructed = flat @ self.vectors @ self.vectors.T + self.mean
        return np.rint(np.clip(reconstructed, 0, 255)).astype(np.uint8).reshape(images.shape)


def _difference_of_gaussians(images):
    """127 plus four times the difference of the images blurred by 1 px and by 2 px."""
    narrow = _each(lambda image: cv2.GaussianBlur(image, (0, 0), 1.0))(images).astype(np.float32)
    wide = _each(lambda image: cv2.GaussianBlur(image, (0, 0), 2.0))(images).astype(np.float32)
    return np.rint(np.clip(127 + 4 * (narrow - wide), 0, 255)).astype(np.uint8)


def _resized(image, size):
    interpolation = cv2.INTER_AREA if size < min(image.shape) else cv2.INTER_LINEAR
    return cv2.resize(image, (size, size), interpolation=interpolation)


def _each(function):
    return lambda images: np.stack([function(image) for image in images])


def _positive(number):
    try:
        return float(number) > 0
    except ValueError:
        return False
