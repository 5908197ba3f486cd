"""Exponential moving average (EMA) of a network's weights."""

import numpy as np


class WeightAverage:
    """The averaged weights of `model`: what a run evaluates and what a bundle contains.

    decay: weight of the previous average at each step, up to 1. Early in a run it is lower:
    (1 + step) / (10 + step). With a decay of 0 nothing is averaged; the weights are the model's own.
    """

    def __init__(self, model, decay):
        self._model, self._decay = model, decay
        self.values = [np.array(weight) for weight in model.get_weights()]     # or arrays on a device

    @property
    def weights(self):
        """The averaged weights, a list of arrays in the order of `model.get_weights()`."""
        return [np.asarray(each) for each in self.values] if self._decay else self._model.get_weights()

    @weights.setter
    def weights(self, values):
        self.values = [np.array(each) for each in values]

    def update(self, step):
        """Add the model's weights after step number `step`, counted from 0."""
        if self._decay:
            decay = decay_at(self._decay, step)
            for average, weight in zip(self.values, self._model.get_weights(), strict=True):
                average += (1 - decay) * (weight - average)


def decay_at(decay, step):
    """The weight of the previous average at `step`, counted from 0."""
    return min(decay, (1 + step) / (10 + step))
