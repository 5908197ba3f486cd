"""A data set as the explorer wants it, whatever it was read from."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Samples:
    """One row a picture.

    images: uint8 (n, h, w), grey 0-255, in memory or memory-mapped. labels: uint8 (n,), index
    into label_names. split: uint8 (n,), index into split_names; the first split is the one that
    models learn from. votes: uint8 (n, m) in the order of vote_names, or None. md5: of the
    source, or None. source: words on where the pictures can be had. left_out: {reason: rows}.
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
    def learnt_from(self):
        """The split that models learn from."""
        return self.split_names[0]


def from_fer2013(faces):
    """The Samples of FER2013's Faces."""
    from .fer2013 import SPLITS, VOTE_COLUMNS
    from .labels import FER2013
    return Samples(
        faces.images, faces.labels, FER2013, faces.split, SPLITS, faces.votes,
        tuple(name.lower() for name in VOTE_COLUMNS) if faces.votes is not None else (), "fer2013", faces.md5,
        "FER2013's csv: Kaggle, 'Challenges in Representation Learning: Facial Expression Recognition Challenge'")
