"""A data set as the explorer's bundle needs it, whatever its source, and measures of image quality."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from .arrays import chunks
from .fer2013 import SPLITS, VOTE_COLUMNS
from .labels import FER2013


@dataclass(frozen=True)
class Samples:
    """One row per image.

    images: uint8 (n, h, w), gray 0-255, in memory or memory-mapped. labels: uint8 (n,), index
    into label_names. split: uint8 (n,), index into split_names; the first split is the training
    split. votes: uint8 (n, m) in the order of vote_names, or None. md5: of the source file, or
    None. source: where the images can be obtained. left_out: {reason: rows}.
    """

    images: np.ndarray
    labels: np.ndarray
    label_names: tuple[str, ...]
    split: np.ndarray
    split_names: tuple[str, ...]
    votes: np.ndarray | None = None
    vote_names: tuple[str, ...] = ()
    label_set: str = ""
    md5: str | None = None
    source: str = ""
    left_out: dict = field(default_factory=dict)

    def __len__(self):
        return len(self.labels)

    def rows(self, split):
        """Indices, int64 (m,), of the rows of the split called `split`."""
        return np.flatnonzero(self.split == self.split_names.index(split))

    @property
    def training_split(self):
        """Name of the split that models are trained on."""
        return self.split_names[0]


def from_fer2013(faces):
    """The Samples of FER2013's Faces."""
    return Samples(
        faces.images, faces.labels, FER2013, faces.split, SPLITS, faces.votes,
        tuple(name.lower() for name in VOTE_COLUMNS) if faces.votes is not None else (), "fer2013", faces.md5,
        "FER2013's csv: Kaggle, 'Challenges in Representation Learning: Facial Expression Recognition Challenge'")


def image_quality(images):
    """Brightness, contrast and sharpness of each of `images`, uint8 (n, h, w).

    Three float32 (n,): the mean gray level (0-255), the standard deviation of the gray levels
    (0-127.5), and the variance of the Laplacian (0 and up; Pech-Pacheco et al. 2000, "Diatom
    autofocusing in brightfield microscopy").
    """
    brightness, contrast, sharpness = (np.empty(len(images), np.float32) for _ in range(3))
    for part in chunks(len(images), 4096):
        values = images[part].astype(np.float32)
        brightness[part] = values.mean(axis=(1, 2))
        contrast[part] = values.std(axis=(1, 2))
        sharpness[part] = [cv2.Laplacian(image, cv2.CV_32F).var() for image in values]
    return brightness, contrast, sharpness
