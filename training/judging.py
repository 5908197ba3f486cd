"""A network's answers on one split, beside what people said."""

from dataclasses import dataclass

import numpy as np

from .data.labels import LABEL_SETS


@dataclass(frozen=True)
class Answers:
    """One split's faces. Rows without a vote for an expression are left out where raters judge.

    rows: int64 (n,), indices into the data set. logits: float32 (n, labels). shares: float64
    (n, labels), rows sum to 1: the votes on the expressions, or FER2013's label as one-hot.
    truth: int64 (n,): the raters' first choice (the first of equals), or FER2013's label.
    votes: int64 (n, 10) in the order of the votes' columns, or None.
    """

    rows: np.ndarray
    logits: np.ndarray
    shares: np.ndarray
    truth: np.ndarray
    votes: np.ndarray | None


def answers(model, faces, label_set, split, flip=False):
    """Answers of `model` (float32 (n, h, w, 1) -> logits of `label_set`) on the split called `split`.

    `flip` averages the logarithms of the probabilities with the mirror image's.
    """
    rows = judged_rows(faces, label_set, split)
    logits = forward(model, faces.images[rows])
    if flip:
        from .metrics import log_softmax
        logits = (log_softmax(logits) + log_softmax(forward(model, faces.images[rows][:, :, ::-1]))) / 2
    return judged(faces, label_set, rows, logits)


def judged(faces, label_set, rows, logits):
    """Answers from `logits`, float (n, labels), of the data set's `rows`."""
    labels = len(LABEL_SETS[label_set])
    if label_set == "ferplus":
        votes = faces.votes[rows].astype(np.int64)
        counts = votes[:, :labels]
        return Answers(rows, logits, counts / counts.sum(1, keepdims=True), counts.argmax(1), votes)
    truth = faces.labels[rows].astype(np.int64)
    return Answers(rows, logits, np.eye(labels)[truth], truth, None)


def judged_rows(faces, label_set, split):
    """The split's rows that `label_set` judges: with FER+ those with a vote for an expression."""
    rows = faces.rows(split)
    return rows[faces.expression_votes[rows].sum(1) > 0] if label_set == "ferplus" else rows


def forward(model, images):
    """Logits float32 (n, labels) of `images`, uint8 (n, h, w)."""
    return np.concatenate([model.predict(np.asarray(images[at:at + 1024], np.float32)[..., None],
                                         batch_size=256, verbose=0) for at in range(0, len(images), 1024)])
