"""A recipe's optimizer and its learning rate schedule."""

import keras

from ..errors import TrainingError
from .fused_adam import FusedAdam


def make_optimizer(recipe, fused=False):
    """The recipe's Keras optimizer. Raises TrainingError for an unknown name.

    fused: whether Adam is FusedAdam where Keras computes with TensorFlow; not for several processes.
    """
    rate, decay = recipe.learning_rate, recipe.weight_decay or None
    adam = FusedAdam if fused and keras.backend.backend() == "tensorflow" else keras.optimizers.Adam
    makers = {
        "sgd": lambda: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay),
        "plain-sgd": lambda: keras.optimizers.SGD(rate, weight_decay=decay),
        "adam": lambda: adam(rate, weight_decay=decay),
        "rmsprop": lambda: keras.optimizers.RMSprop(rate, weight_decay=decay),
    }
    if recipe.optimizer not in makers:
        raise TrainingError(f"`optimizer` must be one of {', '.join(makers)}, got {recipe.optimizer!r}")
    optimizer = makers[recipe.optimizer]()
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def learning_rate(recipe, step, steps_per_epoch, plateaus=0):
    """The learning rate at `step`: warmup-stable-decay, so that the decay can start whenever time runs out.

    Hägele et al. 2024, "Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations". On top of
    it the schedules of the source documents: inverse time decay, and a cut on each of `plateaus` plateaus.
    """
    total = recipe.epochs * steps_per_epoch
    warmup = min(1.0, (step + 1) / max(1, recipe.warmup_epochs * steps_per_epoch))
    decay = min(1.0, (total - step) / max(1, total - decay_start(recipe, steps_per_epoch)))
    return (recipe.learning_rate * warmup * decay * recipe.plateau_factor ** plateaus
            / (1 + recipe.inverse_time_decay * step))


def decay_start(recipe, steps_per_epoch):
    """The step at which the linear decay of the learning rate starts."""
    return int(recipe.epochs * steps_per_epoch * (1 - recipe.decay_fraction))


def count_plateaus(losses, patience):
    """How often `losses`, one per epoch, went `patience` epochs without a new minimum; 0 for patience 0."""
    plateaus, minimum, epochs_waited = 0, float("inf"), 0
    for loss in losses if patience else ():
        epochs_waited = 0 if loss < minimum else epochs_waited + 1
        minimum = min(loss, minimum)
        if epochs_waited == patience:
            plateaus, epochs_waited = plateaus + 1, 0
    return plateaus
