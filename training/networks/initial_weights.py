"""Initial weights of a recipe: a face recognition network, a published bundle, or another recipe's finished run."""

from pathlib import Path

import keras
import numpy as np

from ..errors import TrainingError
from . import pretrained

MODELS = Path("static/models")          # published bundles
EARLIER = Path("instance/models")       # earlier versions of them, as NAME@VERSION


def read_checkpoint(path):
    """A checkpoint's arrays as a dict. Raises TrainingError where it cannot be read."""
    try:
        with np.load(path) as file:
            return dict(file)
    except Exception as error:  # np.load raises what zipfile, zlib and numpy each raise
        raise TrainingError(f"{path}: not a readable checkpoint ({error}); remove it to start again") from None


def read_step(path):
    """The step a checkpoint was saved at, without reading its weights. Raises TrainingError where it cannot be read."""
    try:
        with np.load(path) as file:
            return int(file["step"])
    except Exception as error:
        raise TrainingError(f"{path}: not a readable checkpoint ({error}); remove it to start again") from None


def load_initial_weights(model, name, runs):
    """Load the weights called `name` into `model`.

    name: one of pretrained.SOURCES; a bundle as "jury-live@1.0.0", whose trunk and head are loaded, other heads stay
    random; or a recipe, whose run's averaged weights are loaded. runs: folder of run folders, a Path. Raises
    TrainingError where the weights are missing or do not fit.
    """
    if "@" in name:
        _load_bundle(model, name)
    elif (runs / name / "checkpoint.npz").exists():
        state = read_checkpoint(runs / name / "checkpoint.npz")
        try:
            model.set_weights([state[f"average_{index}"] for index in range(len(model.weights))])
        except (KeyError, ValueError) as error:
            raise TrainingError(f"the weights of the run {name!r} do not fit the network ({error})") from None
    else:
        pretrained.load_weights(model, name)


def interpolate_weights(model, name, fraction, runs):
    """Move the weights of `model` by `fraction` of the way to those called `name`.

    Wortsman et al. 2022, "Robust fine-tuning of zero-shot models" (WiSE-FT): between a network and its fine-tuned
    form there are networks better than both, on the training data and outside. Heads that `name` lacks stay as they
    are. name, runs: as in `load_initial_weights`.
    """
    trained = model.get_weights()
    load_initial_weights(model, name, runs)
    model.set_weights([(1 - fraction) * weight + fraction * initial
                       for weight, initial in zip(trained, model.get_weights(), strict=True)])


def describe_initial_weights(name):
    """The card's `start`: {"origin", "licence"} and, for a package, {"package"}."""
    if name in pretrained.SOURCES:
        source = pretrained.SOURCES[name]
        return {"origin": source.origin, "licence": source.licence, "package": source.package}
    if "@" in name:
        return {"origin": f"the bundle {name.replace('@', ' ')} of this project", "licence": "MIT"}
    return {"origin": f"the recipe {name} of this project", "licence": "MIT"}


def find_bundle(name):
    """The Bundle "NAME@VERSION", published or kept in instance/models. Raises TrainingError if it is not there."""
    from ..evaluate.bundles import read_bundle
    stem, _, version = name.partition("@")
    if (EARLIER / name / "card.json").is_file():
        return read_bundle(EARLIER / name)
    bundle = read_bundle(MODELS / stem)
    if bundle.card["version"] != version:
        raise TrainingError(f"{MODELS / stem} is version {bundle.card['version']}; put version {version}, which git "
                            f"has, into {EARLIER / name}")
    return bundle


def _load_bundle(model, name):
    bundle = find_bundle(name)
    stored = keras.saving.load_model(bundle.folder / "model.keras", compile=False)
    members = [layer for layer in stored.layers if isinstance(layer, keras.Model)] or [stored]
    trunk = [layer for layer in model.layers if layer.name not in model.output and layer.weights]
    try:
        (member,) = members
        *weights, kernel, bias = member.get_weights()
        for layer in trunk:
            layer.set_weights([weights.pop(0) for _ in layer.get_weights()])
        if weights:
            raise ValueError(f"{len(weights)} arrays too many")
        model.get_layer(bundle.label_set).set_weights([kernel, bias])
    except (IndexError, ValueError) as error:
        raise TrainingError(f"the weights of the bundle {name} do not fit the network ({error})") from None
