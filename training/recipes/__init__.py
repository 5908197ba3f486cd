"""Recipes: one readable file a run. Its docstring says command, time and result."""

import dataclasses
import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field

from ..data.augment import Augmentation
from ..errors import TrainingError


@dataclass(frozen=True)
class Recipe:
    """All that decides a run. `network` takes {label set: number of labels} and gives a Keras model."""

    name: str
    network: Callable
    label_sets: dict[str, float]        # heads to train, each with its weight in the loss
    epochs: int = 100
    batch: int = 128
    learning_rate: float = 0.1          # SGD with Nesterov momentum 0.9
    weight_decay: float = 5e-3          # decoupled: a step takes learning_rate * weight_decay
    warmup: float = 2.0                 # epochs of linear rise
    decay: float = 0.3                  # share of the epochs, at the end, of linear fall to zero
    label_smoothing: float = 0.05       # for label sets with one label a picture
    averaging: float = 0.998            # a step's momentum of the averaged weights, which are what is kept
    precision: str = "mixed_bfloat16"
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0
    teachers: tuple[str, ...] = ()      # names of runs whose averaged answers are taught
    teaching: float = 0.7               # share of the teachers' answer in a target, the rest is the raters'

    def as_json(self):
        """The recipe's values as a JSON string: what a checkpoint says it was made from."""
        return json.dumps(dataclasses.asdict(self) | {"network": _call(self.network)}, sort_keys=True)


def _call(function):
    """`name(argument=value, …)` of a function or a functools.partial of one."""
    arguments = ", ".join(f"{key}={value!r}" for key, value in sorted(getattr(function, "keywords", {}).items()))
    return f"{getattr(function, 'func', function).__qualname__}({arguments})"


def names():
    """Names of the recipes there are, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name, **changes):
    """The Recipe called `name`, with `changes` to its fields.

    Raises TrainingError for a name or a field there is not, or a value of another type.
    """
    module = name.replace("-", "_")
    if module not in names():
        raise TrainingError(f"no recipe {name!r}; there are: {', '.join(names())}")
    recipe = importlib.import_module(f"{__name__}.{module}").RECIPE
    for key, value in changes.items():
        if key not in {each.name for each in dataclasses.fields(recipe)} - {"name", "network", "augmentation"}:
            raise TrainingError(f"recipe {name!r} has no setting {key!r}")
        old = getattr(recipe, key)
        if type(value) is not type(old) and not (isinstance(old, float) and isinstance(value, int)):
            raise TrainingError(f"{key}={value!r}: a {type(old).__name__} is needed")
    return dataclasses.replace(recipe, **changes)
