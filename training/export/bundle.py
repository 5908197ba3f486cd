"""Export a model bundle, `static/models/NAME/`, from the averaged weights of one or more runs.

A bundle is one network with one head: float32 images to logits. Several runs form an ensemble, the mean of their
log-probabilities. The bundle consists of `model.keras`, the LiteRT file that the server uses on a CPU, `tfjs/` for the
browser, and `card.json`, which states what a runtime needs and all figures (`static/models/card.schema.json`).
Exported with prototypes, the LiteRT file and `tfjs/` have a second output, a distance (unlike.py), which Keras computes
from `prototypes.npz`.
"""

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from webapp.vision.keras_networks import (
    WITH_DISTANCE,
    combined,
    load_network,
    members,
    with_distances,
    write_prototypes,
)

from .. import recipes
from ..data.alignment import TEMPLATE
from ..data.labels import LABEL_SETS, RATED_BY_TEN
from ..errors import TrainingError
from ..evaluate.bundles import Bundle, check_field, read_bundle
from ..evaluate.calibration import calibrate
from ..evaluate.metrics import softmax
from ..evaluate.predictions import litert_logits
from ..networks.build import load_trained
from ..networks.initial_weights import describe_initial_weights, read_checkpoint
from ..networks.statistics import recompute_statistics
from . import balancing, card, tfjs, unlike
from .litert import multiply_adds, select_head, write_litert

PARITY_IMAGES = 1024
SAME = 1e-4         # largest difference of a probability of the same network, converted again


def export(runs, label_set, name, version, tests, models, title=None, publish=False, mirrored=False, report=print,
           prototypes=0, statistics_images=0, for_browser=True):
    """Write the bundle `models`/`name` from the folders `runs`; its card.

    tests: the test_set.TestSet to calibrate and evaluate on. mirrored: average over the image and its mirror
    image, which doubles the work. publish: evaluate on PrivateTest, too. prototypes: number of prototypes of the
    training faces to which the network's second output is the distance (unlike.py); 0: none. statistics_images: number
    of training images on which batch normalization's statistics are recomputed; 0: they are the run's. for_browser:
    write the files for TensorFlow.js, without which the bundle is for servers only. Raises TrainingError if a run has
    no checkpoint or no head for `label_set`.
    """
    for field, value in (("name", name), ("version", version)):
        check_field(field, value)
    models, faces = Path(models), tests.faces
    networks, records = zip(*(_member(Path(run), label_set, faces, statistics_images) for run in runs), strict=True)
    model = expressions = combined(networks, mirrored, label_set)
    centers = [unlike.prototypes(each, faces, label_set, prototypes) for each in networks] if prototypes else []
    if prototypes:
        model = with_distances(expressions, centers, mirrored)
    images = faces.images[faces.rows("PublicTest")][:PARITY_IMAGES]
    folder = models / f".{name}.partial"      # hidden, so that a site starting now ignores it
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        save(expressions, folder / "model.keras")
        if prototypes:
            write_prototypes(centers, folder)
        parity = write_litert(model, images, folder / "model.tflite")
        report(f"LiteRT: {parity['weights']} weights, probabilities within {parity['largest_difference']:.1e}")
        served = (folder / "model.tflite").read_bytes()
        calibrated = calibrate(served, faces, label_set)
        if prototypes:
            calibrated["unlike"] = unlike.choose(served, faces, prototypes)
        parities = {"model.tflite": parity}
        if for_browser:
            parities["tfjs"] = tfjs.write(model, images, folder / "tfjs", served,
                                          calibrated["calibration"]["temperature"])
            report(f"TensorFlow.js: {parities['tfjs']['bytes_gzipped'] / 1e6:.2f} MB compressed, "
                   f"probabilities within {parities['tfjs']['largest_difference']:.1e}")
        content = {
            "schema": 1, "name": name, "version": version, "title": title or card.title(label_set, name),
            "licence": "MIT", "label_set": label_set, "labels": list(LABEL_SETS[label_set]),
            "raters": 10 if label_set in RATED_BY_TEN else None,
            "input": {"size": model.input.shape[1], "channels": model.input.shape[3], "range": [0, 255]},
            "crop": json.loads(TEMPLATE.read_text()),
            **calibrated,
            "parameters": expressions.count_params(),
            "multiply_adds": multiply_adds(expressions) * (2 if mirrored else 1),
            "files": card.file_manifest(folder),
            "parity": parities,
            "training": _ensemble_training(records, mirrored),
        }
        content |= balancing.balance(Bundle(folder, content), faces)
        content = card.complete(content, folder, tests, publish, report)
        card.write(content, folder)
        shutil.rmtree(models / name, ignore_errors=True)
        folder.rename(models / name)
    except OSError as error:
        raise TrainingError(f"{models / name}: cannot be written ({error}); free disk space and export again") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return content


def save(model, path):
    """Save `model` as the Keras file `path`, compressed. Keras reads it; weights that were float16 take half."""
    model.save(path)
    stored = path.with_suffix(".stored")
    path.rename(stored)
    with zipfile.ZipFile(stored) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED, 9)
    stored.unlink()


def read_run(run):
    """The Recipe and the checkpoint of the folder `run`. Raises TrainingError if there is no valid checkpoint."""
    path = Path(run) / "checkpoint.npz"
    if not path.exists():
        raise TrainingError(f"{run}: no checkpoint.npz; train a recipe first: python -m training fit RECIPE")
    state = read_checkpoint(path)
    try:
        saved = json.loads(str(state["recipe"]))
        recipe = recipes.load(saved["name"])
    except (KeyError, ValueError):
        raise TrainingError(f"{path}: does not name its recipe; train it again") from None
    if json.loads(recipe.as_json())["network"] != recipes.completed(saved)["network"]:
        raise TrainingError(f"{path}: is of another network than recipe {recipe.name!r} builds now; train it again")
    return replace(recipe, epochs=saved["epochs"], seed=saved["seed"]), state


def add_distance(folder, faces, count, version, seed=unlike.SEED):
    """Add the distance to `count` prototypes to the bundle `folder` (see unlike.py) as `version`; the card.

    faces: the data set of the prototypes. seed: of their k-means. The logits, figures and model.keras stay: raises
    TrainingError if a probability of the new LiteRT file differs from the old one's by more than SAME.
    """
    check_field("version", version)
    bundle = read_bundle(folder)
    folder, content = bundle.folder, bundle.card
    stored = keras.models.load_model(folder / "model.keras", compile=False)
    centers = [unlike.prototypes(each, faces, bundle.label_set, count, seed) for each in members(stored)]
    model = with_distances(stored, centers, content["training"].get("mirrored", False))
    images = faces.images[faces.rows("PublicTest")][:PARITY_IMAGES]
    before = litert_logits((folder / "model.tflite").read_bytes(), images)
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.copytree(folder, partial)
        (partial / WITH_DISTANCE).unlink(missing_ok=True)
        write_prototypes(centers, partial)
        content["parity"]["model.tflite"] = write_litert(model, images, partial / "model.tflite")
        served = (partial / "model.tflite").read_bytes()
        difference = float(np.abs(softmax(litert_logits(served, images)) - softmax(before)).max())
        if difference > SAME:
            raise TrainingError(f"{folder}: a probability would change by {difference:.1e}; export the bundle again "
                                "from its run, with --prototypes")
        if "tfjs" in content["parity"]:
            content["parity"]["tfjs"] = tfjs.write(model, images, partial / "tfjs", served, bundle.temperature)
        content |= {"version": version, "unlike": unlike.choose(served, faces, count),
                    "files": card.file_manifest(partial)}
        card.write(content, partial)
        card.rewrite_text(partial)
        shutil.rmtree(folder)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return read_bundle(folder).card


def rewrite_tfjs(folder, images):
    """Regenerate the `tfjs/` files of the bundle `folder` from its model.keras and update the card; the parity.

    images: uint8 (n, h, w), as in `tfjs.write`. Raises TrainingError for a missing bundle.
    """
    folder = Path(folder)
    for name in ("model.keras", "model.tflite", "card.json"):
        if not (folder / name).is_file():
            raise TrainingError(f"{folder / name}: no such file; export the bundle first: "
                                "python -m training export RUN")
    content = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    model = load_network(folder, content)
    served, temperature = (folder / "model.tflite").read_bytes(), content["calibration"]["temperature"]
    parity = tfjs.write(model, images, folder / "tfjs", served, temperature)
    content["files"] = card.file_manifest(folder)
    content["parity"]["tfjs"] = parity
    card.write(content, folder)
    return parity


def _member(run, label_set, faces, statistics_images):
    """A run's network with its head for `label_set`, and its training record."""
    recipe, state = read_run(run)
    if label_set not in recipe.label_sets:
        raise TrainingError(f"{run}: no head for {label_set!r}; give a --label-set of {', '.join(recipe.label_sets)}")
    network, record = load_trained(recipe, run), _training(recipe, state, faces)
    if statistics_images:
        training = faces.rows("Training")
        spread = np.linspace(0, len(training) - 1, min(statistics_images, len(training)), dtype=int)
        recompute_statistics(network, faces.images[training[spread]])
        record["statistics_images"] = len(spread)
    return select_head(network, label_set), record


def _training(recipe, state, faces):
    """The card's `training` of one run."""
    optional = {}
    if recipe.initial_weights:
        optional["start"] = describe_initial_weights(recipe.initial_weights)
    if recipe.interpolation:
        optional["interpolation"] = {"with": describe_initial_weights(recipe.interpolated_with)["origin"],
                                     "fraction": recipe.interpolation}
    teachers = [*recipe.teachers, *(name.replace("@", " ") for name in recipe.teacher_bundles)]
    if teachers:
        optional |= {"teachers": teachers, "teaching": recipe.teacher_weight}
    if recipe.teacher_bundles:
        optional["teachers_see"] = "clean"
    return {"recipe": recipe.name, "seed": recipe.seed, "data_md5": str(state["data_md5"]),
            "epochs": round(int(state["step"]) / (len(faces.rows("Training")) // recipe.batch_size), 2),
            "epochs_planned": recipe.epochs,
            "steps": int(state["step"]), "batch": recipe.batch_size, "label_smoothing": recipe.label_smoothing,
            "command": f"python -m training fit {recipe.name} --data fer2013.csv.gz --votes fer2013new.csv",
            **optional}


def _ensemble_training(members, mirrored):
    """The card's `training` of one run or of an ensemble."""
    record = members[0] if len(members) == 1 else {
        "recipe": " + ".join(each["recipe"] for each in members), "seed": members[0]["seed"],
        "data_md5": members[0]["data_md5"], "epochs": sum(each["epochs"] for each in members),
        "epochs_planned": sum(each["epochs_planned"] for each in members),
        "command": " && ".join(each["command"] for each in members), "members": members}
    return record | ({"mirrored": True} if mirrored else {})
