"""Temperature scaling, the *unsure* threshold and the reliability diagram.

Guo et al. 2017, "On Calibration of Modern Neural Networks": one temperature divides all logits. The
probabilities then match the accuracy, and the predicted labels do not change. The temperature and the
threshold are chosen on PublicTest.
"""

import numpy as np
from scipy.optimize import minimize_scalar

from ..errors import TrainingError
from .metrics import BINS, log_softmax, softmax
from .predictions import litert_logits, predict

#: Of the faces with a confident prediction, at most this fraction may differ from the raters' plurality label
#: (or FER2013's label). FER2013's labels are noisier, so no useful threshold reaches the stricter rate there.
ERROR_RATE = {"ferplus": 0.10, "fer2013": 0.20}


def temperature(logits, targets):
    """The temperature, 0.05 to 20, that minimizes the mean cross-entropy of softmax(logits / temperature).

    logits: float (n, labels). targets: float (n, labels), rows sum to 1: fractions of votes, or a label as one-hot.
    """
    logits = np.asarray(logits, np.float64)
    targets = np.asarray(targets, np.float64)

    def loss(log_t):
        return -(targets * log_softmax(logits / np.exp(log_t))).sum(1).mean()

    return float(np.exp(minimize_scalar(loss, bounds=np.log((0.05, 20)), method="bounded",
                                        options={"xatol": 1e-5}).x))


def unsure_threshold(probabilities, correct, error_rate):
    """The lowest threshold at which at most `error_rate` of the confident predictions are wrong.

    probabilities: float (n, labels). correct: bool (n,), whether the most probable label is correct.
    A prediction is confident if its largest probability is at least the threshold. Returns the threshold,
    the error rate of the confident predictions, and the fraction of faces without one. If no threshold
    reaches `error_rate`, returns the one with the lowest error rate among those with confident predictions
    on at least one face in ten.
    """
    top = probabilities.max(1)
    order = np.argsort(-top, kind="stable")
    confident = np.arange(1, len(order) + 1)
    errors = np.cumsum(~correct[order]) / confident
    # A threshold cannot separate equal probabilities: only the last of equals is a candidate.
    candidates = np.append(np.diff(top[order]) != 0, True)
    reached = np.flatnonzero(candidates & (errors <= error_rate))
    if len(reached):
        last = reached[-1]
    else:
        enough = np.flatnonzero(candidates & (confident >= len(order) / 10))
        last = enough[errors[enough].argmin()]
    return float(top[order][last]), float(errors[last]), float(1 - confident[last] / len(order))


def calibrate(litert, faces, label_set):
    """A card's `calibration` and `unsure`, from a LiteRT file's bytes (logits of `label_set`) on PublicTest."""
    predictions = predict(lambda images: litert_logits(litert, images), faces, label_set, "PublicTest")
    fitted = temperature(predictions.logits, predictions.targets)
    probabilities = softmax(predictions.logits / fitted)
    rate = ERROR_RATE[label_set]
    correct = probabilities.argmax(1) == predictions.truth
    threshold, errors, unsure = unsure_threshold(probabilities, correct, rate)
    reference = ("the raters' plurality label, on every face with a vote for an expression" if label_set == "ferplus"
                 else "FER2013's label")
    return {"calibration": {"temperature": fitted, "chosen_on": "PublicTest"},
            "unsure": {"threshold": threshold, "chosen_on": "PublicTest", "error_rate": errors, "share": unsure,
                       "rule": f"unsure if the largest probability is below the threshold, the lowest at which at "
                               f"most {100 * rate:.0f} % of the confident predictions are wrong",
                       "against": reference}}


def plot_reliability(name, splits, path, votes=False):
    """Draw the reliability diagrams of the network `name`, one per split, as an SVG image at `path`.

    splits: {split: figures}, as returned by `evaluate.figures` and stored in a card: `reliability`, per bin
    the confidence, right (0 to 1) and faces, and `expected_calibration_error`. A split without them is
    skipped. votes: the predictions are evaluated on the raters' votes, not on one label. A histogram of the
    faces per bin is below each diagram. Source: Guo et al. 2017. Raises TrainingError if there is nothing to
    draw or `path` cannot be written.
    """
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    drawn = {split: figures for split, figures in splits.items() if figures.get("reliability")}
    if not drawn:
        raise TrainingError(f"{name}: no split has a reliability diagram; evaluate the bundle first")
    figure, grid = pyplot.subplots(2, len(drawn), figsize=(4.2 * len(drawn), 5), sharex=True, squeeze=False,
                                   layout="constrained", height_ratios=(3, 1))
    for (split, figures), (above, below) in zip(drawn.items(), grid.T, strict=True):
        confidence, correct, faces = (np.array([each[key] for each in figures["reliability"]])
                                      for key in ("confidence", "right", "faces"))
        edges = np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1) / BINS
        above.plot((0, 1), (0, 1), linestyle="--", color="gray")
        above.bar(edges, correct, 1 / BINS, align="edge", alpha=0.35)
        above.plot(confidence, correct, "o-")
        below.bar(edges, faces, 1 / BINS, align="edge", alpha=0.35)
        above.set(title=f"{name}, {split}: error {figures['expected_calibration_error']:.3f}", xlim=(0, 1), ylim=(0, 1),
                  ylabel="fraction of the raters' votes" if votes else "accuracy")
        below.set(xlabel="confidence", ylabel="faces")
    try:
        figure.savefig(path, format="svg")
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        pyplot.close(figure)
