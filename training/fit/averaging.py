"""Exponential moving average (EMA) of a network's weights."""

import numpy as np


class WeightAverage:
    """The averaged weights of `model`: what a run evaluates and what a bundle contains.

    decay: weight of the previous average at each step, up to 1. Early in a run it is lower:
    (1 + step) / (10 + step). With a decay of 0 nothing is averaged; the weights are the model's own.
    """

    def __init__(self, model, decay):
        self._model, self._decay = model, decay
        self._average = [np.array(weight) for weight in model.get_weights()]

    @property
    def weights(self):
        """The averaged weights, a list of arrays in the order of `model.get_weights()`."""
        return self._average if self._decay else self._model.get_weights()

    @weights.setter
    def weights(self, values):
        self._average = values

    def update(self, step):
        """Add the model's weights after step number `step`, counted from 0."""
        if self._decay:
            decay = min(self._decay, (1 + step) / (10 + step))
            for average, weight in zip(self._average, self._model.get_weights(), strict=True):
                average += (1 - decay) * (weight - average)
