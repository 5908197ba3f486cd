"""Make a model bundle, `static/models/NAME/`, from the averaged weights of a run, or of several.

A bundle is one network with one head in float32 that answers plain logits, of several runs the mean
of their answers: `model.keras`, the
LiteRT file serving uses on a CPU, and `card.json`, which says all a runtime must know and all
that was measured (`static/models/card.schema.json`).
"""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from .. import recipes
from ..data.labels import JUDGED_BY_TEN, LABEL_SETS
from ..errors import TrainingError
from ..evaluate import calibration
from ..evaluate.metrics import softmax
from ..evaluate.predictions import keras_logits, litert_logits
from ..networks.build import read_checkpoint, trained
from ..networks.ensemble import together
from ..networks.pretrained import SOURCES
from . import card, tfjs

#: float16 weights halve the file; they are kept when no probability moves by more than this.
PARITY = 1e-3
PARITY_PICTURES = 1024
CROP = Path(__file__).parents[1] / "data" / "alignment.json"


def export(runs, label_set, name, version, tests, models, title=None, release=False, mirrored=False, say=print):
    """Write the bundle `models`/`name` from the folders `runs`; its card.

    tests: the testset.TestSet to calibrate and judge on. mirrored: the answer is averaged with the one to
    the mirror image, which doubles the work. Raises TrainingError where a run has no checkpoint or no head
    for `label_set`. Figures on PrivateTest are computed for a `release` only.
    """
    for field, value in (("name", name), ("version", version)):
        card.check_field(field, value)
    models, faces = Path(models), tests.faces
    members = [_member(Path(run), label_set, faces) for run in runs]
    model = members[0][0]
    if mirrored or len(members) > 1:
        model = together([network for network, _ in members], mirrored, label_set)
    public = faces.images[faces.rows("PublicTest")]
    folder = models / f".{name}.partial"      # hidden: a site that starts now passes it by
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        model.save(folder / "model.keras")
        parity = write_litert(model, public[:PARITY_PICTURES], folder / "model.tflite")
        say(f"LiteRT: {parity['weights']} weights, probabilities within {parity['largest_difference']:.1e}")
        served = (folder / "model.tflite").read_bytes()
        calibrated = calibration.on_public(served, faces, label_set)
        browser = tfjs.write(model, public[:PARITY_PICTURES], folder / "tfjs", served,
                             calibrated["calibration"]["temperature"])
        say(f"browser: {browser['bytes_gzipped'] / 1e6:.2f} MB compressed, "
            f"probabilities within {browser['largest_difference']:.1e}")
        content = {
            "schema": 1, "name": name, "version": version, "title": title or card.title(label_set, name),
            "licence": "MIT", "label_set": label_set, "labels": list(LABEL_SETS[label_set]),
            "raters": 10 if label_set in JUDGED_BY_TEN else None,
            "input": {"size": model.input.shape[1], "channels": model.input.shape[3], "range": [0, 255]},
            "crop": json.loads(CROP.read_text()),
            **calibrated,
            "parameters": model.count_params(), "multiply_adds": multiply_adds(model) * (2 if mirrored else 1),
            "files": described(folder),
            "parity": {"model.tflite": parity, "tfjs": browser},
            "training": _of_all([training for _, training in members], mirrored),
        }
        content = card.complete(content, folder, tests, release, say)
        card.write(content, folder)
        shutil.rmtree(models / name, ignore_errors=True)
        folder.rename(models / name)
    except OSError as error:
        raise TrainingError(f"{models / name}: cannot be written ({error}); make room and export again") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return content


def _member(run, label_set, faces):
    """A run's network with its head for `label_set`, and how it was trained."""
    recipe, state = read_run(run)
    if label_set not in recipe.label_sets:
        raise TrainingError(f"{run} has no head for {label_set!r}; it has: {', '.join(recipe.label_sets)}")
    return one_head(trained(recipe, run), label_set), _training(recipe, state, faces)


def read_run(run):
    """The Recipe and the checkpoint of the folder `run`. Raises TrainingError where there is none."""
    path = Path(run) / "checkpoint.npz"
    if not path.exists():
        raise TrainingError(f"{run}: no checkpoint.npz; train a recipe first: python -m training fit RECIPE")
    state = read_checkpoint(path)
    try:
        theirs = json.loads(str(state["recipe"]))
        recipe = recipes.load(theirs["name"])
    except (KeyError, ValueError):
        raise TrainingError(f"{path}: does not say which recipe made it; train it again") from None
    if json.loads(recipe.as_json())["network"] != theirs["network"]:
        raise TrainingError(f"{path} holds another network than recipe {recipe.name!r} builds now")
    return replace(recipe, epochs=theirs["epochs"], seed=theirs["seed"]), state


def one_head(model, label_set):
    """The trunk of a network with several heads and one of them: float32 (n, h, w, 1) -> logits (n, labels)."""
    return keras.Model(model.input, model.output[label_set], name=label_set)


def write_litert(model, images, path):
    """Write `model` as a LiteRT file whose batch size is free; its parity on `images`, uint8 (n, h, w).

    Weights are float16 where the probabilities stay within PARITY of the network's own, else float32.
    """
    import tensorflow as tf
    wanted = softmax(keras_logits(model, images))
    for weights in ("float16", "float32"):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if weights == "float16":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        content = converter.convert()
        difference = float(np.abs(softmax(litert_logits(content, images, batches=(32, 1, 8, 2))) - wanted).max())
        if difference <= PARITY:
            break
    else:
        raise TrainingError(f"the LiteRT file differs from the network by {difference:.1e} in a probability")
    Path(path).write_bytes(content)
    return {"largest_difference": difference, "pictures": len(images), "weights": weights}


def multiply_adds(model):
    """Multiply-adds of one picture's forward pass, convolutions and dense layers counted."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += multiply_adds(layer)
            continue
        for name in ("kernel", "depthwise_kernel", "pointwise_kernel"):
            kernel = getattr(layer, name, None)
            if kernel is not None:      # convolution kernels are (h, w, in, out), dense ones (in, out)
                places = int(np.prod(layer.output.shape[1:-1]))
                total += places * int(np.prod(kernel.shape))
    return total


def described(folder):
    """{name: {"sha256", "bytes"}} of every file under `folder` but the card."""
    files = (path for path in sorted(Path(folder).rglob("*")) if path.is_file() and path.name != "card.json")
    return {path.relative_to(folder).as_posix(): describe(path) for path in files}


def describe(path):
    """{"sha256", "bytes"} of a file."""
    content = Path(path).read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _training(recipe, state, faces):
    more = {}
    if recipe.start:
        source = SOURCES[recipe.start]
        more["start"] = {"origin": source.origin, "licence": source.licence, "package": source.package}
    if recipe.teachers:
        more |= {"teachers": list(recipe.teachers), "teaching": recipe.teaching}
    return {"recipe": recipe.name, "seed": recipe.seed, "data_md5": str(state["data_md5"]),
            "epochs": round(int(state["step"]) / (len(faces.rows("Training")) // recipe.batch), 2),
            "epochs_planned": recipe.epochs,
            "steps": int(state["step"]), "batch": recipe.batch, "label_smoothing": recipe.label_smoothing,
            "command": f"python -m training fit {recipe.name} --data fer2013.csv.gz --votes fer2013new.csv",
            **more}


def _of_all(members, mirrored):
    """A card's `training` of one run or of several."""
    told = members[0] if len(members) == 1 else {
        "recipe": " + ".join(each["recipe"] for each in members), "seed": members[0]["seed"],
        "data_md5": members[0]["data_md5"], "epochs": sum(each["epochs"] for each in members),
        "epochs_planned": sum(each["epochs_planned"] for each in members),
        "command": " && ".join(each["command"] for each in members), "members": members}
    return told | ({"mirrored": True} if mirrored else {})
