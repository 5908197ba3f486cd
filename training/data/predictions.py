"""What the model bundles answer on every row of a data set, and where they see it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import TrainingError
from .chunks import chunks


@dataclass(frozen=True)
class Answers:
    """A model's answers. probabilities: float32 (n, labels), calibrated; embedding: float32 (n, d) or None."""

    card: dict
    probabilities: np.ndarray
    embedding: np.ndarray | None
    sha256: str
    curve: list


def model_folders(folder):
    """The folders under `folder` that hold a card and a network, by name."""
    return sorted(path.parent for path in Path(folder).glob("*/card.json") if (path.parent / "model.keras").is_file())


def answers(folder, images, runs=None):
    """The Answers of the bundle in `folder` on `images`, uint8 (n, 48, 48).

    runs: folder of training runs, where the learning curve is looked for. Raises TrainingError
    for a bundle that cannot be used.
    """
    import keras

    folder = Path(folder)
    try:
        card = json.loads((folder / "card.json").read_text())
        size, temperature, labels = card["input"]["size"], card["calibration"]["temperature"], card["labels"]
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"{folder}: its card cannot be used ({error!r}); export the bundle again") from None
    if images.shape[1:] != (size, size):
        raise TrainingError(f"{folder}: takes pictures of {size}x{size}, not {images.shape[2]}x{images.shape[1]}")
    model = keras.models.load_model(folder / "model.keras", compile=False)
    inner = [layer.output for layer in model.layers if layer.name == "embedding"]
    network = keras.Model(model.inputs, [model.outputs[0], *inner])
    logits = np.empty((len(images), len(labels)), np.float32)
    embedding = np.empty((len(images), inner[0].shape[-1]), np.float32) if inner else None
    for part in chunks(len(images), 1024):
        found = network.predict(images[part].astype(np.float32)[..., None], batch_size=256, verbose=0)
        found = found if isinstance(found, list) else [found]
        logits[part] = found[0]
        if inner:
            embedding[part] = found[1]
    logits /= temperature
    probabilities = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    digest = hashlib.sha256((folder / "model.keras").read_bytes()).hexdigest()
    return Answers(card, probabilities, embedding, digest, _curve(folder, card, runs))


def _curve(folder, card, runs):
    """The rows of the run's curve.csv, beside the card or in the run that the card names; [] where there is none."""
    import csv

    recipe = card.get("training", {}).get("recipe", "")
    for path in (folder / "curve.csv", *([Path(runs) / recipe / "curve.csv"] if runs and recipe else [])):
        if path.is_file():
            with open(path, newline="") as file:
                return [{name: float(value) for name, value in row.items() if value not in ("", None)}
                        for row in csv.DictReader(file)]
    return []
