"""Measure the zoo's runs and the bundles, one result file each, and put them into one table.

A result, `training/zoo/results/NAME.json`, is what a run's network gave on FER2013's two test splits,
with the command that trained it. Nothing here chooses anything by PrivateTest.
"""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import recipes
from ..data.labels import LABEL_SETS, translate
from ..data.preprocessing import prepared
from ..errors import TrainingError
from ..evaluate import metrics
from .published import ROWS

RESULTS = Path(__file__).parent / "results"
SPLITS = ("PublicTest", "PrivateTest")
BATCHES = (1, 32)
SECONDS = 2.0           # at least, that a batch size is timed for
PARITY_PICTURES = 64


def measure_run(recipe_name, folder, tests, few=None):
    """The result of the run in `folder`, or of the untrained network where there is no run: a dict, JSON as it stands.

    tests: testset.TestSet. few: judge on so many pictures of each split only, for networks that take hours.
    """
    from ..export.bundle import multiply_adds, one_head
    from ..networks.build import build, read_checkpoint, trained
    recipe = recipes.load(recipe_name)
    state = read_checkpoint(folder / "checkpoint.npz") if (folder / "checkpoint.npz").exists() else None
    label_set = next(iter(recipe.label_sets))
    model = one_head(trained(recipe, folder) if state else build(replace(recipe, precision="float32")), label_set)
    faces = prepared(tests.faces, recipe.preparation)
    result = {"recipe": recipe_name, "label_set": label_set, "size": model.input.shape[1],
              "parameters": model.count_params(), "multiply_adds": multiply_adds(model)}
    result |= _file_and_speed(model, faces.images[faces.rows("PublicTest")[:PARITY_PICTURES if few is None else 4]])
    if state:
        result |= _schedule(recipe, state, len(faces.rows("Training")))
        result |= judge(lambda images: _logits(model, images), faces, label_set, tests.twins, few)
    return result


def judge(run, faces, label_set, twins, few=None):
    """Figures of `run`, uint8 (n, h, w) -> logits (n, labels), on both test splits.

    twins: bool (rows,), those left out of `without_twins`. few: as `measure_run`.
    """
    figures = {}
    for split in SPLITS:
        rows = faces.rows(split)
        if few is not None:
            rows = rows[np.linspace(0, len(rows) - 1, min(few, len(rows))).astype(int)]
        truth = translate(faces.labels[rows], faces.label_set, label_set)
        log_p = metrics.log_softmax(np.concatenate([run(faces.images[rows[at:at + 256]])
                                                    for at in range(0, len(rows), 256)]))
        right = log_p.argmax(1) == truth
        recall = metrics.per_class(metrics.confusion(truth, log_p.argmax(1), len(LABEL_SETS[label_set])))[1]
        there = np.flatnonzero(np.bincount(truth, minlength=len(recall)))
        worst = there[recall[there].argmin()]
        figures[split] = {
            "faces": len(rows), "accuracy": float(right.mean()), "without_twins": float(right[~twins[rows]].mean()),
            "worst_class": {"label": LABEL_SETS[label_set][worst], "recall": float(recall[worst])},
            "expected_calibration_error": metrics.calibration_error(np.exp(log_p.max(1)), right)[0]}
    return figures


def speed(content, size):
    """Milliseconds a face of a LiteRT file's bytes on one thread: {batch: the fastest call's}."""
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_content=content, num_threads=1)
    entry = interpreter.get_input_details()[0]["index"]
    taken = {}
    for batch in BATCHES:
        interpreter.resize_tensor_input(entry, (batch, size, size, 1))
        interpreter.allocate_tensors()
        interpreter.set_tensor(entry, np.full((batch, size, size, 1), 100, np.float32))
        interpreter.invoke()
        taken[str(batch)] = 1000 * timed(interpreter.invoke) / batch
    return taken


def timed(function):
    """Seconds of the fastest call, of at least five calls and SECONDS: what a busy machine disturbs least."""
    times, begun = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begun < SECONDS:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def bundle_result(folder):
    """The result of a model bundle that answers FER2013's labels, from its card; None for another one."""
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
        if card["figures"].get(split):      # PrivateTest is judged at a release only
            figures = card["figures"][split]
            worst = min(figures["per_class"], key=lambda one: one["recall"])
            result[split] = {
                "faces": figures["faces"], "accuracy": figures["as_published"]["accuracy"]["value"],
                "without_twins": figures["without_twins"]["accuracy"]["value"],
                "worst_class": {"label": worst["label"], "recall": worst["recall"]},
                "expected_calibration_error": figures["expected_calibration_error"]}
    return result


def write(name, result):
    """Keep `result` in training/zoo/results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(_rounded(result), indent=1) + "\n")


def results():
    """{name: result} of all that was kept."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}


def names(only):
    """The table's recipes that `only`, a list of names, leaves; all where it is empty. Raises TrainingError."""
    known = [row.recipe for row in ROWS]
    missing = [name for name in only if name not in known]
    if missing:
        raise TrainingError(f"{missing[0]!r} is no row of the table; there are: {', '.join(known)}")
    return [name for name in known if not only or name in only]


def _file_and_speed(model, pictures):
    import tempfile

    from ..export.bundle import write_litert
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        parity = write_litert(model, pictures, path)
        content = path.read_bytes()
    return {"bytes": len(content), "weights": parity["weights"],
            "milliseconds": speed(content, model.input.shape[1])}


def _schedule(recipe, state, training_rows):
    """How long the run was trained, what it changed of its recipe, and the command that does it."""
    theirs, ours = recipes.completed(json.loads(str(state["recipe"]))), json.loads(recipe.as_json())
    changed = {key: theirs[key] for key in ours if theirs[key] != ours[key]}
    per_epoch = int(training_rows * theirs["subset"]) // theirs["batch"]
    settings = "".join(f" --set {key}={value}" for key, value in changed.items())
    return {"epochs": round(int(state["step"]) / max(1, per_epoch), 2), "epochs_of_recipe": recipe.epochs,
            "steps": int(state["step"]), "changed": changed,
            "command": f"python -m training fit {recipe.name} --data fer2013.csv.gz{settings}"}


def _logits(model, images):
    return np.asarray(model.predict(np.asarray(images, np.float32)[..., None], batch_size=16, verbose=0))


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return float(f"{value:.5g}") if isinstance(value, float) else value
