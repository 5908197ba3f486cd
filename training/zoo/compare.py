"""Measure the zoo's runs and the bundles, for one table.

A result, `training/zoo/results/NAME.json`, contains the figures of a run's network on FER2013's two test
splits and the command that trained it. PrivateTest influences no choice.
"""

import csv
import json
import os
import re
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import recipes
from ..backend import has_package
from ..data.affectnet import StreamedImages
from ..data.labels import LABEL_SETS, translate
from ..data.preprocessing import preprocessed, subset_size
from ..errors import TrainingError
from ..evaluate import metrics
from ..evaluate.bundles import round_floats
from ..export.litert import multiply_adds, select_head, write_litert
from ..networks.build import build, load_trained
from ..networks.initial_weights import read_checkpoint
from .published import rows_of

RESULTS = Path(__file__).parent / "results"
SPLITS = ("PublicTest", "PrivateTest")
KEPT = ("milliseconds", "seeds")   # of the stored result, where a new one of the row lacks them
BATCHES = (1, 32)
SECONDS = 2.0           # shortest time to measure a batch size for
PARITY_IMAGES = 64


def measure_run(recipe_name, folder, tests, sample_size=None, convert=True, time_it=True):
    """The result of the run in `folder`, or of the untrained network without a run, as a JSON-serializable dict.

    tests: test_set.TestSet. sample_size: evaluate on so many images of each split, for networks that take hours.
    convert: convert to a LiteRT file and measure its size; time_it: and its speed. The conversion needs TensorFlow;
    without it the result lacks size and speed.
    """
    recipe = recipes.load(recipe_name)
    state = read_checkpoint(folder / "checkpoint.npz") if (folder / "checkpoint.npz").exists() else None
    label_set = next(iter(recipe.label_sets))
    network = load_trained(recipe, folder) if state else build(replace(recipe, precision="float32"))
    model = select_head(network, label_set)
    faces = preprocessed(tests.faces, recipe.preprocessing)
    result = {"recipe": recipe_name, "label_set": label_set, "size": model.input.shape[1],
              "parameters": model.count_params(), "multiply_adds": multiply_adds(model)}
    parity_rows = faces.rows("PublicTest")[:PARITY_IMAGES if sample_size is None else 4]
    if convert and has_package("tensorflow"):
        result |= _file_and_speed(model, faces.images[parity_rows], time_it)
    if state:
        result |= _schedule(recipe, state, faces)
        result["curve"] = curve(folder)
        near_duplicates = None if isinstance(tests.faces.images, StreamedImages) else tests.near_duplicates
        result |= evaluate(lambda images: _logits(model, images), faces, label_set, near_duplicates, sample_size)
    return result


def evaluate(run, faces, label_set, near_duplicates, sample_size=None):
    """Figures of `run`, uint8 (n, h, w) -> logits (n, labels), on both test splits.

    near_duplicates: bool (rows,), the rows left out of `without_twins`; None where they are not known, as in a data
    set that does not fit in memory. sample_size: as in `measure_run`.
    """
    figures = {}
    for split in SPLITS:
        rows = faces.rows(split)
        if sample_size is not None:
            rows = rows[np.linspace(0, len(rows) - 1, min(sample_size, len(rows))).astype(int)]
        truth = translate(faces.labels[rows], faces.label_set, label_set)
        log_p = metrics.log_softmax(np.concatenate([run(faces.images[rows[start:start + 256]])
                                                    for start in range(0, len(rows), 256)]))
        correct = log_p.argmax(1) == truth
        matrix = metrics.confusion(truth, log_p.argmax(1), len(LABEL_SETS[label_set]))
        recall = metrics.per_class(matrix)[1]
        present = np.flatnonzero(np.bincount(truth, minlength=len(recall)))
        worst = present[recall[present].argmin()]
        figures[split] = {
            "faces": len(rows), "accuracy": float(correct.mean()),
            "without_twins": None if near_duplicates is None else float(correct[~near_duplicates[rows]].mean()),
            "worst_class": {"label": LABEL_SETS[label_set][worst], "recall": float(recall[worst])},
            "expected_calibration_error": metrics.calibration_error(np.exp(log_p.max(1)), correct)[0],
            "confusion": matrix.tolist()}
    return figures


def curve(folder):
    """The learning curve of the run in `folder`, {column: list of one number per epoch}; {} without one."""
    if not (folder / "curve.csv").is_file():
        return {}
    with open(folder / "curve.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    accuracy = "public_fer2013_accuracy" if rows and rows[0].get("public_fer2013_accuracy") else "public_accuracy"
    columns = {"epoch": "epoch", "loss": "loss", "public_accuracy": accuracy, "public_loss": "public_cross_entropy"}
    return {name: [float(row[column]) for row in rows] for name, column in columns.items()}


def speed(content, size):
    """Milliseconds per face of a LiteRT file's bytes on one thread: {batch size: of the fastest call}."""
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_content=content, num_threads=1)
    input_index = interpreter.get_input_details()[0]["index"]
    milliseconds = {}
    for batch in BATCHES:
        interpreter.resize_tensor_input(input_index, (batch, size, size, 1))
        interpreter.allocate_tensors()
        interpreter.set_tensor(input_index, np.full((batch, size, size, 1), 100, np.float32))
        interpreter.invoke()
        milliseconds[str(batch)] = 1000 * timed(interpreter.invoke) / batch
    return milliseconds


def timed(function):
    """Seconds of the fastest call among at least five calls and SECONDS, the measure least affected by other load."""
    times, started = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - started < SECONDS:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def bundle_result(folder):
    """The result of a model bundle with FER2013's labels, from its card; None for other bundles."""
    card = json.loads((folder / "card.json").read_text())
    if card["label_set"] != "fer2013" or not card.get("figures"):
        return None
    training = card["training"]
    result = {"recipe": training["recipe"], "bundle": card["name"], "label_set": "fer2013",
              "size": card["input"]["size"], "parameters": card["parameters"], "multiply_adds": card["multiply_adds"],
              "bytes": card["files"]["model.tflite"]["bytes"],
              "milliseconds": speed((folder / "model.tflite").read_bytes(), card["input"]["size"]),
              "epochs": training["epochs"], "epochs_of_recipe": training["epochs_planned"],
              "changed": {}, "command": training["command"]}
    for split in SPLITS:
        if card["figures"].get(split):      # PrivateTest is evaluated for published versions only
            figures = card["figures"][split]
            worst = min(figures["per_class"], key=lambda one: one["recall"])
            result[split] = {
                "faces": figures["faces"], "accuracy": figures["as_published"]["accuracy"]["value"],
                "without_twins": figures["without_twins"]["accuracy"]["value"],
                "worst_class": {"label": worst["label"], "recall": worst["recall"]},
                "expected_calibration_error": figures["expected_calibration_error"]}
    return result


def record(name, seed, result):
    """Write the result of the row `name` with `seed`; further seeds are kept beside the first one's figures.

    A speed that was not measured is kept from the stored result: it is of the network. The file's size is of the run,
    as its trained weights decide whether they are stored as float16.
    """
    stored = results().get(name, {})
    if seed:
        own = {split: result[split]["accuracy"] for split in SPLITS} | {"epochs": result["epochs"]}
        seeds = stored.get("seeds", {}) | {str(seed): own}
        stored["seeds"] = dict(sorted(seeds.items(), key=lambda each: int(each[0])))
        write(name, stored)
        return
    write(name, result | {key: stored[key] for key in KEPT if key in stored and key not in result})


def write(name, result):
    """Write `result` to training/zoo/results/NAME.json; the previous file is replaced only by a complete one."""
    RESULTS.mkdir(exist_ok=True)
    partial = RESULTS / f"{name}.json.partial"
    partial.write_text(as_text(round_floats(result)))
    os.replace(partial, RESULTS / f"{name}.json")


def as_text(value):
    """`value` as indented JSON, with each list of numbers on one line."""
    numbers = re.compile(r"\[\s+([-+.\deE,\s]+?)\s+\]")
    return numbers.sub(lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", json.dumps(value, indent=1)) + "\n"


def results():
    """{name: result} of all result files."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}


def names(only, label_set="fer2013"):
    """The recipes in the list `only`, or all if it is empty, of the rows that a data set with `label_set` trains.

    Raises TrainingError for any other name.
    """
    known = [row.recipe for row in rows_of(label_set)]
    missing = [name for name in only if name not in known]
    if missing:
        raise TrainingError(f"{missing[0]!r} is not a row of the table; give one of: {', '.join(known)}")
    return [name for name in known if not only or name in only]


def _file_and_speed(model, images, time_it):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        parity = write_litert(model, images, path)
        content = path.read_bytes()
    measured = {"bytes": len(content), "weights": parity["weights"]}
    return measured | ({"milliseconds": speed(content, model.input.shape[1])} if time_it else {})


def _schedule(recipe, state, faces):
    """How long the run was trained, its changes to the recipe, and its command."""
    saved, current = recipes.completed(json.loads(str(state["recipe"]))), json.loads(recipe.as_json())
    changed = {key: saved[key] for key in current if saved[key] != current[key]}
    training_labels = faces.labels[faces.rows("Training")]
    per_epoch = subset_size(training_labels, saved["subset"]) // saved["batch_size"]
    data = "AFFECTNET" if faces.label_set == "affectnet" else "fer2013.csv.gz"
    settings = "".join(f" --set {key}={value}" for key, value in changed.items())
    return {"epochs": round(int(state["step"]) / max(1, per_epoch), 2), "epochs_of_recipe": recipe.epochs,
            "steps": int(state["step"]), "changed": changed,
            "command": f"python -m training fit {recipe.name} --data {data}{settings}"}


def _logits(model, images):
    return np.asarray(model.predict(np.asarray(images, np.float32)[..., None], batch_size=16, verbose=0))
