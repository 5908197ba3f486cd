"""Temperature scaling, the unsure threshold and the reliability diagram."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from training.errors import TrainingError
from training.evaluate.calibration import plot_reliability, temperature, unsure_threshold
from training.evaluate.metrics import BINS, calibration_error, log_softmax, softmax

MODELS = Path(__file__).parents[3] / "static" / "models"


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_temperature_recovers_the_true_one(true):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 5))
    labels = (softmax(logits / true).cumsum(1) > rng.random((20_000, 1))).argmax(1)
    assert temperature(logits, np.eye(5)[labels]) == pytest.approx(true, rel=0.05)


def test_soft_targets_recover_the_temperature_exactly():
    logits = np.random.default_rng(1).normal(0, 3, (200, 8))
    assert temperature(logits, softmax(logits / 1.7)) == pytest.approx(1.7, rel=1e-3)


def test_temperature_minimizes_the_cross_entropy():
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 4, (300, 4))
    targets = (softmax(logits / 2) + rng.dirichlet(np.ones(4), 300)) / 2
    found = temperature(logits, targets)

    def loss(value):
        return -(targets * log_softmax(logits / value)).sum(1).mean()

    assert loss(found) <= min(loss(found * 0.98), loss(found * 1.02))


def test_threshold_is_the_lowest_within_the_error_rate():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [0.55, 0.45]])
    correct = np.array([True, True, True, False, False])
    assert unsure_threshold(probabilities, correct, 0.25) == (0.6, 0.25, pytest.approx(0.2))
    assert unsure_threshold(probabilities, correct, 0.1) == (0.7, 0.0, pytest.approx(0.4))
    assert unsure_threshold(probabilities, correct, 0.5) == (0.55, 0.4, 0.0)


def test_threshold_does_not_separate_equal_probabilities():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    threshold, errors, unsure = unsure_threshold(probabilities, np.array([True, True, False]), 0.0)
    assert (threshold, errors, unsure) == (0.9, 0.0, pytest.approx(2 / 3))


def test_unreachable_error_rate_gives_the_lowest_one():
    probabilities = np.tile([0.9, 0.1], (20, 1)) - np.arange(20)[:, None] * [0.01, -0.01]
    correct = np.zeros(20, bool)
    correct[1] = True
    threshold, errors, unsure = unsure_threshold(probabilities, correct, 0.1)
    assert threshold == pytest.approx(0.89) and errors == 0.5 and unsure == pytest.approx(0.9)


@pytest.fixture
def drawn(monkeypatch):
    """The matplotlib figures that are saved."""
    from matplotlib.figure import Figure
    saved, savefig = [], Figure.savefig

    def record(figure, *args, **kwargs):
        saved.append(figure)
        savefig(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", record)
    return saved


def test_diagram_has_a_bar_per_bin(tmp_path, drawn):
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0, 1, 500)
    error, bins = calibration_error(confidence, rng.uniform(0, 1, 500) < confidence)
    plot_reliability("network", {"PublicTest": {"reliability": bins, "expected_calibration_error": error},
                              "serving_path": {}}, tmp_path / "network.svg")
    above, below = drawn[0].axes
    assert [bar.get_height() for bar in above.patches] == [each["right"] for each in bins]
    assert [bar.get_height() for bar in below.patches] == [each["faces"] for each in bins]
    assert [round(bar.get_x() * BINS) for bar in above.patches] == list(range(BINS))
    assert f"error {error:.3f}" in above.get_title() and "PublicTest" in above.get_title()
    assert above.get_ylabel() == "accuracy"


def test_published_cards_can_be_drawn(tmp_path, drawn):
    for path in sorted(MODELS.glob("*/card.json")):
        card = json.loads(path.read_text())
        splits = {split: card["figures"][split] for split in ("PublicTest", "PrivateTest") if split in card["figures"]}
        plot_reliability(card["name"], splits, tmp_path / "card.svg", votes=card["raters"] is not None)
        assert ElementTree.parse(tmp_path / "card.svg").getroot().tag.endswith("svg")
        assert len(drawn[-1].axes) == 2 * len(splits)
    assert drawn


def test_missing_diagram_or_unwritable_file_raises(tmp_path):
    with pytest.raises(TrainingError, match="no split"):
        plot_reliability("network", {"PublicTest": {"reliability": []}}, tmp_path / "none.svg")
    with pytest.raises(TrainingError, match="cannot be written"):
        plot_reliability("network", {"PublicTest": {
            "reliability": [{"confidence": 0.5, "right": 0.5, "faces": 1}], "expected_calibration_error": 0.0}},
            tmp_path / "no-such-folder" / "network.svg")
