"""Test pictures that were also learnt from: FER2013's duplicates across its splits."""

from pathlib import Path

import numpy as np

from .duplicates import first_rows, near_pairs, twins_across
from .fer2013 import SPLITS


def with_twin(faces, store=None):
    """bool (n,): rows outside Training whose picture, or one correlated above .95 with it, is in Training.

    Comparing all pictures takes a minute or two; the answer is kept in the folder `store`.
    """
    path = None if store is None else Path(store) / f"twins-{faces.md5}.npy"
    if path is not None and path.exists():
        kept = np.load(path)
        if len(kept) == len(faces.split):
            return kept
    training = SPLITS.index("Training")
    twin, _ = twins_across(near_pairs(faces.images), faces.split, training)
    found = (exact_twin(faces.images, faces.split) | (twin >= 0)) & (faces.split != training)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, found)
    return found


def exact_twin(images, split):
    """bool (n,): rows outside Training with the same pixels as a Training row."""
    first = first_rows(images)
    learnt = split == SPLITS.index("Training")
    return np.isin(first, first[learnt]) & ~learnt
