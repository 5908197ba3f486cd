"""The drawn reliability diagram, of made figures and of the released cards."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from training.errors import TrainingError
from training.evaluate.metrics import BINS, calibration_error
from training.evaluate.reliability import plot_reliability

MODELS = Path(__file__).parents[3] / "static" / "models"


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are drawn, as matplotlib holds them before they are written."""
    from matplotlib.figure import Figure
    kept, save = [], Figure.savefig

    def keep(figure, *args, **more):
        kept.append(figure)
        save(figure, *args, **more)

    monkeypatch.setattr(Figure, "savefig", keep)
    return kept


def test_the_diagram_shows_each_bin_where_it_lies(tmp_path, drawn):
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0, 1, 500)
    error, bins = calibration_error(confidence, rng.uniform(0, 1, 500) < confidence)
    plot_reliability("made", {"PublicTest": {"reliability": bins, "expected_calibration_error": error},
                              "serving_path": {}}, tmp_path / "made.svg")
    above, below = drawn[0].axes
    assert [bar.get_height() for bar in above.patches] == [each["right"] for each in bins]
    assert [bar.get_height() for bar in below.patches] == [each["faces"] for each in bins]
    assert [round(bar.get_x() * BINS) for bar in above.patches] == list(range(BINS))
    assert f"error {error:.3f}" in above.get_title() and "PublicTest" in above.get_title()
    assert above.get_ylabel() == "share of right answers"


def test_the_released_cards_can_be_drawn(tmp_path, drawn):
    for path in sorted(MODELS.glob("*/card.json")):
        card = json.loads(path.read_text())
        splits = {split: card["figures"][split] for split in ("PublicTest", "PrivateTest") if split in card["figures"]}
        plot_reliability(card["name"], splits, tmp_path / "card.svg", votes=card["raters"] is not None)
        assert ElementTree.parse(tmp_path / "card.svg").getroot().tag.endswith("svg")
        assert len(drawn[-1].axes) == 2 * len(splits)
    assert drawn


def test_what_cannot_be_drawn_or_written_is_one_line(tmp_path):
    with pytest.raises(TrainingError, match="no split"):
        plot_reliability("made", {"PublicTest": {"reliability": []}}, tmp_path / "none.svg")
    with pytest.raises(TrainingError, match="cannot be written"):
        plot_reliability("made", {"PublicTest": {
            "reliability": [{"confidence": 0.5, "right": 0.5, "faces": 1}], "expected_calibration_error": 0.0}},
            tmp_path / "no-such-folder" / "made.svg")
