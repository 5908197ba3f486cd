"""What the documents do to every picture before a network sees it, at training and at test alike.

`prepared` wraps a data set's pictures, so that only those that are asked for are changed. Names:
none, equalise (histogram equalisation), difference-of-gaussians, gamma-G (as gamma-0.75), size-N
(enlarged or shrunk to N x N pixels), components-P (rebuilt from the principal components of the
Training pictures that hold P % of their variance).
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..errors import TrainingError

#: Pictures that the principal components are computed from, at most, spread over Training.
COMPONENT_PICTURES = 8000


@dataclass(frozen=True)
class Prepared:
    """Pictures changed when they are asked for: `images[rows]` is uint8 (n, h, w), as of an array."""

    images: object
    change: object
    size: tuple[int, int]

    def __len__(self):
        return len(self.images)

    def __getitem__(self, rows):
        return self.change(np.asarray(self.images[rows]))

    @property
    def shape(self):
        return (len(self.images), *self.size)


def prepared(faces, name):
    """`faces` with every picture prepared as `name` says. Raises TrainingError for a name there is not."""
    if name == "none":
        return faces
    kind, _, number = name.rpartition("-")
    height, width = faces.images.shape[1:]
    if name == "equalise":
        change = _each(cv2.equalizeHist)
    elif name == "difference-of-gaussians":
        change = _difference_of_gaussians
    elif kind == "gamma" and _positive(number):
        curve = np.rint(255 * (np.arange(256) / 255) ** float(number)).astype(np.uint8)
        change = curve.__getitem__
    elif kind == "size" and number.isdigit() and int(number):
        height = width = int(number)
        change = _each(lambda image: _resized(image, height))
    elif kind == "components" and _positive(number) and float(number) <= 100:
        change = _Components(faces, float(number) / 100)
    else:
        raise TrainingError(f"preparation {name!r}: none, equalise, difference-of-gaussians, gamma-0.75, size-98 "
                            "or components-98 is meant")
    return replace(faces, images=Prepared(faces.images, change, (height, width)))


def proportional(labels, rows, share, seed):
    """`share` of `rows`, int64 (n,), the same share of each label, drawn from `seed`; sorted."""
    rng = np.random.default_rng([seed, 1])
    kept = []
    for label in np.unique(labels[rows]):
        own = rows[labels[rows] == label]
        kept.append(rng.permutation(own)[:max(1, round(share * len(own)))])
    return np.sort(np.concatenate(kept))


class _Components:
    """Rebuild pictures from the fewest principal components that hold `share` of the variance."""

    def __init__(self, faces, share):
        rows = faces.rows("Training")
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), COMPONENT_PICTURES)).astype(int)]
        flat = np.asarray(faces.images[rows], np.float32).reshape(len(rows), -1)
        self.mean = flat.mean(0)
        flat -= self.mean
        values, vectors = np.linalg.eigh(flat.T @ flat)
        held = np.cumsum(values[::-1]) / values.sum()
        count = int(np.searchsorted(held, share)) + 1
        self.vectors = np.ascontiguousarray(vectors[:, ::-1][:, :count])

    def __call__(self, images):
        flat = np.asarray(images, np.float32).reshape(len(images), -1) - self.mean
        rebuilt = flat @ self.vectors @ self.vectors.T + self.mean
        return np.rint(np.clip(rebuilt, 0, 255)).astype(np.uint8).reshape(images.shape)


def _difference_of_gaussians(images):
    """Blurred by 1 px less blurred by 2 px, as 127 plus four times the difference."""
    narrow = _each(lambda image: cv2.GaussianBlur(image, (0, 0), 1.0))(images).astype(np.float32)
    wide = _each(lambda image: cv2.GaussianBlur(image, (0, 0), 2.0))(images).astype(np.float32)
    return np.rint(np.clip(127 + 4 * (narrow - wide), 0, 255)).astype(np.uint8)


def _resized(image, size):
    how = cv2.INTER_AREA if size < min(image.shape) else cv2.INTER_LINEAR
    return cv2.resize(image, (size, size), interpolation=how)


def _each(function):
    return lambda images: np.stack([function(image) for image in images])


def _positive(number):
    try:
        return float(number) > 0
    except ValueError:
        return False
