"""What the zoo still has to train: one job per row and seed, with what remains of it in hours on this machine."""

import json
from dataclasses import dataclass, replace

import numpy as np

from .. import recipes
from ..data.preprocessing import subset_size
from ..networks.initial_weights import read_step
from .published import SWEEPS, rows_of

MLP = "tan.perceptron"      # its row in the table; it is no recipe
MLP_EPOCHS, MLP_BATCH = 200, 200        # the document's maximum of epochs; scikit-learn's batch
#: Below so many multiply-adds per image float32 is faster on a CPU than mixed_bfloat16.
FLOAT32_BELOW = 8e6
#: A row whose whole schedule takes less is trained with SEEDS seeds.
SEVERAL_SEEDS_BELOW = 3600.0
SEEDS = 3


@dataclass(frozen=True)
class Job:
    """One run: a row of the table with one seed.

    epochs: to train in all. steps_per_epoch, batch_size: of the run. done: steps already taken.
    rate: images per second on this machine, or None. measured: whether `rate` was measured rather than estimated.
    whole: whether the row's own accuracy is already that of its whole schedule, so that this run only completes its
    record or adds a seed. multiply_adds: of one image, 0 where unknown.
    """

    name: str
    seed: int
    epochs: int
    steps_per_epoch: int
    batch_size: int
    done: int = 0
    rate: float | None = None
    measured: bool = False
    whole: bool = False
    multiply_adds: int = 0

    @property
    def title(self):
        return self.name if not self.seed else f"{self.name}, seed {self.seed}"

    @property
    def folder(self):
        """The name of the run's folder."""
        return self.name if not self.seed else f"{self.name}-seed-{self.seed}"

    @property
    def images(self):
        """Images the whole schedule trains on."""
        return self.epochs * self.steps_per_epoch * self.batch_size

    @property
    def seconds(self):
        """Seconds that remain on this machine; infinite where no rate is known."""
        left = max(0, self.epochs * self.steps_per_epoch - self.done) * self.batch_size
        return left / self.rate if self.rate else float("inf") if left else 0.0


def settings(name, multiply_adds):
    """The settings a row's run changes: only such that leave its schedule alone and make it faster."""
    small = multiply_adds is not None and multiply_adds < FLOAT32_BELOW
    return {"fused_batch_norm": True, "precision": "float32" if small else "mixed_bfloat16"}


def recipe_of(job, results):
    """The Recipe of a job. results: {name: result} of the table's stored results."""
    changes = settings(job.name, results.get(job.name, {}).get("multiply_adds"))
    return recipes.load(job.name, epochs=job.epochs, seed=job.seed, **changes)


def jobs(faces, runs, results, rates, sweep_fraction=1.0, seeds=SEEDS, only=()):
    """The jobs left, cheapest first: rows that are not whole, then records to complete and further seeds.

    faces: the data set, which determines the rows. runs: folder of the runs, a Path. results: {name:
    result}. rates: a speed.Rates. sweep_fraction: of the epochs of the rows of a document's sweep. seeds: how often to
    train a row that takes less than SEVERAL_SEEDS_BELOW, or whose rate is not known. only: names of rows, or none for
    all.
    """
    left, training_labels = [], faces.labels[faces.rows("Training")]
    for row in rows_of(faces.label_set):
        if only and row.recipe not in only:
            continue
        first = _job(row.recipe, 0, training_labels, runs, results, rates, sweep_fraction)
        result = results.get(row.recipe, {})
        whole = is_whole(result, first.epochs)
        if not (whole and has_record(result)):
            left.append(replace(first, whole=whole))
        if not first.rate or first.images / first.rate < SEVERAL_SEEDS_BELOW:
            left += [replace(_job(row.recipe, seed, training_labels, runs, results, rates, sweep_fraction), whole=True)
                     for seed in range(1, seeds) if str(seed) not in result.get("seeds", {})]
    return sorted(left, key=lambda job: (job.whole, job.seconds, job.images * job.multiply_adds))


def is_whole(result, epochs):
    """Whether a row's result is of all the `epochs` of its schedule, or of an optimizer that converged before."""
    return bool(result.get("PrivateTest")) and "subset" not in result.get("changed", {}) and (
        result.get("converged", False) or result["epochs"] >= epochs)


def has_record(result):
    """Whether a row's result holds its learning curve and confusion matrix."""
    return bool(result.get("curve")) and "confusion" in result.get("PrivateTest", {})


def _job(name, seed, training_labels, runs, results, rates, sweep_fraction):
    if name == MLP:
        job = Job(name, seed, MLP_EPOCHS, int(np.ceil(len(training_labels) / MLP_BATCH)), MLP_BATCH)
    else:
        recipe = recipes.load(name)
        count = subset_size(training_labels, recipe.subset)
        epochs = max(1, round(sweep_fraction * recipe.epochs)) if name in _sweep_rows() else recipe.epochs
        job = Job(name, seed, epochs, count // recipe.batch_size, recipe.batch_size)
    folder = runs / job.folder
    rate, measured = rates.of(name, runs, results)
    return replace(job, done=_done(folder), rate=rate, measured=measured,
                   multiply_adds=results.get(name, {}).get("multiply_adds") or 0)


def _sweep_rows():
    """The rows that only a sweep has, the point that it starts from excluded."""
    return {name for sweep in SWEEPS if sweep.reducible for _, name in sweep.points[1:]}


def _done(folder):
    """Steps a run has taken."""
    if (folder / "epochs.json").is_file():      # of the MLP
        return json.loads((folder / "epochs.json").read_text())["steps"]
    return read_step(folder / "checkpoint.npz") if (folder / "checkpoint.npz").exists() else 0
