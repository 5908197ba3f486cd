"""What the ten raters of FER+ achieve themselves, as a reference for models.

votes: int (n, 10), columns as in FER+'s csv: eight expressions, *unknown*, *not a face*.
The equivalent jury is defined in docs/equivalent-jury.md.
"""

from collections import Counter
from functools import lru_cache
from itertools import product
from math import comb, prod

import numpy as np
from scipy.optimize import minimize_scalar

EXPRESSIONS = 8
UNKNOWN, NOT_A_FACE = 8, 9
RATERS = 10


def has_majority(votes):
    """bool (n,): more than half of the votes other than *not a face* are for one expression.

    These are the rows of Barsoum et al. 2016's standard evaluation.
    """
    return 2 * votes[:, :EXPRESSIONS].max(1) > votes[:, :NOT_A_FACE].sum(1)


def ferplus_protocol(votes):
    """Rows and labels of FER+'s published protocol: bool (n,), int64 (n,).

    The rule of the authors' code in mode "majority" (Barsoum et al. 2016; microsoft/FERPlus, src/ferplus.py): single
    votes count as outliers and are dropped, in all ten columns; a label needs more than half of the votes that are
    left; rows whose label is *unknown* or *not a face* are left out.
    """
    kept = np.where(votes > 1, votes, 0)
    label = kept.argmax(1)
    return (2 * kept.max(1) > kept.sum(1)) & (label < EXPRESSIONS), label


def one_rater(votes):
    """float64 (n,): the probability that one rater chooses the plurality label of the other raters of a face.

    Votes for *not a face* are left out; a vote for *unknown* never agrees. Of equal labels the first
    counts, as it does for a model.
    """
    hits = np.zeros(len(votes))
    for label in range(EXPRESSIONS):
        others = votes[:, :EXPRESSIONS].copy()
        others[:, label] -= 1
        hits += votes[:, label] * (others.argmax(1) == label)
    return hits / np.maximum(votes[:, :NOT_A_FACE].sum(1), 1)


def all_expressions(votes):
    """bool (n,): all ten raters chose one of the eight expressions."""
    return votes[:, :EXPRESSIONS].sum(1) == RATERS


class Juries:
    """Juries of k raters. Their averaged votes, smoothed toward a prior, predict the remaining raters' votes."""

    def __init__(self, chosen_on, prior):
        """Choose the smoothing of each jury size on `chosen_on`, counts int (n, labels) of ten votes per row.

        prior: float (labels,), the labels' frequencies.
        """
        self.prior = np.asarray(prior, np.float64) / np.sum(prior)
        self.smoothing = {0: 1.0}
        for size in range(1, RATERS):
            best = minimize_scalar(lambda log_a, k=size: self.losses(chosen_on, k, np.exp(log_a)).mean(),
                                   bounds=np.log((0.02, 50)), method="bounded", options={"xatol": 0.01})
            self.smoothing[size] = float(np.exp(best.x))

    def losses(self, counts, size, smoothing=None):
        """float64 (n,): expected cross-entropy, nats per vote, of a jury of `size` on the other votes of each face.

        Exact: every way to draw the jury from the ten votes is weighted by its probability.
        """
        smoothing = self.smoothing[size] if smoothing is None else smoothing
        distinct, inverse = np.unique(counts, axis=0, return_inverse=True)
        return np.array([self._loss(tuple(row), size, smoothing) for row in distinct])[inverse.ravel()]

    def _loss(self, row, size, smoothing):
        jury, weight = _draws(tuple(int(count) for count in row), size)
        predicted = np.log((jury + smoothing * self.prior) / (size + smoothing))
        remaining = (np.array(row) - jury) / (RATERS - size)
        return float(-(weight[:, None] * remaining * np.where(remaining > 0, predicted, 0)).sum())

    def curve(self, counts):
        """float64 (n, 10): losses of juries of 0 to 9 raters on each face."""
        return np.stack([self.losses(counts, size) for size in range(RATERS)], axis=1)


@lru_cache(maxsize=100_000)
def _draws(row, size):
    """The distinct ways to draw `size` of a face's votes: counts int (m, labels) and probabilities (m,)."""
    ways = Counter()
    for drawn in product(*(range(min(count, size) + 1) for count in row)):
        if sum(drawn) == size:
            ways[drawn] = prod(comb(count, taken) for count, taken in zip(row, drawn, strict=True))
    return np.array(list(ways)), np.array(list(ways.values())) / comb(sum(row), size)


def equivalent(curve, loss):
    """The jury size with the given loss, by linear interpolation on `curve`, (10,), the juries' mean losses.

    0 if the loss is no lower than the prior's. 9, the largest jury that leaves a vote to predict, if the
    loss is lower than that jury's.
    """
    curve = np.minimum.accumulate(np.asarray(curve, np.float64))
    return float(np.interp(-loss, -curve, np.arange(len(curve))))


def equivalent_jury(juries, counts, model_losses, times=1000, seed=0):
    """The equivalent jury of a model, with its 95 % interval by bootstrap over faces.

    counts: int (n, 8), ten votes per row. model_losses: float (n,), the model's cross-entropy in
    nats per vote on the same faces. Returns {"raters", "low", "high", "faces", "model", "curve"}.
    """
    curve = juries.curve(counts)
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(times):
        rows = rng.integers(0, len(counts), len(counts))
        drawn.append(equivalent(curve[rows].mean(0), model_losses[rows].mean()))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return {"raters": equivalent(curve.mean(0), model_losses.mean()), "low": float(low), "high": float(high),
            "faces": len(counts), "model": float(model_losses.mean()), "curve": curve.mean(0).tolist()}
