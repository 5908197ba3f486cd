"""Metrics against hand-computed values and scikit-learn."""

import numpy as np
import pytest

from training.evaluate import metrics


def test_softmax_of_large_logits_is_finite():
    np.testing.assert_allclose(metrics.softmax(np.array([[1000.0, 1000.0], [0.0, -1000.0]])), [[0.5, 0.5], [1, 0]])


def test_soft_cross_entropy_is_minimal_at_the_entropy():
    targets = np.array([[0.7, 0.3, 0.0], [1.0, 0.0, 0.0]])
    with np.errstate(divide="ignore"):
        log_p = np.maximum(np.log(targets), -50)
    np.testing.assert_allclose(metrics.soft_cross_entropy(log_p, targets), metrics.entropy(targets))
    np.testing.assert_allclose(metrics.entropy(targets), [0.6108643, 0], atol=1e-6)
    uniform = np.log(np.full((2, 3), 1 / 3))
    np.testing.assert_allclose(metrics.soft_cross_entropy(uniform, targets), np.log(3))


def test_confusion_precision_recall_and_f1():
    matrix = metrics.confusion(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 0]), 4)
    assert matrix.tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    precision, recall, f1 = metrics.per_class(matrix)
    np.testing.assert_allclose(precision, [2 / 4, 1 / 2, 0, 0])
    np.testing.assert_allclose(recall, [2 / 3, 1 / 2, 0, 0])
    np.testing.assert_allclose(f1, [4 / 7, 1 / 2, 0, 0])


def test_per_class_agrees_with_scikit_learn():
    from sklearn.metrics import precision_recall_fscore_support
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 5, 300), rng.integers(0, 5, 300)
    expected = precision_recall_fscore_support(truth, predicted, zero_division=0)[:3]
    np.testing.assert_allclose(metrics.per_class(metrics.confusion(truth, predicted, 5)), expected)


def test_calibration_error_on_hand_computed_bins():
    # Two bins: two faces at .4, one of them correct, and two at .9, both correct: (2*.1 + 2*.1) / 4.
    error, diagram = metrics.calibration_error([0.4, 0.4, 0.9, 0.9], [1, 0, 1, 1], bins=2)
    assert error == pytest.approx(0.1)
    assert diagram == [{"confidence": pytest.approx(0.4), "right": 0.5, "faces": 2},
                       {"confidence": pytest.approx(0.9), "right": 1.0, "faces": 2}]


def test_bins_are_open_below_and_closed_above():
    _, diagram = metrics.calibration_error([0.5, 0.5000001, 1.0, 0.0], [1, 1, 1, 1], bins=2)
    assert [each["faces"] for each in diagram] == [2, 2]


def test_calibration_error_of_certain_predictions():
    assert metrics.calibration_error([1.0] * 5, [1] * 5)[0] == 0
    assert metrics.calibration_error([1.0] * 5, [0] * 5)[0] == 1


def test_calibration_against_fractions_of_votes():
    assert metrics.calibration_error([0.7, 0.7], [0.6, 0.8])[0] == pytest.approx(0)


def test_bootstrap_contains_the_mean_and_shrinks_with_size():
    rng = np.random.default_rng(1)
    few, many = rng.random(100) < 0.7, rng.random(10_000) < 0.7
    (low, high), (low_many, high_many) = metrics.bootstrap(few), metrics.bootstrap(many)
    assert low < few.mean() < high and low_many < many.mean() < high_many
    # The interval of a proportion is about +- 1.96 sqrt(p (1 - p) / n).
    assert high_many - low_many == pytest.approx(2 * 1.96 * np.sqrt(0.21 / 10_000), rel=0.15)
    assert metrics.bootstrap(few) == (low, high)


def test_mcnemar_is_the_binomial_test_of_discordant_pairs():
    one = np.array([True] * 8 + [False] * 2 + [True] * 50)
    other = np.array([False] * 8 + [True] * 2 + [True] * 50)
    test = metrics.mcnemar(one, other)
    assert (test["only_a"], test["only_b"]) == (8, 2)
    assert test["p"] == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert metrics.mcnemar(one, one)["p"] == 1


@pytest.mark.parametrize(("hits", "total"), [(0, 5), (3, 5), (5, 5), (620, 820)])
def test_wilsons_interval_is_that_of_the_sites_explorer(hits, total):
    from webapp.explorer.queries.statistics import wilson
    found, known = metrics.wilson(hits, total), wilson(hits, total)
    assert {name: round(found[name], 4) for name in known} == pytest.approx(known, abs=1e-4)
    assert (found["hits"], found["of"]) == (hits, total) and metrics.wilson(0, 0) is None


def test_mean_recall_weighs_the_labels_equally():
    truth = np.array([0] * 90 + [3] * 10)
    found = metrics.mean_recall(truth, np.array([True] * 90 + [False] * 10))
    assert found["value"] == 0.5 and found["labels"] == 2 and found["low"] <= 0.5 <= found["high"]
