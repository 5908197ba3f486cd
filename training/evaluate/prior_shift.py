"""Predictions under other frequencies of the labels than those of the training data.

A calibrated network's probabilities hold its training prior: where two labels fit a face equally well, the more
frequent one wins. These functions exchange that prior. They change nothing else: an error of the features stays.
"""

import numpy as np

from .metrics import log_softmax, mean_recall

RARE = 0.05                             # frequency in training below which a label is rare
STRENGTHS = (0.25, 0.5, 0.75, 1.0)      # of the balanced prediction, to choose from
LARGEST_COST = 0.02                     # accuracy that the balanced prediction may lose


def adjusted(log_p, prior, strength=1.0, target=None):
    """Log-probabilities float64 (n, labels) with the training prior removed: "logit adjustment", Menon et al. 2021.

    log_p: float (n, labels), log-probabilities or logits. prior: float (labels,), frequencies of the labels in
    training. strength: 0 changes nothing, 1 removes the prior whole, which maximizes the mean recall where `log_p`
    is calibrated. target: float (labels,), the frequencies to put in its place (default: all equal).
    """
    scores = np.asarray(log_p, np.float64) - strength * np.log(prior)
    return log_softmax(scores if target is None else scores + strength * np.log(np.maximum(target, 1e-9)))


def leveled(prior):
    """`prior`, float (labels,), with the labels above RARE made equally frequent; the rare ones stay as rare."""
    prior = np.asarray(prior, np.float64)
    frequent = prior >= RARE
    return np.where(frequent, np.exp(np.log(prior[frequent]).mean()), prior)


def balancing_offsets(prior, strength):
    """What the balanced prediction adds to the log-probabilities: float64 (labels,).

    -strength (log prior - mean log prior) over the frequent labels, 0 for the rare ones, of which a network has seen
    too few examples to predict them more often.
    """
    return strength * (np.log(leveled(prior)) - np.log(np.asarray(prior, np.float64)))


def by_strength(log_p, truth, prior):
    """[{"strength", "accuracy", "mean_recall"}] of the balanced predictions, from strength 0, none, to 1.

    log_p: float (n, labels), calibrated log-probabilities. truth: int (n,).
    """
    measured = []
    for strength in (0.0, *STRENGTHS):
        correct = (log_p + balancing_offsets(prior, strength)).argmax(1) == truth
        measured.append({"strength": strength, "accuracy": float(correct.mean()),
                         "mean_recall": mean_recall(truth, correct)["value"]})
    return measured


def chosen_strength(measured):
    """The largest strength of `by_strength` that costs at most LARGEST_COST of accuracy; 0 if none does."""
    least = measured[0]["accuracy"] - LARGEST_COST
    return max(each["strength"] for each in measured if each["accuracy"] >= least)


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
