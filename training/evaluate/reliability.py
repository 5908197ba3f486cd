"""A reliability diagram: how often an answer holds against the confidence it was given with, as a picture."""

import numpy as np

from ..errors import TrainingError
from .metrics import BINS


def plot_reliability(name, splits, path, votes=False):
    """Draw the reliability diagrams of the network `name`, one a split, as an SVG picture at `path`.

    splits: {split: figures}, as `evaluate.figures` gives them and a card holds them: `reliability`, a row a
    bin with confidence, right (0 to 1) and faces, and `expected_calibration_error`; what has none is left out.
    votes: the answers are held against the raters' votes, not against one label. Below each diagram stand the
    faces of each bin. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks". Raises
    TrainingError where there is nothing to draw, or `path` cannot be written.
    """
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    judged = {split: figures for split, figures in splits.items() if figures.get("reliability")}
    if not judged:
        raise TrainingError(f"{name}: no split with a reliability diagram")
    figure, grid = pyplot.subplots(2, len(judged), figsize=(4.2 * len(judged), 5), sharex=True, squeeze=False,
                                   layout="constrained", height_ratios=(3, 1))
    for (split, figures), (above, below) in zip(judged.items(), grid.T, strict=True):
        confidence, right, faces = (np.array([each[key] for each in figures["reliability"]])
                                    for key in ("confidence", "right", "faces"))
        edges = np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1) / BINS
        above.plot((0, 1), (0, 1), linestyle="--", color="grey")
        above.bar(edges, right, 1 / BINS, align="edge", alpha=0.35)
        above.plot(confidence, right, "o-")
        below.bar(edges, faces, 1 / BINS, align="edge", alpha=0.35)
        above.set(title=f"{name}, {split}: error {figures['expected_calibration_error']:.3f}", xlim=(0, 1), ylim=(0, 1),
                  ylabel="share of the raters' votes" if votes else "share of right answers")
        below.set(xlabel="confidence", ylabel="faces")
    try:
        figure.savefig(path, format="svg")
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        pyplot.close(figure)
