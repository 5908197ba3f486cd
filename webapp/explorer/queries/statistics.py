"""Metrics of a classifier from counts: pure arithmetic, without access to the data."""

import numpy as np

Z = 1.959964    # 97.5th percentile of the normal distribution, for 95 % intervals
BINS = 15
HISTOGRAM_BINS = 24


def wilson(hits, total):
    """A fraction with its 95 % confidence interval (Wilson 1927): {value, low, high}; None without trials."""
    if not total:
        return None
    fraction, square = hits / total, Z * Z / total
    center = (fraction + square / 2) / (1 + square)
    half = Z / (1 + square) * np.sqrt(fraction * (1 - fraction) / total + square / (4 * total))
    return _interval(fraction, center - half, center + half)


def paired_difference(joint):
    """Difference in accuracy of two models on the same rows, with its 95 % interval; None without rows.

    Returns {value, low, high}. joint: [{first, second, rows}], rows by whether each model is correct. The interval is
    Wald's for paired proportions (Agresti, "Categorical Data Analysis", 2013, section 11.1).
    """
    count = {(cell["first"], cell["second"]): cell["rows"] for cell in joint}
    total, only_first, only_second = sum(count.values()), count.get((True, False), 0), count.get((False, True), 0)
    if not total:
        return None
    difference = (only_first - only_second) / total
    half = Z * np.sqrt(max(0.0, only_first + only_second - (only_first - only_second) ** 2 / total)) / total
    return {name: round(float(value), 4) for name, value in
            (("value", difference), ("low", difference - half), ("high", difference + half))}


def per_class(confusion, labels, rounds=1000, seed=0):
    """Precision, recall and F1 of each label with 95 % intervals.

    confusion: int (n, n), truth by prediction. Precision and recall have Wilson intervals; those of F1 are
    bootstrapped from the confusion matrix, which is equivalent to resampling the rows.
    """
    confusion = np.asarray(confusion)
    hits, actual, predicted = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    total = int(confusion.sum())
    if total:
        resampled = np.random.default_rng(seed).multinomial(total, confusion.ravel() / total, rounds)
        resampled = resampled.reshape(rounds, *confusion.shape)
        sizes = resampled.sum(axis=2) + resampled.sum(axis=1)
        scores = 2 * resampled.diagonal(axis1=1, axis2=2) / np.maximum(sizes, 1)
        low, high = np.percentile(scores, (2.5, 97.5), axis=0)
    rows = []
    for index, label in enumerate(labels):
        size = int(actual[index] + predicted[index])
        rows.append({
            "label": label, "rows": int(actual[index]), "answers": int(predicted[index]),
            "precision": wilson(hits[index], predicted[index]), "recall": wilson(hits[index], actual[index]),
            "f1": _interval(2 * hits[index] / size, low[index], high[index]) if size else None})
    return rows


def imbalance(counts):
    """Class imbalance of [{label, rows, …}]: {most, fewest, ratio}; None without rows."""
    rows: dict[str, int] = {}
    for cell in counts:
        rows[cell["label"]] = rows.get(cell["label"], 0) + cell["rows"]
    if not rows:
        return None
    most, fewest = max(rows, key=rows.__getitem__), min(rows, key=rows.__getitem__)
    return {"most": {"label": most, "rows": rows[most]}, "fewest": {"label": fewest, "rows": rows[fewest]},
            "ratio": round(rows[most] / rows[fewest], 1)}


def edges(low, high, decimals, logarithm=False):
    """Edges of histogram bins from `low` to `high`, equally spaced or equally spaced in log1p; at least two.

    Inner edges are half a unit of the last decimal away from every value with `decimals` decimals, so a
    value falls into the same bin whether the bins are open or closed.
    """
    first, last = np.log1p((low, high)) if logarithm else (low, high)
    inner = np.linspace(first, last, HISTOGRAM_BINS + 1)[1:-1]
    inner = np.expm1(inner) if logarithm else inner
    unit = 10.0 ** decimals
    inner = np.unique(np.round((np.floor(inner * unit) + 0.5) / unit, decimals + 1))
    return [float(low), *inner[(inner > low) & (inner < high)].tolist(), float(high)]


def reliability(bins):
    """A reliability diagram from [(bin, rows, sum of confidence, sum of targets)].

    A target is 0 or 1, or the fraction of the votes for the prediction; the interval of a bin is then
    conservative. Returns the bins and the expected calibration error (Guo et al. 2017), None without rows.
    """
    total = sum(rows for _, rows, _, _ in bins)
    filled = [{"low": index / BINS, "high": (index + 1) / BINS, "rows": rows,
               "confidence": round(confidence / rows, 4), "right": wilson(target, rows)}
              for index, rows, confidence, target in bins if rows]
    error = sum(abs(confidence - target) for _, _, confidence, target in bins) / total if total else None
    return {"bins": filled, "expected_calibration_error": None if error is None else round(error, 4)}


def _interval(value, low, high):
    return {"value": round(float(value), 4), "low": round(max(0.0, float(low)), 4),
            "high": round(min(1.0, float(high)), 4)}
