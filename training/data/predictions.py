"""Predictions and embeddings of the model bundles on every row of a data set."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import TrainingError
from .arrays import chunks


@dataclass(frozen=True)
class ModelPredictions:
    """One model's predictions.

    card: dict. probabilities: float32 (n, labels), calibrated. embedding: float32 (n, d) or None. sha256: of
    model.keras. curve: the learning curve, a list of dicts.
    """

    card: dict
    probabilities: np.ndarray
    embedding: np.ndarray | None
    sha256: str
    curve: list


def model_folders(folder):
    """The folders under `folder` that contain a card and a network, sorted by name."""
    return sorted(path.parent for path in Path(folder).glob("*/card.json") if (path.parent / "model.keras").is_file())


def predict(folder, images, runs=None):
    """The ModelPredictions of the bundle in `folder` on `images`, uint8 (n, 48, 48).

    runs: folder of training runs, searched for the learning curve. Raises TrainingError for an
    invalid bundle.
    """
    import keras

    folder = Path(folder)
    try:
        card = json.loads((folder / "card.json").read_text())
        size, temperature, labels = card["input"]["size"], card["calibration"]["temperature"], card["labels"]
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"{folder}: invalid card ({error!r}); export the bundle again") from None
    if images.shape[1:] != (size, size):
        raise TrainingError(f"{folder}: images must be {size}x{size}, got {images.shape[2]}x{images.shape[1]}; "
                            "choose another bundle with --only")
    model = keras.models.load_model(folder / "model.keras", compile=False)
    inner = [layer.output for layer in model.layers if layer.name == "embedding"]
    network = keras.Model(model.inputs, [model.outputs[0], *inner])
    logits = np.empty((len(images), len(labels)), np.float32)
    embedding = np.empty((len(images), inner[0].shape[-1]), np.float32) if inner else None
    for part in chunks(len(images), 1024):
        output = network.predict(images[part].astype(np.float32)[..., None], batch_size=256, verbose=0)
        output = output if isinstance(output, list) else [output]
        logits[part] = output[0]
        if inner:
            embedding[part] = output[1]
    logits /= temperature
    probabilities = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    digest = hashlib.sha256((folder / "model.keras").read_bytes()).hexdigest()
    return ModelPredictions(card, probabilities, embedding, digest, _curve(folder, card, runs))


def _curve(folder, card, runs):
    """The rows of curve.csv, in the bundle or in the run that the card names; [] if there is none."""
    import csv

    recipe = card.get("training", {}).get("recipe", "")
    for path in (folder / "curve.csv", *([Path(runs) / recipe / "curve.csv"] if runs and recipe else [])):
        if path.is_file():
            with open(path, newline="") as file:
                return [{name: float(value) for name, value in row.items() if value not in ("", None)}
                        for row in csv.DictReader(file)]
    return []
