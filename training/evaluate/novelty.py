"""Scores for 'unlike the training data': the higher, the more a crop is unlike the faces of FER2013.

Three need the logits only; the others need the features of the last layer before them. `Prototypes` is the one that an
exported network can output (webapp/vision/keras_networks.py).
"""

import numpy as np


def energy(logits, temperature=1.0):
    """float64 (n,): -T logsumexp(logits / T), Liu et al. 2020, "Energy-based Out-of-distribution Detection"."""
    scaled = np.asarray(logits, np.float64) / temperature
    largest = scaled.max(1)
    return -temperature * (largest + np.log(np.exp(scaled - largest[:, None]).sum(1)))


def max_logit(logits):
    """float64 (n,): minus the largest logit (Hendrycks et al. 2022)."""
    return -np.asarray(logits, np.float64).max(1)


def max_probability(logits, temperature=1.0):
    """float64 (n,): minus the largest probability (Hendrycks, Gimpel 2017): what the site's *unsure* uses."""
    scaled = np.asarray(logits, np.float64) / temperature
    return -1 / np.exp(scaled - scaled.max(1, keepdims=True)).sum(1)


class Mahalanobis:
    """Distance to the nearest label's mean under one covariance (Lee et al. 2018).

    features: float (n, d) of training faces. labels: int (n,).
    """

    def __init__(self, features, labels):
        features = np.asarray(features, np.float64)
        self._means = np.stack([features[labels == label].mean(0) for label in np.unique(labels)])
        centered = features - self._means[np.unique(labels, return_inverse=True)[1]]
        covariance = centered.T @ centered / len(features)
        self._precision = np.linalg.pinv(covariance + 1e-6 * np.trace(covariance) * np.eye(len(covariance)))

    def __call__(self, features):
        """float64 (n,): squared distances of `features`, (n, d)."""
        distances = []
        for mean in self._means:
            centered = np.asarray(features, np.float64) - mean
            distances.append(np.einsum("nd,de,ne->n", centered, self._precision, centered))
        return np.min(distances, axis=0)


class NearestNeighbors:
    """Distance to the k-th nearest training face, features scaled to length 1 (Sun et al. 2022)."""

    def __init__(self, features, k=50):
        from sklearn.neighbors import NearestNeighbors as Search
        self._search = Search(n_neighbors=k).fit(_unit(features))

    def __call__(self, features):
        """float64 (n,) for `features`, (n, d)."""
        return self._search.kneighbors(_unit(features))[0][:, -1]


class Prototypes:
    """Distance to the nearest of a few prototypes, k-means centers of training faces; features scaled to length 1.

    A small stand-in for NearestNeighbors: `count` times d numbers, one matrix product for each face.
    """

    def __init__(self, features, count=64, seed=0):
        from sklearn.cluster import KMeans
        self.centers = KMeans(count, n_init=1, random_state=seed).fit(_unit(features)).cluster_centers_

    def __call__(self, features):
        """float64 (n,) for `features`, (n, d)."""
        unit = _unit(features)
        squares = (unit ** 2).sum(1)[:, None] - 2 * unit @ self.centers.T + (self.centers ** 2).sum(1)
        return np.sqrt(np.maximum(squares, 0).min(1))


def _unit(features):
    features = np.asarray(features, np.float64)
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)


def threshold(scores, flagged=0.01):
    """The score that the fraction `flagged` of `scores`, (n,), of faces like the training data is above."""
    return float(np.quantile(scores, 1 - flagged))
