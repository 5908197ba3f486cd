import numpy as np
import pytest

from training.evaluate.metrics import log_softmax, softmax
from training.evaluate.prior_shift import (
    adjusted,
    balancing_offsets,
    by_strength,
    chosen_strength,
    estimated_prior,
    vote_prior,
)

PRIOR = np.array([0.7, 0.2, 0.1])
SHIFTED = np.array([0.2, 0.3, 0.5])


@pytest.fixture
def shifted():
    """(log-probabilities under PRIOR, labels) of faces whose labels come with the frequencies SHIFTED."""
    rng = np.random.default_rng(0)
    labels = rng.choice(3, 4000, p=SHIFTED)
    seen = rng.normal(0, 1, (4000, 3)) + 2 * np.eye(3)[labels]
    return log_softmax(2 * seen + np.log(PRIOR)), labels     # exact: the likelihoods' log-ratios are 2 * seen


def test_strength_0_changes_nothing_and_1_leaves_the_likelihood(shifted):
    log_p, _ = shifted
    assert np.allclose(adjusted(log_p, PRIOR, 0), log_p)
    assert np.allclose(adjusted(log_p, PRIOR), log_softmax(log_p - np.log(PRIOR)))
    assert np.allclose(adjusted(log_p, PRIOR, target=PRIOR), log_p)


def test_removing_the_prior_raises_the_mean_recall(shifted):
    log_p, labels = shifted

    def mean_recall(scores):
        return np.mean([(scores.argmax(1) == label)[labels == label].mean() for label in range(3)])

    assert mean_recall(adjusted(log_p, PRIOR)) > mean_recall(log_p) + 0.02


def test_the_prior_is_estimated_without_labels(shifted):
    log_p, labels = shifted
    assert np.abs(estimated_prior(log_p, PRIOR) - SHIFTED).max() < 0.03
    right = adjusted(log_p, PRIOR, target=estimated_prior(log_p, PRIOR)).argmax(1) == labels
    assert right.mean() > (log_p.argmax(1) == labels).mean()
    assert np.allclose(softmax(adjusted(log_p, PRIOR, target=SHIFTED)).mean(0), SHIFTED, atol=0.03)


def test_the_prior_of_votes_is_the_mean_of_the_faces_that_have_some():
    assert vote_prior([[8, 2], [0, 4], [0, 0]]).tolist() == [0.4, 0.6]


def test_balancing_makes_the_frequent_labels_equal_and_leaves_the_rare_ones():
    prior = np.array([0.6, 0.3, 0.08, 0.02])
    even = log_softmax(np.log(prior) + balancing_offsets(prior, 1.0))
    assert np.allclose(even[:3], even[0]) and even[3] < even[0]
    half = balancing_offsets(prior, 0.5)
    assert half[3] == 0 and half[0] < 0 < half[2] and np.allclose(half, balancing_offsets(prior, 1.0) / 2)
    assert half[:3].sum() == pytest.approx(0)


def test_the_largest_strength_within_the_cost_is_chosen():
    measured = [{"strength": strength, "accuracy": accuracy}
                for strength, accuracy in ((0.0, 0.80), (0.25, 0.80), (0.5, 0.785), (0.75, 0.77), (1.0, 0.7))]
    assert chosen_strength(measured) == 0.5
    assert chosen_strength([measured[0], *measured[3:]]) == 0


def test_strengths_are_measured_from_none_to_whole():
    log_p = log_softmax(np.log([[0.5, 0.4, 0.1], [0.9, 0.06, 0.04]]))
    measured = by_strength(log_p, np.array([1, 0]), np.array([0.7, 0.2, 0.1]))
    assert [each["strength"] for each in measured] == [0, 0.25, 0.5, 0.75, 1]
    assert measured[0]["accuracy"] == 0.5 and measured[2] == {"strength": 0.5, "accuracy": 1.0, "mean_recall": 1.0}
