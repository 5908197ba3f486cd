"""Evaluation on PublicTest after each epoch. Choices are made on these figures; PrivateTest is never read here."""

from dataclasses import replace

import numpy as np

from ..data.labels import translate
from ..networks.build import build

#: Pixels in memory at once: 256 images of 48x48, fewer of larger ones.
PIXELS_AT_ONCE = 256 * 48 * 48


class Evaluation:
    """Figures of a run's weights on PublicTest, computed in float32."""

    def __init__(self, recipe, faces):
        """faces: the preprocessed data set."""
        self._recipe, self._faces = recipe, faces
        self._rows = faces.rows("PublicTest")[:recipe.validation_rows or None]
        self._model = build(replace(recipe, precision="float32"))

    def figures(self, weights):
        """{name of the learning curve's column: value} for `weights`, a list of arrays."""
        self._model.set_weights(weights)
        figures = {}
        for name, logits in self._logits().items():
            log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
            if name == "ferplus":
                figures |= _against_votes(log_p, self._faces.expression_votes[self._rows])
            else:
                truth = translate(self._faces.labels[self._rows], self._faces.label_set, name)
                column = "public_fer2013_accuracy" if name == "fer2013" else "public_accuracy"
                figures[column] = float((log_p.argmax(1) == truth).mean())
                figures["public_cross_entropy"] = float(-log_p[np.arange(len(truth)), truth].mean())
        return figures

    def _logits(self):
        """{label set: float32 (rows, labels)}."""
        at_once = max(1, PIXELS_AT_ONCE // int(np.prod(self._model.input_shape[1:3])))
        chunks = [self._rows[start:start + at_once] for start in range(0, len(self._rows), at_once)]
        outputs = [self._model.predict_on_batch(_filled(self._faces.images[rows], len(chunks[0]))) for rows in chunks]
        return {name: np.concatenate([output[name] for output in outputs])[:len(self._rows)]
                for name in self._recipe.label_sets}


def _filled(images, count):
    """Images uint8 (n, h, w) as float32 (count, h, w, 1), filled with zeros, so that one compiled call serves all."""
    filled = np.zeros((count, *images.shape[1:], 1), np.float32)
    filled[:len(images), ..., 0] = images
    return filled


def _against_votes(log_p, votes):
    """Cross-entropy against the vote distribution, and agreement where more than half of the raters agree."""
    has_votes = votes.sum(1) > 0
    log_p, votes = log_p[has_votes], votes[has_votes]
    distribution = votes / votes.sum(1, keepdims=True)
    majority = distribution.max(1) > 0.5
    return {"public_ferplus_cross_entropy": float(-(distribution * log_p).sum(1).mean()),
            "public_ferplus_agreement": float((log_p.argmax(1) == distribution.argmax(1))[majority].mean())}
