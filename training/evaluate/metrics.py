"""Classification metrics in NumPy."""

import numpy as np

BINS = 15
Z = 1.959964    # 97.5th percentile of the normal distribution: intervals are 95 %


def log_softmax(logits):
    """Logarithm of the softmax over the last axis, computed in float64."""
    logits = np.asarray(logits, np.float64)
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def softmax(logits):
    """Softmax over the last axis, float64."""
    return np.exp(log_softmax(logits))


def soft_cross_entropy(log_probabilities, targets):
    """float64 (n,): cross-entropy of each row with its `targets` (sum to 1), in nats."""
    return -(targets * log_probabilities).sum(1)


def entropy(probabilities):
    """float64 (n,): entropy of each row's `probabilities`, in nats."""
    return -(probabilities * np.log(np.where(probabilities > 0, probabilities, 1))).sum(1)


def confusion(truth, predicted, labels):
    """Confusion matrix, int64 (labels, labels): rows are the true labels, columns the predicted ones."""
    matrix = np.zeros((labels, labels), np.int64)
    np.add.at(matrix, (truth, predicted), 1)
    return matrix


def per_class(matrix):
    """Precision, recall and F1 of each label from a confusion matrix: three float64 (labels,).

    A label that is never predicted has precision 0, one that never occurs recall 0.
    """
    correct = np.diag(matrix).astype(np.float64)
    precision = correct / np.maximum(matrix.sum(0), 1)
    recall = correct / np.maximum(matrix.sum(1), 1)
    return precision, recall, 2 * correct / np.maximum(matrix.sum(0) + matrix.sum(1), 1)


def calibration_error(confidence, correct, bins=BINS):
    """Expected calibration error (Naeini et al. 2015; Guo et al. 2017), and its bins.

    confidence: float (n,), the largest probability. correct: (n,), whether that label is correct,
    or the fraction of raters who chose it. The range 0-1 has `bins` bins of equal width, open below
    and closed above; the error is the mean over faces of |mean confidence - mean correct| of their
    bin. Returns the error and a list of {"confidence", "right", "faces"}, one per non-empty bin.
    """
    confidence, correct = np.asarray(confidence, np.float64), np.asarray(correct, np.float64)
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    diagram = [{"confidence": float(confidence[bin_of == b].mean()), "right": float(correct[bin_of == b].mean()),
                "faces": int((bin_of == b).sum())} for b in range(bins) if (bin_of == b).any()]
    error = sum(abs(b["confidence"] - b["right"]) * b["faces"] for b in diagram) / len(confidence)
    return float(error), diagram


def bootstrap(values, times=2000, seed=0):
    """95 % interval of the mean of `values`, (n,), by percentile bootstrap (Efron 1979): (low, high)."""
    values = np.asarray(values, np.float64)
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(times)]
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def wilson(hits, total):
    """A fraction with its 95 % interval (Wilson 1927): {"value", "low", "high", "hits", "of"}; None of nothing."""
    hits, total = int(hits), int(total)
    if not total:
        return None
    fraction, square = hits / total, Z * Z / total
    middle = (fraction + square / 2) / (1 + square)
    half = Z / (1 + square) * np.sqrt(fraction * (1 - fraction) / total + square / (4 * total))
    return {"value": fraction, "low": max(0.0, float(middle - half)), "high": min(1.0, float(middle + half)),
            "hits": hits, "of": total}


def mean_recall(truth, correct, times=2000, seed=0):
    """Recall averaged over the labels that occur (balanced accuracy): {"value", "low", "high", "labels"}.

    truth: int (n,). correct: bool (n,). The 95 % interval is a percentile bootstrap within each label.
    """
    groups = [correct[truth == label] for label in np.unique(truth)]
    rng = np.random.default_rng(seed)
    drawn = np.mean([rng.binomial(len(group), group.mean(), times) / len(group) for group in groups], axis=0)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return {"value": float(np.mean([group.mean() for group in groups])), "low": float(low), "high": float(high),
            "labels": len(groups)}


def mcnemar(correct_a, correct_b):
    """McNemar's test, exact binomial form, of two models on the same faces.

    correct_a, correct_b: bool (n,). Returns {"only_a", "only_b", "p"}: faces that only one of
    them classifies correctly, and the two-sided p-value: the probability of a split at least as uneven if
    both were equally accurate.
    """
    from scipy.stats import binomtest
    only_a, only_b = int((correct_a & ~correct_b).sum()), int((correct_b & ~correct_a).sum())
    p = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    return {"only_a": only_a, "only_b": only_b, "p": float(p)}
