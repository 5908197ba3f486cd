"""Recipes: one file per run or family of runs. Its docstring states command, time and result."""

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
    """Everything that determines a run. `network` maps {label set: number of labels} to a Keras model."""

    name: str
    network: Callable
    label_sets: dict[str, float]        # heads to train, each with its loss weight
    epochs: int = 100
    batch_size: int = 128
    learning_rate: float = 0.1
    weight_decay: float = 5e-3          # decoupled: a step subtracts learning_rate * weight_decay * weight
    warmup_epochs: float = 2.0          # epochs of linear warmup
    decay_fraction: float = 0.3         # fraction of the epochs, at the end, of linear decay to zero
    label_smoothing: float = 0.05       # for label sets with one label per image
    ema_decay: float = 0.998            # decay of the averaged weights, which are evaluated and exported; 0: off
    precision: str = "mixed_bfloat16"
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0
    teachers: tuple[str, ...] = ()      # recipes whose finished runs are distilled
    teacher_bundles: tuple[str, ...] = ()   # published bundles, NAME@VERSION, distilled from clean images
    teacher_weight: float = 0.7         # weight of the teachers' probabilities in a target; the rest is the labels'
    cached_epochs: int = 0              # epochs whose batches are stored and replayed later; 0: every batch is new
    sam_radius: float = 0.0             # neighborhood of sharpness-aware minimization; 0: off. Doubles a step's work
    optimizer: str = "sgd"              # "sgd" (Nesterov momentum 0.9), "plain-sgd", "adam" or "rmsprop"
    inverse_time_decay: float = 0.0     # learning_rate / (1 + inverse_time_decay * step), Keras's former `decay`
    plateau_patience: int = 0           # epochs without a lower PublicTest loss before the rate is cut; 0: never
    plateau_factor: float = 0.1         # factor of the learning rate at a cut
    selected_epoch: str = "last"        # "last", or "best": the epoch with the lowest PublicTest loss
    preprocessing: str = "none"         # of every image, see training/data/preprocessing.py
    fused_batch_norm: bool = False      # faster kernels on a CPU, see with_fast_kernels in training/networks/build.py
    validation_rows: int = 0            # rows of PublicTest to evaluate after an epoch; 0: all
    initial_weights: str = ""           # see training/networks/initial_weights.py; "": random
    interpolated_with: str = ""         # weights, named as initial weights are, that the trained ones are moved to
    interpolation: float = 0.0          # how far, as a fraction of the way, after training; 0: not at all
    subset: float = 1.0                 # fraction of Training to learn from, stratified by class

    def as_json(self):
        """The recipe as a JSON string, as a checkpoint stores it."""
        return json.dumps(dataclasses.asdict(self) | {"network": _call(self.network)}, sort_keys=True)


#: Former names of the fields, as older checkpoints store them.
FORMER_NAMES = {
    "batch": "batch_size", "warmup": "warmup_epochs", "decay": "decay_fraction", "averaging": "ema_decay",
    "teaching": "teacher_weight", "views": "cached_epochs", "sharpness": "sam_radius",
    "rate_decay": "inverse_time_decay", "plateau": "plateau_patience", "plateau_cut": "plateau_factor",
    "keep": "selected_epoch", "preparation": "preprocessing", "fused": "fused_batch_norm",
    "judged": "validation_rows", "start": "initial_weights",
}


def reproduction(name, network, **settings):
    """A Recipe with the training of the source documents: Adam 1e-4, constant rate, one label, no augmentation."""
    return Recipe(name, network, **{
        "label_sets": {"fer2013": 1.0}, "optimizer": "adam", "learning_rate": 1e-4, "weight_decay": 0.0,
        "warmup_epochs": 0.0, "decay_fraction": 0.0, "label_smoothing": 0.0, "ema_decay": 0.0, "precision": "float32",
        "augmentation": PLAIN} | settings)


def completed(values):
    """A checkpoint's recipe under the current field names, with the defaults of fields it does not have yet."""
    renamed = {FORMER_NAMES.get(key, key): value for key, value in values.items()}
    if "network" in renamed:
        renamed["network"] = renamed["network"].replace("normalised=", "standardized=")     # of tan.improved
    defaults = json.loads(Recipe("", Recipe, {}).as_json())
    return defaults | renamed | {"augmentation": defaults["augmentation"] | values.get("augmentation", {})}


def names():
    """Names of all recipes, sorted. Variants are not listed; see `variants`."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def variants(name):
    """The recipes that `name` stands for: `name.all` is the recipe and each of its variants."""
    stem, _, variant = name.partition(".")
    if variant != "all":
        return [name]
    return [stem, *(f"{stem}.{each}" for each in getattr(_module(stem), "VARIANTS", {}))]


def load(name, **changes):
    """The Recipe called `name`, with `changes` to its fields.

    A module with VARIANTS, {variant: changed fields}, also provides `name.variant`. Raises
    TrainingError for an unknown name or field, or a value of another type.
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
        _check_change(recipe, key, value)
    return dataclasses.replace(recipe, **changes)


def image_size(recipe):
    """Width and height in pixels of the images that the recipe's network takes."""
    kind, _, size = recipe.preprocessing.partition("-")
    return int(size) if kind == "size" and size.isdigit() else 48


def _check_change(recipe, key, value):
    settings = {each.name for each in dataclasses.fields(recipe)} - {"name", "network", "augmentation"}
    if key in FORMER_NAMES:
        raise TrainingError(f"recipe setting {key!r} is now called {FORMER_NAMES[key]!r}")
    if key not in settings:
        raise TrainingError(f"recipe {recipe.name!r} has no setting {key!r}; it has: {', '.join(sorted(settings))}")
    current = getattr(recipe, key)
    if type(value) is not type(current) and not (isinstance(current, float) and isinstance(value, int)):
        raise TrainingError(f"`{key}` must be of type {type(current).__name__}, got {value!r}")


def _call(function):
    """`name(argument=value, …)` of a function or a functools.partial of one."""
    arguments = ", ".join(f"{key}={value!r}" for key, value in sorted(getattr(function, "keywords", {}).items()))
    return f"{getattr(function, 'func', function).__qualname__}({arguments})"


def _module(stem):
    if stem.replace("_", "-") not in names():
        raise TrainingError(f"there is no recipe {stem!r}; recipes: {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{stem.replace('-', '_')}")
