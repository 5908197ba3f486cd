"""A working directory of the zoo."""

import numpy as np
import pytest

from training import cli
from training.data.fer2013 import SPLITS
from training.zoo import compare, left


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A working directory with a FER2013 csv of 60 + 20 + 20 noise images, for results, docs and runs."""
    rng = np.random.default_rng(0)
    with open(tmp_path / "faces.csv", "w") as file:
        file.write("emotion,pixels,Usage\n")
        for number in range(100):
            pixels = " ".join(map(str, rng.integers(0, 256, 48 * 48)))
            file.write(f"{number % 7},{pixels},{SPLITS[(number >= 60) + (number >= 80)]}\n")
    (tmp_path / "static" / "models").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "INSTANCE", tmp_path / "instance")
    monkeypatch.setattr(compare, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(left, "PATH", tmp_path / "left.json")
    monkeypatch.setattr(compare, "SECONDS", 0.0)
    return tmp_path
