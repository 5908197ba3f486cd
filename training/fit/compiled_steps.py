"""Training on JAX: several steps of a run in one compiled call, with averaging and SAM inside it.

Keras's own loop returns to Python after every step. On a GPU that takes longer than a step of a small network, so the
steps of a chunk are compiled as one `jax.lax.scan`. The arithmetic of a step is that of the loop on other backends.
"""

import jax
import numpy as np
from jax import numpy as jnp

from .averaging import decay_at


class CompiledSteps:
    """A function that trains a run's model on a chunk of batches; the loss of each step.

    The averaged weights live on the device between the calls, in `average`, an averaging.WeightAverage.
    """

    def __init__(self, model, average, losses, loss_weights, ema_decay, sam_radius):
        """model: built and compiled. losses, loss_weights: by label set. sam_radius: 0 for plain steps."""
        self._model, self._average, self._decay = model, average, ema_decay
        self._losses, self._loss_weights, self._radius = losses, loss_weights, sam_radius
        optimizer = model.optimizer
        self._rate = [variable is optimizer._learning_rate for variable in optimizer.variables].index(True)
        self._sources = _sources(model)
        self._run = jax.jit(self._scan, donate_argnums=0)

    def __call__(self, images, targets, weights, rates, first_step):
        """Train on k batches: float32 (k,), the losses.

        images: float32 (k, n, h, w, 1). targets: {label set: float32 (k, n, labels)}. weights: {label set: float32
        (k, n)}. rates: k learning rates. first_step: number of the first of the k steps, counted from 0.
        """
        model, optimizer = self._model, self._model.optimizer
        averaged = self._average.values if self._decay else []
        state = ([each.value for each in model.trainable_variables],
                 [each.value for each in model.non_trainable_variables],
                 [each.value for each in optimizer.variables], [jnp.asarray(each) for each in averaged])
        steps = first_step + np.arange(len(images))
        decays = np.array([decay_at(self._decay, step) for step in steps], np.float32)
        state, losses = self._run(state, (images, targets, weights, np.asarray(rates, np.float32), decays))
        for variables, values in zip((model.trainable_variables, model.non_trainable_variables, optimizer.variables),
                                     state, strict=False):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        if self._decay:
            self._average.values = state[3]
        return np.asarray(losses)

    def _scan(self, state, batches):
        return jax.lax.scan(self._step, state, batches)

    def _step(self, state, batch):
        trainable, rest, optimized, averaged = state
        images, targets, weights, rate, decay = batch
        gradient = jax.value_and_grad(self._loss, has_aux=True)
        (loss, rest), gradients = gradient(trainable, rest, images, targets, weights)
        if self._radius:
            length = jnp.sqrt(sum(jnp.sum(jnp.square(each.astype(jnp.float32))) for each in gradients))
            ascended = [value + (self._radius * each.astype(jnp.float32) / (length + 1e-12)).astype(value.dtype)
                        for value, each in zip(trainable, gradients, strict=True)]
            (loss, rest), gradients = gradient(ascended, rest, images, targets, weights)
        optimized[self._rate] = rate
        trainable, optimized = self._model.optimizer.stateless_apply(optimized, gradients, trainable)
        current = [(trainable if kind else rest)[index] for kind, index in self._sources]
        averaged = [each + (1 - decay) * (value - each) for each, value in zip(averaged, current, strict=False)]
        return (list(trainable), list(rest), list(optimized), averaged), loss

    def _loss(self, trainable, rest, images, targets, weights):
        """The weighted sum of the label sets' losses, and the new non-trainable variables."""
        outputs, rest = self._model.stateless_call(trainable, rest, images, training=True)
        total = sum(self._loss_weights[name] * loss(targets[name], outputs[name], weights[name])
                    for name, loss in self._losses.items())
        return total, rest


def _sources(model):
    """For each of `model.weights` (whether it is trainable, its index among the variables of its kind)."""
    places = {id(variable): (kind, index)
              for kind, variables in ((True, model.trainable_variables), (False, model.non_trainable_variables))
              for index, variable in enumerate(variables)}
    return [places[id(weight)] for weight in model.weights]
