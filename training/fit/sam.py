"""Sharpness-aware minimization (SAM, Foret et al. 2021): step by the gradient where the nearby loss is highest.

Two plain Keras steps on one batch, so that it works on every backend. The first ascends by `radius` along
the gradient. The second is the run's own optimizer at that point. Then the ascent is undone. Batch
normalization sees the batch twice; dropout draws a new mask the second time.
"""

import keras
import numpy as np
from keras import ops


class Ascent(keras.optimizers.Optimizer):
    """An optimizer that ascends by `radius` along the gradient, normalized over all weights jointly."""

    def __init__(self, radius):
        super().__init__(learning_rate=radius, name="ascent")

    def apply(self, grads, trainable_variables=None):
        """Normalize the gradients to a joint length of one, then ascend."""
        norm = ops.sqrt(sum(ops.sum(ops.square(ops.cast(each, "float32"))) for each in grads))
        super().apply([ops.cast(each, "float32") / (norm + 1e-12) for each in grads], trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        """variable += radius * gradient."""
        self.assign_add(variable, ops.cast(learning_rate * gradient, variable.dtype))


class SAM:
    """A function of (images, targets, sample weights) that takes one SAM step; the loss, a float."""

    def __init__(self, model, radius, loss, loss_weights):
        """model: compiled with the run's optimizer. loss, loss_weights: as for `model.compile`."""
        self._model = model
        self.ascent_model = keras.Model(model.input, model.output)      # shares the layers, hence the weights
        self.ascent_model.compile(optimizer=Ascent(radius), loss=loss, loss_weights=loss_weights)

    def __call__(self, images, targets, weights):
        """One step; the loss at the ascended point."""
        before = self._values()
        self.ascent_model.train_on_batch(images, targets, sample_weight=weights)
        ascended = self._values()
        logs = self._model.train_on_batch(images, targets, sample_weight=weights, return_dict=True)
        for variable, high, low in zip(self._model.trainable_variables, ascended, before, strict=True):
            variable.assign_sub(high - low)
        return float(logs["loss"])

    def _values(self):
        return [np.asarray(variable).copy() for variable in self._model.trainable_variables]
