"""Learning curves: one row per epoch, as CSV and as an SVG plot."""

import csv

from ..errors import TrainingError

COLUMNS = ("epoch", "step", "learning_rate", "pictures_per_second", "loss",
           "public_ferplus_cross_entropy", "public_ferplus_agreement", "public_fer2013_accuracy",
           "public_accuracy", "public_cross_entropy")


def read_curve(run):
    """The rows of `curve.csv` up to the step of `run`, a list of dicts."""
    path = run.folder / "curve.csv"
    if not run.step or not path.exists():
        return []
    with open(path, newline="") as file:
        return [row for row in csv.DictReader(file) if int(row["step"]) <= run.step]


def write_curve(run, curve, plot=True):
    """Write `curve`, a list of dicts, as `curve.csv` and, if `plot`, `curve.svg` to the run's folder.

    Raises TrainingError where they cannot be written.
    """
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
        with open(run.folder / "curve.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(curve)
        if plot:
            plot_curve(curve, run.folder / "curve.svg")
    except OSError as error:
        raise TrainingError(f"{run.folder}: cannot be written ({error}); the last checkpoint is intact. "
                            "Free disk space and run the same command again") from None


def plot_curve(curve, path):
    """Plot `curve`, rows of `curve.csv`, as the SVG file `path`."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    epochs = [int(row["epoch"]) for row in curve]
    for axes, names in ((left, ("loss", "public_ferplus_cross_entropy", "public_cross_entropy")),
                        (right, ("public_ferplus_agreement", "public_fer2013_accuracy", "public_accuracy"))):
        for name in names:
            points = [(epoch, float(row[name])) for epoch, row in zip(epochs, curve, strict=True)
                      if row.get(name) not in (None, "")]
            if points:
                axes.plot(*zip(*points, strict=True), label=name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.legend()
    figure.savefig(path)
    pyplot.close(figure)
