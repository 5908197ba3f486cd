"""A small synthetic data set, and a recipe that trains on it in seconds."""

import gzip
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SPLITS = ("Training", "PublicTest", "PrivateTest")
VOTES = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


@dataclass
class SyntheticData:
    """The files of a synthetic data set, and their lines, which a test can change before `write`."""

    csv: Path
    votes: Path
    rows: list
    vote_rows: list

    def write(self):
        lines = ["emotion,pixels,Usage", *self.rows]
        opened = gzip.open if self.csv.suffix == ".gz" else open
        with opened(self.csv, "wt") as file:
            file.write("\n".join(lines) + "\n")
        self.votes.write_text("\n".join([VOTES, *self.vote_rows]) + "\n")
        return self

    @property
    def arguments(self):
        return ["--data", str(self.csv), "--any-md5"]


def synthetic_rows(count=96, seed=0):
    """Lines of a csv and of its votes; the label increases with the brightness of the upper half."""
    rng = np.random.default_rng(seed)
    rows, votes = [], []
    for number in range(count):
        label = number % 7
        image = rng.integers(0, 60, (48, 48))
        image[:24] += 25 * label
        split = SPLITS[0] if number < count * 2 // 3 else SPLITS[1 + number % 2]
        rows.append(f"{label},{' '.join(map(str, image.ravel()))},{split}")
        counts = rng.multinomial(4, np.full(8, 1 / 8))
        counts[(4, 5, 6, 1, 3, 2, 0)[label]] += 6
        votes.append(f"{split},fer{number}.png,{','.join(map(str, counts))},0,0")
    return rows, votes


@pytest.fixture(autouse=True)
def instance(monkeypatch, tmp_path):
    """An empty folder for data sets and runs instead of the user's."""
    from training import cli
    monkeypatch.setattr(cli, "INSTANCE", tmp_path / "instance")
    return tmp_path / "instance"


@pytest.fixture
def synthetic(tmp_path):
    """The files of a synthetic FER2013 with FER+'s votes."""
    rows, votes = synthetic_rows()
    return SyntheticData(tmp_path / "fer.csv", tmp_path / "fer2013new.csv", rows, votes).write()


@pytest.fixture
def tiny(monkeypatch):
    """A recipe called `tiny`, registered with the command line."""
    return register_tiny(monkeypatch)


def register_tiny(monkeypatch):
    from training import recipes
    from training.networks.residual import residual
    module = ModuleType("training.recipes.tiny")
    module.RECIPE = recipes.Recipe(
        name="tiny", network=partial(residual, stem=4, widths=(4, 8), blocks=(1, 1), dropout=0.3),
        label_sets={"ferplus": 0.5, "fer2013": 0.5}, epochs=2, batch_size=16, precision="float32", ema_decay=0.5)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    known = recipes.names()
    monkeypatch.setattr(recipes, "names", lambda: [*known, "tiny"])
    return module.RECIPE


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A folder with the data, a run of `tiny` and, under models/, its two bundles."""
    from training.data import fer2013
    from training.evaluate.test_set import TestSet
    from training.export.bundle import export
    from training.fit.loop import fit
    folder = tmp_path_factory.mktemp("exported")
    data = SyntheticData(folder / "fer.csv", folder / "fer2013new.csv", *synthetic_rows()).write()
    faces = fer2013.load(data.csv, data.votes, any_md5=True)
    with pytest.MonkeyPatch.context() as monkeypatch:
        fit(register_tiny(monkeypatch), faces, folder / "run", lambda line: None)
        for label_set, name, publish in (("ferplus", "jury-tiny", True), ("fer2013", "seven-tiny", False)):
            export([folder / "run"], label_set, name, "1.2.3", TestSet(faces), folder / "models", None, publish, False,
                   lambda line: None)
    return folder


@pytest.fixture
def faces(synthetic):
    """The synthetic data set, loaded."""
    from training.data import fer2013
    return fer2013.load(synthetic.csv, synthetic.votes, any_md5=True)


@pytest.fixture
def run_command(capsys):
    """Run `python -m training …`: (exit status, standard output, standard error)."""
    from training.cli import main

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return run
