"""Duplicate and near-duplicate images, within a split and across splits."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .arrays import chunks
from .fer2013 import SPLITS

#: Two images whose pixels correlate above this are near-duplicates. The published counts use the same threshold.
NEAR = 0.95
#: Comparing all pairs takes quadratic time; above this many rows only exact duplicates are found.
MOST_COMPARED = 80_000


@dataclass(frozen=True)
class Pairs:
    """Near-duplicates: rows first < second, int32 (m,), and their correlation, float32 (m,), above NEAR."""

    first: np.ndarray
    second: np.ndarray
    correlation: np.ndarray


def first_rows(images):
    """int32 (n,): for each of `images`, uint8 (n, h, w), the first row with the same pixels."""
    seen, first = {}, np.empty(len(images), np.int32)
    for row in range(len(images)):
        digest = hashlib.blake2b(images[row].tobytes(), digest_size=16).digest()
        first[row] = seen.setdefault(digest, row)
    return first


def constant(images):
    """bool (n,): images of a single gray level."""
    flat = images.reshape(len(images), -1)
    return flat.min(axis=1) == flat.max(axis=1)


def near_pairs(images, threshold=NEAR, block=4096):
    """All Pairs of `images`, uint8 (n, h, w), whose pixels correlate (Pearson) above `threshold`.

    Exact duplicates are pairs too, except images of a single gray level, which have no correlation.
    """
    found = [(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))]
    flat = _standardized(images)
    parts = chunks(len(images), block)
    for index, rows in enumerate(parts):
        for columns in parts[index:]:
            product = flat[rows] @ flat[columns].T
            first, second = np.nonzero(product > threshold)
            values = product[first, second]
            first, second = first + rows.start, second + columns.start
            keep = first < second
            found.append((first[keep].astype(np.int32), second[keep].astype(np.int32),
                          np.minimum(values[keep], 1).astype(np.float32)))
    return Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))


def equal_pairs(first, split):
    """Pairs that join each row to the first exact duplicate in every split, in linear time.

    first: int32 (n,), from `first_rows`. split: uint8 (n,).
    """
    lowest = {}
    for row, (same, part) in enumerate(zip(first.tolist(), split.tolist(), strict=True)):
        lowest.setdefault(same, {}).setdefault(part, row)
    repeated = np.flatnonzero(np.bincount(first, minlength=len(first))[first] > 1)
    ends = np.array([(row, other) for row in repeated.tolist() for other in lowest[first[row]].values()
                     if other != row], np.int32).reshape(-1, 2)
    ends = np.unique(np.sort(ends, axis=1), axis=0)
    return Pairs(ends[:, 0], ends[:, 1], np.ones(len(ends), np.float32))


def groups(first, pairs):
    """int32 (n,): a group number per row; exact and near-duplicates share a group.

    Cross-validation keeps a group in one fold. Otherwise a model would be tested on images it was trained on.
    """
    count = len(first)
    ends = np.concatenate([first, pairs.first]), np.concatenate([np.arange(count), pairs.second])
    graph = coo_array((np.ones(len(ends[0]), np.int8), ends), (count, count))
    return connected_components(graph, directed=False)[1].astype(np.int32)


def nearest_across_splits(pairs, split, reference):
    """Each row's closest near-duplicate in another split.

    split: uint8 (n,). reference: the training split. A row of another split is compared with `reference`;
    a row of `reference` with all other splits. Returns the row of the near-duplicate, int32 (n,), -1 if
    there is none, and the correlation, float32 (n,), 0 if there is none.
    """
    nearest = np.full(len(split), -1, np.int32)
    correlation = np.zeros(len(split), np.float32)
    rows = np.concatenate([pairs.first, pairs.second])
    others = np.concatenate([pairs.second, pairs.first])
    values = np.concatenate([pairs.correlation, pairs.correlation])
    across = (split[rows] == reference) != (split[others] == reference)
    rows, others, values = rows[across], others[across], values[across]
    order = np.lexsort((-others, values))    # the highest correlation last; among equals the lowest row last
    nearest[rows[order]] = others[order]
    correlation[rows[order]] = values[order]
    return nearest, correlation


def join(*several):
    """Several Pairs as one."""
    return Pairs(*(np.concatenate([getattr(pairs, field) for pairs in several])
                   for field in ("first", "second", "correlation")))


def near_duplicate_in_training(faces, store=None):
    """bool (n,): test rows of Faces with an exact or near-duplicate in Training.

    The comparison takes a minute or two; the result is cached in the folder `store`.
    """
    path = None if store is None else Path(store) / f"twins-{faces.md5}.npy"
    if path is not None and path.exists():
        cached = np.load(path)
        if len(cached) == len(faces.split):
            return cached
    training = SPLITS.index("Training")
    nearest, _ = nearest_across_splits(near_pairs(faces.images), faces.split, training)
    found = (duplicate_in_training(faces.images, faces.split) | (nearest >= 0)) & (faces.split != training)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, found)
    return found


def duplicate_in_training(images, split):
    """bool (n,): rows outside Training with the same pixels as a Training row."""
    first = first_rows(images)
    training = split == SPLITS.index("Training")
    return np.isin(first, first[training]) & ~training


def _standardized(images):
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return flat / np.maximum(length, 1e-6)
