"""Where a picture lies in a network's own space: its nearest rows, and a map of all."""

import numpy as np

from .chunks import chunks

#: More points than these are placed on the map by their nearest fitted ones.
MOST_FITTED = 40_000


def nearest(embedding, rows, first, count=8):
    """int32 (n, count): for each row the nearest of `rows` by cosine, nearest first; -1 where there are fewer.

    embedding: float32 (n, d). rows: int64 (m,), the candidates. first: int32 (n,), the first row
    with the same pixels; a picture is not a neighbour of its own copies.
    """
    unit = _unit(embedding)
    candidates = unit[rows]
    count_found = min(count + 24, len(rows))     # room for the copies that are taken out
    out = np.full((len(unit), count), -1, np.int32)
    for part in chunks(len(unit), 1024):
        closeness = unit[part] @ candidates.T
        top = np.argpartition(-closeness, count_found - 1, axis=1)[:, :count_found]
        order = np.argsort(-np.take_along_axis(closeness, top, axis=1), axis=1, kind="stable")
        for row, found in enumerate(rows[np.take_along_axis(top, order, axis=1)], part.start):
            others = found[first[found] != first[row]][:count]
            out[row, :len(others)] = others
    return out


def place(embedding, seed=0):
    """A map: float32 (n, 2), each axis within -1 to 1.

    Principal components, then t-SNE (van der Maaten and Hinton 2008; openTSNE's interpolation by
    FFT) of at most MOST_FITTED rows; the others go to the median of their nearest fitted ones.
    """
    from openTSNE import TSNE
    from sklearn.decomposition import PCA

    unit = _unit(embedding)
    rng = np.random.default_rng(seed)
    fitted = (np.arange(len(unit)) if len(unit) <= MOST_FITTED
              else np.sort(rng.choice(len(unit), MOST_FITTED, replace=False)))
    directions = PCA(min(32, unit.shape[1], len(fitted)), random_state=seed).fit(unit[fitted])
    flat = TSNE(2, perplexity=min(30, (len(fitted) - 1) / 3), early_exaggeration_iter=200, n_iter=350,
                n_jobs=2 if len(fitted) > 5000 else 1, random_state=seed).fit(directions.transform(unit[fitted]))
    points = np.empty((len(unit), 2), np.float32)
    points[fitted] = flat
    others = np.setdiff1d(np.arange(len(unit)), fitted)
    for part in chunks(len(others), 20_000):
        rows = directions.transform(unit[others[part]])
        points[others[part]] = flat.prepare_partial(rows, initialization="median", k=5)
    points -= (points.max(axis=0) + points.min(axis=0)) / 2
    return points / np.abs(points).max(axis=0).clip(1e-6)


def _unit(embedding):
    return embedding / np.linalg.norm(embedding, axis=1, keepdims=True).clip(1e-6)
