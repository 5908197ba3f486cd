"""Measures of a classifier's answers, in plain numpy."""

import numpy as np

BINS = 15


def log_softmax(logits):
    """Logarithm of the softmax over the last axis, computed in float64."""
    logits = np.asarray(logits, np.float64)
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def softmax(logits):
    """Softmax over the last axis, float64."""
    return np.exp(log_softmax(logits))


def soft_cross_entropy(log_probabilities, shares):
    """float64 (n,): cross-entropy of each row's `shares` (sum to 1) in nats."""
    return -(shares * log_probabilities).sum(1)


def entropy(shares):
    """float64 (n,): entropy of each row's `shares` in nats."""
    return -(shares * np.log(np.where(shares > 0, shares, 1))).sum(1)


def confusion(truth, answer, labels):
    """int64 (labels, labels): rows are the true labels, columns the answers."""
    matrix = np.zeros((labels, labels), np.int64)
    np.add.at(matrix, (truth, answer), 1)
    return matrix


def per_class(matrix):
    """Precision, recall and F1 of each label from a confusion matrix: three float64 (labels,).

    A label never answered has precision 0, one that never occurs recall 0.
    """
    hit = np.diag(matrix).astype(np.float64)
    precision = hit / np.maximum(matrix.sum(0), 1)
    recall = hit / np.maximum(matrix.sum(1), 1)
    return precision, recall, 2 * hit / np.maximum(matrix.sum(0) + matrix.sum(1), 1)


def calibration_error(confidence, right, bins=BINS):
    """Expected calibration error (Naeini et al. 2015; Guo et al. 2017), and the bins it is made of.

    confidence: float (n,), the largest probability. right: (n,), whether that label is right,
    or the share of raters who chose it. The range 0-1 is cut into `bins` bins of equal width,
    open below and closed above; the error is the mean over faces of
    |mean confidence - mean right| of their bin. Returns the error and a list of
    {"confidence", "right", "faces"}, one a bin that is not empty.
    """
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    diagram = [{"confidence": float(confidence[place == b].mean()), "right": float(right[place == b].mean()),
                "faces": int((place == b).sum())} for b in range(bins) if (place == b).any()]
    error = sum(abs(b["confidence"] - b["right"]) * b["faces"] for b in diagram) / len(confidence)
    return float(error), diagram


def bootstrap(values, times=2000, seed=0):
    """95 % interval of the mean of `values`, (n,), by the percentile bootstrap (Efron 1979): (low, high)."""
    values = np.asarray(values, np.float64)
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(times)]
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def mcnemar(right_a, right_b):
    """McNemar's test, exact binomial form, of two models on the same faces.

    right_a, right_b: bool (n,). Returns {"only_a", "only_b", "p"}: faces that only one of them
    has right, and the two-sided probability of a split at least so uneven if both were equally good.
    """
    from scipy.stats import binomtest
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    p = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    return {"only_a": only_a, "only_b": only_b, "p": float(p)}
