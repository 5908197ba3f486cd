"""Recipes: one readable file a run. Its docstring says command, time and result."""

import dataclasses
import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field

from ..data.augmentation import PLAIN, Augmentation
from ..errors import TrainingError


@dataclass(frozen=True)
class Recipe:
    """All that decides a run. `network` takes {label set: number of labels} and gives a Keras model."""

    name: str
    network: Callable
    label_sets: dict[str, float]        # heads to train, each with its weight in the loss
    epochs: int = 100
    batch: int = 128
    learning_rate: float = 0.1
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
    views: int = 0                      # epochs whose batches are kept and shown again; 0: every batch is new
    sharpness: float = 0.0              # radius of sharpness-aware minimisation; 0: none. Twice the work a step
    optimizer: str = "sgd"              # "sgd" (Nesterov momentum 0.9), "plain-sgd", "adam" or "rmsprop"
    rate_decay: float = 0.0             # learning_rate / (1 + rate_decay * step), Keras's old `decay`
    plateau: int = 0                    # epochs without a lower PublicTest loss before the rate is cut; 0: never
    plateau_cut: float = 0.1            # what a cut multiplies the learning rate by
    keep: str = "last"                  # "last", or "best": the epoch with the lowest PublicTest loss
    preparation: str = "none"           # of every picture, see training/data/preprocessing.py
    fused: bool = False                 # batch normalisation in one kernel: faster for wide networks, TensorFlow only
    judged: int = 0                     # rows of PublicTest that an epoch is judged on; 0: all
    start: str = ""                     # initial weights, a name of training/networks/pretrained.py; "": random
    subset: float = 1.0                 # share of Training that is learnt from, the same of each class

    def as_json(self):
        """The recipe's values as a JSON string: what a checkpoint says it was made from."""
        return json.dumps(dataclasses.asdict(self) | {"network": _call(self.network)}, sort_keys=True)


def document(name, network, **settings):
    """A Recipe as the five documents train: Adam 1e-4 at a constant rate, one label a picture, nothing disturbed."""
    return Recipe(name, network, **{
        "label_sets": {"fer2013": 1.0}, "optimizer": "adam", "learning_rate": 1e-4, "weight_decay": 0.0,
        "warmup": 0.0, "decay": 0.0, "label_smoothing": 0.0, "averaging": 0.0, "precision": "float32",
        "augmentation": PLAIN} | settings)


def completed(values):
    """What a checkpoint says of its recipe, with the defaults of the fields that are younger than it."""
    fresh = json.loads(Recipe("", Recipe, {}).as_json())
    return fresh | values | {"augmentation": fresh["augmentation"] | values.get("augmentation", {})}


def _call(function):
    """`name(argument=value, …)` of a function or a functools.partial of one."""
    arguments = ", ".join(f"{key}={value!r}" for key, value in sorted(getattr(function, "keywords", {}).items()))
    return f"{getattr(function, 'func', function).__qualname__}({arguments})"


def names():
    """Names of the recipes there are, sorted; some have variants, `name.variant`."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def load(name, **changes):
    """The Recipe called `name`, with `changes` to its fields.

    A module that names VARIANTS, {variant: changed fields}, also gives `name.variant`. Raises
    TrainingError for a name or a field there is not, or a value of another type.
    """
    stem, _, variant = name.partition(".")
    module = _module(stem)
    recipe = module.RECIPE
    if variant:
        known = getattr(module, "VARIANTS", {})
        if variant not in known:
            raise TrainingError(f"recipe {stem!r} has no variant {variant!r}; it has: {', '.join(known) or 'none'}")
        recipe = dataclasses.replace(recipe, name=name, **known[variant])
    for key, value in changes.items():
        if key not in {each.name for each in dataclasses.fields(recipe)} - {"name", "network", "augmentation"}:
            raise TrainingError(f"recipe {name!r} has no setting {key!r}")
        old = getattr(recipe, key)
        if type(value) is not type(old) and not (isinstance(old, float) and isinstance(value, int)):
            raise TrainingError(f"{key}={value!r}: a {type(old).__name__} is needed")
    return dataclasses.replace(recipe, **changes)


def picture_size(recipe):
    """Pixels along a side of the pictures that the recipe's network sees."""
    kind, _, size = recipe.preparation.partition("-")
    return int(size) if kind == "size" and size.isdigit() else 48


def variants(name):
    """Names of the recipes that `name` stands for: `name.all` is the recipe and each of its variants."""
    stem, _, variant = name.partition(".")
    if variant != "all":
        return [name]
    return [stem, *(f"{stem}.{each}" for each in getattr(_module(stem), "VARIANTS", {}))]


def _module(stem):
    if stem.replace("_", "-") not in names():
        raise TrainingError(f"no recipe {stem!r}; there are: {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{stem.replace('-', '_')}")
