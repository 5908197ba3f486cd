"""Pictures that are there more than once, pixel for pixel or nearly so."""

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .chunks import chunks

#: Two pictures correlated above this are near twins (the threshold of the published counts).
NEAR = 0.95
#: Comparing all pairs grows with the square of the rows; beyond this many, only equal pictures are found.
MOST_COMPARED = 80_000


@dataclass(frozen=True)
class Pairs:
    """Near twins: rows first < second, int32 (m,), and their correlation, float32 (m,), above NEAR."""

    first: np.ndarray
    second: np.ndarray
    correlation: np.ndarray


def first_rows(images):
    """int32 (n,): for each picture of `images`, uint8 (n, h, w), the first row with the same pixels."""
    seen, first = {}, np.empty(len(images), np.int32)
    for row in range(len(images)):
        digest = hashlib.blake2b(images[row].tobytes(), digest_size=16).digest()
        first[row] = seen.setdefault(digest, row)
    return first


def constant(images):
    """bool (n,): pictures of one grey level."""
    flat = images.reshape(len(images), -1)
    return flat.min(axis=1) == flat.max(axis=1)


def near_pairs(images, threshold=NEAR, block=4096):
    """All Pairs of `images`, uint8 (n, h, w), whose pixels correlate (Pearson) above `threshold`.

    Equal pictures are pairs too, but for pictures of one grey level, which correlate with none.
    """
    found = [(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))]
    flat = _standardised(images)
    parts = chunks(len(images), block)
    for place, rows in enumerate(parts):
        for columns in parts[place:]:
            product = flat[rows] @ flat[columns].T
            first, second = np.nonzero(product > threshold)
            values = product[first, second]
            first, second = first + rows.start, second + columns.start
            keep = first < second
            found.append((first[keep].astype(np.int32), second[keep].astype(np.int32),
                          np.minimum(values[keep], 1).astype(np.float32)))
    return Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))


def equal_pairs(first, split):
    """Pairs that join each row to the first equal row of every split: exact twins without comparing all with all.

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
    """int32 (n,): a number a group of rows that equality or near twins connect.

    What must not be torn apart when rows are dealt into folds: a model would be tested on what it learnt.
    """
    count = len(first)
    ends = np.concatenate([first, pairs.first]), np.concatenate([np.arange(count), pairs.second])
    graph = coo_array((np.ones(len(ends[0]), np.int8), ends), (count, count))
    return connected_components(graph, directed=False)[1].astype(np.int32)


def twins_across(pairs, split, reference):
    """Each row's closest twin in another split, as a reader of test figures wants to know it.

    split: uint8 (n,). reference: the split that models learn from. A row of another split is
    compared with `reference`; a row of `reference` with all others. Returns the twin's row,
    int32 (n,), -1 where there is none, and the correlation, float32 (n,), 0 where none.
    """
    twin = np.full(len(split), -1, np.int32)
    correlation = np.zeros(len(split), np.float32)
    rows = np.concatenate([pairs.first, pairs.second])
    others = np.concatenate([pairs.second, pairs.first])
    values = np.concatenate([pairs.correlation, pairs.correlation])
    across = (split[rows] == reference) != (split[others] == reference)
    rows, others, values = rows[across], others[across], values[across]
    order = np.lexsort((-others, values))    # the best last, the lowest row last among equals
    twin[rows[order]] = others[order]
    correlation[rows[order]] = values[order]
    return twin, correlation


def join(*several):
    """Several Pairs as one."""
    return Pairs(*(np.concatenate([getattr(pairs, field) for pairs in several])
                   for field in ("first", "second", "correlation")))


def _standardised(images):
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return flat / np.maximum(length, 1e-6)
