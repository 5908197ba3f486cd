"""Predictions and embeddings of the model bundles on every row of a data set."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyarrow import parquet

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


def stored(bundle, samples, models):
    """The predictions in the data-set bundle `bundle` that are still current: {folder of a model: ModelPredictions}.

    Current are those of a network whose file has not changed, on a published CSV with the same MD5. The network whose
    embedding the map shows must run again, because the bundle does not contain embeddings. Probabilities are in
    255ths, as the bundle holds them.
    """
    try:
        summary = json.loads((Path(bundle) / "summary.json").read_text())
        known = {about["name"]: about for about in summary["models"] if about["name"] != summary["map"]["space"]}
        if summary["md5"] != samples.md5 or not samples.md5 or summary["rows"] != len(samples):
            return {}
        names = [f"{name}.{column}" for name in known for column in ("answer", "confidence", "probabilities")]
        table = parquet.read_table(Path(bundle) / "samples.parquet", columns=names)
    except (OSError, ValueError, KeyError):
        return {}
    found = {}
    for folder in models:
        about = known.get(folder.name)
        if about and about["model_sha256"] == _sha256(folder):
            found[folder] = ModelPredictions(_card(folder)[0], _stored_probabilities(table, about), None,
                                             about["model_sha256"], about["curve"])
    return found


def _stored_probabilities(table, about):
    """float32 (n, labels) of the model `about`, an entry of the summary; answer and confidence are exact."""
    name = about["name"]
    probabilities = np.stack(table[f"{name}.probabilities"].to_numpy()).astype(np.float32) / 255
    answer = np.array([about["labels"].index(label) for label in table[f"{name}.answer"].to_pylist()])
    confidence = table[f"{name}.confidence"].to_numpy()
    probabilities = np.minimum(probabilities, confidence[:, None] - 1e-6)     # rounding could let another label win
    probabilities[np.arange(len(answer)), answer] = confidence
    return probabilities


def predict(folder, images, runs=None):
    """The ModelPredictions of the bundle in `folder` on `images`, uint8 (n, 48, 48).

    runs: folder of training runs, searched for the learning curve. Raises TrainingError for an
    invalid bundle.
    """
    import keras

    folder = Path(folder)
    card, size, temperature, labels = _card(folder)
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
    return ModelPredictions(card, probabilities, embedding, _sha256(folder), _curve(folder, card, runs))


def _card(folder):
    """(card, input size, temperature, labels) of the bundle in `folder`."""
    try:
        card = json.loads((folder / "card.json").read_text())
        return card, card["input"]["size"], card["calibration"]["temperature"], card["labels"]
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"{folder}: invalid card ({error!r}); export the bundle again") from None


def _sha256(folder):
    return hashlib.sha256((folder / "model.keras").read_bytes()).hexdigest()


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
