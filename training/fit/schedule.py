"""A recipe's optimiser, and its learning rate at each step."""

import keras

from ..errors import TrainingError


def optimizer(recipe):
    """The recipe's Keras optimiser. Raises TrainingError for a name there is not."""
    rate, decay = recipe.learning_rate, recipe.weight_decay or None
    makers = {
        "sgd": lambda: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay),
        "plain-sgd": lambda: keras.optimizers.SGD(rate, weight_decay=decay),
        "adam": lambda: keras.optimizers.Adam(rate, weight_decay=decay),
        "rmsprop": lambda: keras.optimizers.RMSprop(rate, weight_decay=decay),
    }
    if recipe.optimizer not in makers:
        raise TrainingError(f"optimizer {recipe.optimizer!r}: one of {', '.join(makers)} is meant")
    made = makers[recipe.optimizer]()
    made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made


def learning_rate(recipe, step, steps_per_epoch, cuts=0):
    """The rate at `step`: warm-up, stable, decay, so that the fall can begin whenever time is short.

    Haegele et al. 2024. On top of it the documents' own: a decay by the step, and `cuts` on plateaus.
    """
    total = recipe.epochs * steps_per_epoch
    rise = min(1.0, (step + 1) / max(1, recipe.warmup * steps_per_epoch))
    fall = min(1.0, (total - step) / max(1, total - decay_start(recipe, steps_per_epoch)))
    return recipe.learning_rate * rise * fall * recipe.plateau_cut ** cuts / (1 + recipe.rate_decay * step)


def decay_start(recipe, steps_per_epoch):
    """The step at which the learning rate begins to fall."""
    return int(recipe.epochs * steps_per_epoch * (1 - recipe.decay))


def plateaus(losses, patience):
    """How often `losses`, one an epoch, went `patience` epochs without a new lowest; 0 for patience 0."""
    cuts, lowest, waited = 0, float("inf"), 0
    for loss in losses if patience else ():
        waited = 0 if loss < lowest else waited + 1
        lowest = min(loss, lowest)
        if waited == patience:
            cuts, waited = cuts + 1, 0
    return cuts
