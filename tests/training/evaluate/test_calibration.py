import numpy as np
import pytest

from training.evaluate.calibration import temperature, unsure_threshold
from training.evaluate.metrics import log_softmax, softmax


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_hidden_is_found(true):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 5))
    labels = (softmax(logits / true).cumsum(1) > rng.random((20_000, 1))).argmax(1)
    assert temperature(logits, np.eye(5)[labels]) == pytest.approx(true, rel=0.05)


def test_votes_as_targets_give_the_temperature_exactly():
    logits = np.random.default_rng(1).normal(0, 3, (200, 8))
    assert temperature(logits, softmax(logits / 1.7)) == pytest.approx(1.7, rel=1e-3)


def test_no_other_temperature_is_better():
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 4, (300, 4))
    shares = (softmax(logits / 2) + rng.dirichlet(np.ones(4), 300)) / 2
    found = temperature(logits, shares)

    def loss(value):
        return -(shares * log_softmax(logits / value)).sum(1).mean()

    assert loss(found) <= min(loss(found * 0.98), loss(found * 1.02))


def test_threshold_is_the_lowest_that_keeps_the_error_rate():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [0.55, 0.45]])
    right = np.array([True, True, True, False, False])
    assert unsure_threshold(probabilities, right, 0.25) == (0.6, 0.25, pytest.approx(0.2))
    assert unsure_threshold(probabilities, right, 0.1) == (0.7, 0.0, pytest.approx(0.4))
    assert unsure_threshold(probabilities, right, 0.5) == (0.55, 0.4, 0.0)


def test_equal_probabilities_are_not_parted():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    threshold, wrong, silent = unsure_threshold(probabilities, np.array([True, True, False]), 0.0)
    assert (threshold, wrong, silent) == (0.9, 0.0, pytest.approx(2 / 3))


def test_a_rate_out_of_reach_gives_the_best_there_is():
    probabilities = np.tile([0.9, 0.1], (20, 1)) - np.arange(20)[:, None] * [0.01, -0.01]
    right = np.zeros(20, bool)
    right[1] = True
    threshold, wrong, silent = unsure_threshold(probabilities, right, 0.1)
    assert threshold == pytest.approx(0.89) and wrong == 0.5 and silent == pytest.approx(0.9)
