"""Figures of a classifier from counts: pure arithmetic, no questions to the data."""

import numpy as np

Z = 1.959964    # the 97.5th percentile of the normal distribution: intervals are of 95 %
BINS = 15
HISTOGRAM_BINS = 24


def wilson(hits, total):
    """A share with its 95 % interval (Wilson 1927): {value, low, high}; None for no trials."""
    if not total:
        return None
    share, square = hits / total, Z * Z / total
    middle = (share + square / 2) / (1 + square)
    half = Z / (1 + square) * np.sqrt(share * (1 - share) / total + square / (4 * total))
    return _share(share, middle - half, middle + half)


def per_class(confusion, labels, rounds=1000, seed=0):
    """Precision, recall and F1 of each label with 95 % intervals.

    confusion: int (n, n), truth by answer. Precision and recall by Wilson; F1 by a bootstrap of
    the confusion matrix, which is the same as one of the rows behind it.
    """
    confusion = np.asarray(confusion)
    hits, asked, answered = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    total = int(confusion.sum())
    if total:
        drawn = np.random.default_rng(seed).multinomial(total, confusion.ravel() / total, rounds)
        drawn = drawn.reshape(rounds, *confusion.shape)
        sizes = drawn.sum(axis=2) + drawn.sum(axis=1)
        scores = 2 * drawn.diagonal(axis1=1, axis2=2) / np.maximum(sizes, 1)
        low, high = np.percentile(scores, (2.5, 97.5), axis=0)
    rows = []
    for place, label in enumerate(labels):
        size = int(asked[place] + answered[place])
        rows.append({
            "label": label, "rows": int(asked[place]), "answers": int(answered[place]),
            "precision": wilson(hits[place], answered[place]), "recall": wilson(hits[place], asked[place]),
            "f1": _share(2 * hits[place] / size, low[place], high[place]) if size else None})
    return rows


def imbalance(counts):
    """The labels with the most and the fewest rows of [{label, rows, …}]: {most, fewest, ratio}; None without rows."""
    rows = {}
    for cell in counts:
        rows[cell["label"]] = rows.get(cell["label"], 0) + cell["rows"]
    if not rows:
        return None
    most, fewest = max(rows, key=rows.get), min(rows, key=rows.get)
    return {"most": {"label": most, "rows": rows[most]}, "fewest": {"label": fewest, "rows": rows[fewest]},
            "ratio": round(rows[most] / rows[fewest], 1)}


def edges(low, high, digits, logarithm=False):
    """The edges of a histogram's bins from `low` to `high`, equal or equal by their logarithm; at least two.

    Those between lie half a digit beside every value of `digits` digits after the point, so that
    each value is in one bin alone, however a bin's ends are meant.
    """
    ends = np.log1p((low, high)) if logarithm else (low, high)
    inner = np.linspace(*ends, HISTOGRAM_BINS + 1)[1:-1]
    inner = np.expm1(inner) if logarithm else inner
    unit = 10.0 ** digits
    inner = np.unique(np.round((np.floor(inner * unit) + 0.5) / unit, digits + 1))
    return [float(low), *inner[(inner > low) & (inner < high)].tolist(), float(high)]


def reliability(bins):
    """A reliability diagram from [(bin, rows, sum of confidence, sum of right)].

    Right is 0 or 1 a row, or the share of the raters who gave the answer; the interval of a bin
    is then wider than it need be.

    Returns its bins and the expected calibration error (Guo et al. 2017), None without rows.
    """
    total = sum(rows for _, rows, _, _ in bins)
    drawn = [{"low": place / BINS, "high": (place + 1) / BINS, "rows": rows,
              "confidence": round(confidence / rows, 4), "right": wilson(right, rows)}
             for place, rows, confidence, right in bins if rows]
    error = sum(abs(confidence - right) for _, _, confidence, right in bins) / total if total else None
    return {"bins": drawn, "expected_calibration_error": None if error is None else round(error, 4)}


def _share(value, low, high):
    return {"value": round(float(value), 4), "low": round(max(0.0, float(low)), 4),
            "high": round(min(1.0, float(high)), 4)}
