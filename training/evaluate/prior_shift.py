"""Predictions under other frequencies of the labels than those of the training data.

A calibrated network's probabilities hold its training prior: where two labels fit a face equally well, the more
frequent one wins. These functions exchange that prior. They change nothing else: an error of the features stays.
"""

import numpy as np

from .metrics import log_softmax


def adjusted(log_p, prior, strength=1.0, target=None):
    """Log-probabilities float64 (n, labels) with the training prior removed: "logit adjustment", Menon et al. 2021.

    log_p: float (n, labels), log-probabilities or logits. prior: float (labels,), frequencies of the labels in
    training. strength: 0 changes nothing, 1 removes the prior whole, which maximizes the mean recall where `log_p`
    is calibrated. target: float (labels,), the frequencies to put in its place (default: all equal).
    """
    scores = np.asarray(log_p, np.float64) - strength * np.log(prior)
    return log_softmax(scores if target is None else scores + strength * np.log(np.maximum(target, 1e-9)))


def estimated_prior(log_p, prior, rounds=2000, tolerance=1e-7):
    """Frequencies of the labels, float64 (labels,), estimated from predictions without labels.

    Expectation maximization of Saerens, Latinne, Decaestecker 2002. It takes for granted that only the frequencies
    differ from training, not how a label looks. log_p, prior: as in `adjusted`.
    """
    prior = np.asarray(prior, np.float64)
    likelihood = np.exp(log_softmax(log_p)) / prior
    found = prior
    for _ in range(rounds):
        posterior = likelihood * found
        new = (posterior / posterior.sum(1, keepdims=True)).mean(0)
        if np.abs(new - found).sum() < tolerance:
            return new
        found = new
    return found


def vote_prior(votes):
    """float64 (labels,): mean fractions of the raters' votes, (n, labels), over the faces with a vote."""
    votes = np.asarray(votes, np.float64)
    total = votes.sum(1, keepdims=True)
    return (votes / np.maximum(total, 1))[total[:, 0] > 0].mean(0)
