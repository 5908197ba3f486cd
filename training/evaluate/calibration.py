"""Temperature and unsure-threshold, both chosen on PublicTest.

Guo et al. 2017, "On Calibration of Modern Neural Networks": one number divides all logits, so
that the probabilities are as sure as they are right, and no answer changes.
"""

import numpy as np
from scipy.optimize import minimize_scalar

from .metrics import log_softmax, softmax

#: Of the faces a bundle speaks on, at most this share may be answered otherwise than the raters' first choice
#: (or FER2013's label). FER2013's labels are noisier, so no useful threshold reaches the stricter rate there.
ERROR_RATE = {"ferplus": 0.10, "fer2013": 0.20}


def temperature(logits, shares):
    """The temperature that minimises the mean cross-entropy of softmax(logits / temperature) against `shares`.

    logits: float (n, labels). shares: float (n, labels), rows sum to 1: votes, or a label as one-hot.
    Looked for between 0.05 and 20.
    """
    logits = np.asarray(logits, np.float64)
    shares = np.asarray(shares, np.float64)

    def loss(log_t):
        return -(shares * log_softmax(logits / np.exp(log_t))).sum(1).mean()

    return float(np.exp(minimize_scalar(loss, bounds=np.log((0.05, 20)), method="bounded",
                                        options={"xatol": 1e-5}).x))


def unsure_threshold(probabilities, right, error_rate):
    """The lowest threshold at which at most `error_rate` of the faces spoken on are wrong.

    probabilities: float (n, labels). right: bool (n,), whether the most probable label is right.
    A face is spoken on when its largest probability is at least the threshold. Returns the
    threshold, the share of wrong answers among those spoken on, and the share of faces not
    spoken on. Where no threshold reaches the rate, the one with the lowest rate that still
    speaks on one face in ten.
    """
    top = probabilities.max(1)
    order = np.argsort(-top, kind="stable")
    spoken = np.arange(1, len(order) + 1)
    wrong = np.cumsum(~right[order]) / spoken
    # A threshold cannot part equal probabilities: only the last of equals can be the end.
    ends = np.append(np.diff(top[order]) != 0, True)
    good = np.flatnonzero(ends & (wrong <= error_rate))
    if len(good):
        last = good[-1]
    else:
        enough = np.flatnonzero(ends & (spoken >= len(order) / 10))
        last = enough[wrong[enough].argmin()]
    return float(top[order][last]), float(wrong[last]), float(1 - spoken[last] / len(order))


def on_public(litert, faces, label_set):
    """`calibration` and `unsure` of a card, for a LiteRT file's bytes (logits of `label_set`) on PublicTest."""
    from .predictions import answers, litert_logits
    judged = answers(lambda images: litert_logits(litert, images), faces, label_set, "PublicTest")
    heat = temperature(judged.logits, judged.shares)
    probabilities = softmax(judged.logits / heat)
    rate = ERROR_RATE[label_set]
    threshold, wrong, silent = unsure_threshold(probabilities, probabilities.argmax(1) == judged.truth, rate)
    against = "the raters' first choice, all faces" if label_set == "ferplus" else "the one label of FER2013"
    return {"calibration": {"temperature": heat, "chosen_on": "PublicTest"},
            "unsure": {"threshold": threshold, "chosen_on": "PublicTest", "error_rate": wrong, "share": silent,
                       "rule": f"unsure where the largest probability is below the threshold, the lowest at which at "
                               f"most {100 * rate:.0f} % of the answers given are wrong", "against": against}}
