"""A made data set the size of a hand, and a recipe that learns it in seconds."""

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
class Made:
    """Files of a made data set, and their lines for a test to spoil."""

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


def made_rows(count=96, seed=0):
    """Lines of a csv and of its votes: brighter upper halves are happier."""
    rng = np.random.default_rng(seed)
    rows, votes = [], []
    for number in range(count):
        label = number % 7
        picture = rng.integers(0, 60, (48, 48))
        picture[:24] += 25 * label
        split = SPLITS[0] if number < count * 2 // 3 else SPLITS[1 + number % 2]
        rows.append(f"{label},{' '.join(map(str, picture.ravel()))},{split}")
        counts = rng.multinomial(4, np.full(8, 1 / 8))
        counts[(4, 5, 6, 1, 3, 2, 0)[label]] += 6
        votes.append(f"{split},fer{number}.png,{','.join(map(str, counts))},0,0")
    return rows, votes


@pytest.fixture(autouse=True)
def instance(monkeypatch, tmp_path):
    """No test writes where a user's data sets and runs are."""
    from training import cli as command
    monkeypatch.setattr(command, "INSTANCE", tmp_path / "instance")
    return tmp_path / "instance"


@pytest.fixture
def made(tmp_path):
    rows, votes = made_rows()
    return Made(tmp_path / "fer.csv", tmp_path / "fer2013new.csv", rows, votes).write()


@pytest.fixture
def tiny(monkeypatch):
    """A recipe called `tiny` that the command line knows."""
    return know_tiny(monkeypatch)


def know_tiny(monkeypatch):
    from training import recipes
    from training.networks.residual import residual
    module = ModuleType("training.recipes.tiny")
    module.RECIPE = recipes.Recipe(
        name="tiny", network=partial(residual, stem=4, widths=(4, 8), blocks=(1, 1), dropout=0.3),
        label_sets={"ferplus": 0.5, "fer2013": 0.5}, epochs=2, batch=16, precision="float32", averaging=0.5)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    known = recipes.names()
    monkeypatch.setattr(recipes, "names", lambda: [*known, "tiny"])
    return module.RECIPE


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A folder of `tiny`'s run and, under models/, its two bundles; with the data it learnt."""
    from training.data import fer2013
    from training.evaluate.test_set import TestSet
    from training.export.bundle import export
    from training.fit.loop import fit
    folder = tmp_path_factory.mktemp("exported")
    data = Made(folder / "fer.csv", folder / "fer2013new.csv", *made_rows()).write()
    faces = fer2013.load(data.csv, data.votes, any_md5=True)
    with pytest.MonkeyPatch.context() as monkeypatch:
        fit(know_tiny(monkeypatch), faces, folder / "run", lambda line: None)
        for label_set, name, release in (("ferplus", "jury-tiny", True), ("fer2013", "seven-tiny", False)):
            export([folder / "run"], label_set, name, "1.2.3", TestSet(faces), folder / "models", release=release,
                   say=lambda line: None)
    return folder


@pytest.fixture
def faces(made):
    from training.data import fer2013
    return fer2013.load(made.csv, made.votes, any_md5=True)


@pytest.fixture
def run_command(capsys):
    """Run `python -m training …`: (exit status, what it printed, what it complained of)."""
    from training.cli import main

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return run
