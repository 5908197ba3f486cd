"""Train Tan et al.'s MLP with scikit-learn, and measure it like the zoo's other networks."""

import csv
import json
import os
import pickle
import time
import warnings
from pathlib import Path

import numpy as np

from ..fit.interrupts import DeferredInterrupt
from ..networks import tan
from . import compare

COMMAND = "python -m training mlp --data fer2013.csv.gz"
EPOCHS = 200
MODEL, STATE, CURVE = "mlp.pickle", "epochs.json", "curve.csv"
COLUMNS = ("epoch", "pictures_per_second", "loss", "public_fer2013_accuracy", "public_cross_entropy")
#: scikit-learn's own rule: training has converged once the loss falls by less than this for PATIENCE epochs.
TOLERANCE, PATIENCE = 1e-4, 10


def train(tests, epochs, report=print, folder=None, seed=0):
    """Train on Training for at most `epochs`; the result, as of `compare.measure_run`.

    tests: test_set.TestSet. folder: of the run, a Path, which is resumed; None keeps nothing. On SIGINT or SIGTERM it
    completes the epoch and raises KeyboardInterrupt.
    """
    faces = tests.faces
    rows, public = faces.rows("Training"), faces.rows("PublicTest")
    images, labels = _flat(faces.images[rows]), faces.labels[rows]
    model, curve = _resume(folder, seed)
    with DeferredInterrupt() as interrupt:
        while len(curve) < epochs and not converged(curve):
            before = time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")     # of convergence, decided here
                model.partial_fit(images, labels, classes=np.arange(7))
            seconds = time.process_time() - before      # one core's, whatever else the machine does
            log_p = _log_p(model, faces.images[public])
            truth = faces.labels[public]
            curve.append({"epoch": len(curve) + 1, "pictures_per_second": round(len(rows) / max(seconds, 1e-6)),
                          "loss": round(float(model.loss_), 4),
                          "public_fer2013_accuracy": round(float((log_p.argmax(1) == truth).mean()), 4),
                          "public_cross_entropy": round(float(-log_p[np.arange(len(truth)), truth].mean()), 4)})
            if folder is not None:
                _save(folder, model, curve, int(np.ceil(len(rows) / min(200, len(rows)))))
            interrupt.raise_if_requested()
    report(f"{len(curve)} epochs, loss {model.loss_:.4f}")
    sizes = [weights.shape for weights in model.coefs_]
    result = {"recipe": "tan.perceptron", "label_set": "fer2013", "size": 48,
              "parameters": int(sum(weights.size for weights in (*model.coefs_, *model.intercepts_))),
              "multiply_adds": int(sum(np.prod(size) for size in sizes)), "bytes": None,
              "milliseconds": speed(model, faces.images[rows[:max(compare.BATCHES)]]),
              "epochs": len(curve), "epochs_of_recipe": EPOCHS, "converged": converged(curve), "changed": {},
              "command": COMMAND if epochs == EPOCHS else f"{COMMAND} --epochs {len(curve)}",
              "curve": {"epoch": [row["epoch"] for row in curve], "loss": [row["loss"] for row in curve],
                        "public_accuracy": [row["public_fer2013_accuracy"] for row in curve],
                        "public_loss": [row["public_cross_entropy"] for row in curve]}}
    return result | compare.evaluate(lambda images: _log_p(model, images), faces, "fer2013", tests.near_duplicates)


def converged(curve):
    """Whether the loss fell by less than TOLERANCE in each of the last PATIENCE epochs, scikit-learn's rule."""
    best, waited = float("inf"), 0
    for row in curve:
        waited = 0 if row["loss"] < best - TOLERANCE else waited + 1
        best = min(best, row["loss"])
    return waited > PATIENCE


def speed(model, images):
    """Milliseconds per face on one thread: {batch size: of the fastest call}."""
    from threadpoolctl import threadpool_limits
    with threadpool_limits(1):
        return {str(batch): 1000 / batch * compare.timed(lambda batch=batch: model.predict_proba(_flat(images[:batch])))
                for batch in compare.BATCHES}


def _resume(folder, seed):
    """The model and learning curve of the run in `folder`, or new ones."""
    if folder is None or not (folder / MODEL).is_file():
        return tan.mlp(seed), []
    with open(folder / MODEL, "rb") as file:
        model, curve = pickle.load(file)
    return model, curve


def _save(folder, model, curve, steps_per_epoch):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{MODEL}.partial", "wb") as file:
        pickle.dump((model, curve), file)
    os.replace(folder / f"{MODEL}.partial", folder / MODEL)
    (folder / STATE).write_text(json.dumps({"steps": len(curve) * steps_per_epoch}))
    with open(folder / CURVE, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(curve)


def _log_p(model, images):
    return np.log(np.maximum(model.predict_proba(_flat(images)), 1e-12))


def _flat(images):
    return np.asarray(images, np.float32).reshape(len(images), -1) / 255
