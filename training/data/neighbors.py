"""Nearest neighbors in a network's embedding, and a two-dimensional map of all rows."""

import numpy as np

from .arrays import chunks

#: Rows beyond this many are added to the fitted map at the median of their nearest fitted rows.
MOST_FITTED = 40_000


def nearest(embedding, rows, first, count=8):
    """int32 (n, count): for each row the nearest of `rows` by cosine, nearest first; -1 where there are fewer.

    embedding: float32 (n, d). rows: int64 (m,), the candidates. first: int32 (n,), the first row
    with the same pixels; an exact duplicate is not a neighbor.
    """
    unit = _unit(embedding)
    candidates = unit[rows]
    candidate_count = min(count + 24, len(rows))     # leaves enough after duplicates are removed
    out = np.full((len(unit), count), -1, np.int32)
    for part in chunks(len(unit), 1024):
        similarity = unit[part] @ candidates.T
        top = np.argpartition(-similarity, candidate_count - 1, axis=1)[:, :candidate_count]
        order = np.argsort(-np.take_along_axis(similarity, top, axis=1), axis=1, kind="stable")
        for row, found in enumerate(rows[np.take_along_axis(top, order, axis=1)], part.start):
            others = found[first[found] != first[row]][:count]
            out[row, :len(others)] = others
    return out


def project(embedding, seed=0):
    """Map coordinates: float32 (n, 2), each axis within -1 to 1.

    Principal components, then t-SNE (van der Maaten and Hinton 2008; openTSNE's FFT interpolation)
    of at most MOST_FITTED rows; each other row is placed at the median of its nearest fitted rows.
    """
    from openTSNE import TSNE
    from sklearn.decomposition import PCA

    unit = _unit(embedding)
    rng = np.random.default_rng(seed)
    fitted = (np.arange(len(unit)) if len(unit) <= MOST_FITTED
              else np.sort(rng.choice(len(unit), MOST_FITTED, replace=False)))
    components = PCA(min(32, unit.shape[1], len(fitted)), random_state=seed).fit(unit[fitted])
    fit = TSNE(2, perplexity=min(30, (len(fitted) - 1) / 3), early_exaggeration_iter=200, n_iter=350,
               n_jobs=2 if len(fitted) > 5000 else 1, random_state=seed).fit(components.transform(unit[fitted]))
    points = np.empty((len(unit), 2), np.float32)
    points[fitted] = fit
    others = np.setdiff1d(np.arange(len(unit)), fitted)
    for part in chunks(len(others), 20_000):
        rows = components.transform(unit[others[part]])
        points[others[part]] = fit.prepare_partial(rows, initialization="median", k=5)
    points -= (points.max(axis=0) + points.min(axis=0)) / 2
    return points / np.abs(points).max(axis=0).clip(1e-6)


def _unit(embedding):
    return embedding / np.linalg.norm(embedding, axis=1, keepdims=True).clip(1e-6)
