"""Sharpness-aware minimisation (Foret et al. 2021): step by the gradient of where the loss is worst nearby.

In two plain Keras steps on one batch, so that it is the same on every backend: the first climbs by
`radius` along the gradient, the second is the run's own optimiser there, and then the climb is
taken back. Batch normalisation sees the batch twice; dropout draws anew.
"""

import keras
import numpy as np
from keras import ops


class Ascent(keras.optimizers.Optimizer):
    """An optimiser that climbs: `radius` along the gradient of all weights together, scaled to length one."""

    def __init__(self, radius):
        super().__init__(learning_rate=radius, name="ascent")

    def apply(self, grads, trainable_variables=None):
        """Scale the gradients to length one together, then climb."""
        length = ops.sqrt(sum(ops.sum(ops.square(ops.cast(each, "float32"))) for each in grads))
        super().apply([ops.cast(each, "float32") / (length + 1e-12) for each in grads], trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        """variable += radius * gradient."""
        self.assign_add(variable, ops.cast(learning_rate * gradient, variable.dtype))


class SharpnessAware:
    """A function like `train_on_batch` of `model`, compiled already, that looks `radius` around."""

    def __init__(self, model, radius, loss, loss_weights):
        self.model = model
        self.climber = keras.Model(model.input, model.output)      # the same layers, hence the same weights
        self.climber.compile(optimizer=Ascent(radius), loss=loss, loss_weights=loss_weights)

    def __call__(self, images, wanted, weights):
        """One step; the mean loss so far, of the second look."""
        before = self._values()
        self.climber.train_on_batch(images, wanted, sample_weight=weights)
        climbed = self._values()
        logs = self.model.train_on_batch(images, wanted, sample_weight=weights, return_dict=True)
        for variable, high, low in zip(self.model.trainable_variables, climbed, before, strict=True):
            variable.assign_sub(high - low)
        return float(logs["loss"])

    def _values(self):
        return [np.asarray(variable).copy() for variable in self.model.trainable_variables]
