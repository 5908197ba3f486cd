"""Classify crops with the network of a model bundle: calibrated probabilities, votes, abstention.

Two engines have the same interface (engines.py): `litert` runs `model.tflite` on the CPU, `keras` runs `model.keras`
on a GPU.
"""

import functools
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from . import engines
from .batching import BATCH_SIZES, MAX_BATCH, padded
from .crops import CropSpec
from .gpu_memory import MemoryGuard
from .interpreters import InterpreterPool

VOTES = 10


class ExpressionClassifier:
    """The network of a bundle with its card.

    Attributes: name, version, label_set, labels, raters (number or None), card, crop (CropSpec), engine
    (`litert` or `keras`), guard (gpu_memory.MemoryGuard, or None on the CPU).
    """

    def __init__(self, card, network, engine):
        self.card, self.engine, self._network = card, engine, network
        self.guard = network if isinstance(network, MemoryGuard) else None
        self.name, self.version, self.label_set = card["name"], card["version"], card["label_set"]
        self.labels, self.raters, self.crop = tuple(card["labels"]), card.get("raters"), CropSpec.from_card(card)
        self._temperature = card["calibration"]["temperature"]
        self._unsure_below = card["unsure"]["threshold"]
        self._unlike_above = card["unlike"]["threshold"] if "unlike" in card else None
        balanced = card.get("balanced")
        self._balance = np.exp(np.asarray(balanced["offsets"], np.float64)) if balanced else None

    def logits(self, crops):
        """float32 (n, labels) for crops: uint8 or float (n, size, size), gray 0-255."""
        return self._outputs(crops)[:, :len(self.labels)]

    def probabilities(self, crops):
        """float32 (n, labels), rows sum to 1: softmax(logits / temperature).

        Temperature scaling: Guo et al. 2017, "On Calibration of Modern Neural Networks".
        """
        return self.predictions(crops)[:, :len(self.labels)]

    def predictions(self, crops):
        """float32 (n, labels + 1): the probabilities, then the distance to the training data, nan without one."""
        outputs, count = self._outputs(crops), len(self.labels)
        logits = outputs[:, :count] / self._temperature
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.concatenate([powers / powers.sum(axis=1, keepdims=True), outputs[:, count:]], axis=1)

    def votes(self, probabilities):
        """{label: votes} of the labels with at least one of VOTES votes; None if the label set has no raters.

        probabilities: (labels,), of one face.
        """
        if not self.raters:
            return None
        votes = largest_remainder(probabilities)
        return {label: int(count) for label, count in zip(self.labels, votes, strict=True) if count}

    def balanced(self, probabilities):
        """The balanced prediction of one face: float64 (labels,), sum 1; None if the card has no offsets for it.

        probabilities: (labels,), of `probabilities`. Part of the training data's prior is removed: "logit adjustment",
        Menon et al. 2021, with the card's `balanced` offsets added to the log-probabilities. They are not votes.
        """
        if self._balance is None:
            return None
        adjusted = np.asarray(probabilities, np.float64) * self._balance
        return adjusted / adjusted.sum()

    def unsure(self, probabilities):
        """True if the largest probability of one face is below the card's threshold."""
        return bool(np.max(probabilities) < self._unsure_below)

    def unlike(self, distance):
        """True if the distance of one face is above the card's threshold; None if the bundle has no distance."""
        return None if self._unlike_above is None else bool(distance > self._unlike_above)

    def _outputs(self, crops):
        """float32 (n, labels + 1): the logits, then the distance, nan without one."""
        crops = np.asarray(crops, np.float32)[..., None]
        outputs = np.full((len(crops), len(self.labels) + 1), np.nan, np.float32)
        for start in range(0, len(crops), MAX_BATCH):
            part = crops[start:start + MAX_BATCH]
            found = self._network(part)
            outputs[start:start + len(part), :found.shape[1]] = found
        return outputs


def load(bundle, engine="auto", threads=1, card=None):
    """The ExpressionClassifier of the folder `bundle` (static/models/NAME).

    engine: one of engines.ENGINES. threads: per run, for litert. card: the bundle's, if it has been read; files that
    differ from it are not loaded. Raises ValueError if the engine is unknown or unavailable on this machine or a file
    differs from the SHA-256 in the card, OSError or KeyError if the bundle is incomplete.
    """
    engine, bundle = engines.select(engine), Path(bundle)
    card = card or json.loads((bundle / "card.json").read_text())

    @functools.cache
    def litert():
        return _LiteRT(_read_checked(bundle / "model.tflite", card), threads)

    if engine == "litert":
        return ExpressionClassifier(card, litert(), engine)
    guard = MemoryGuard(f"the network {card['name']}", _keras(bundle, card), lambda crops: litert()(crops))
    return ExpressionClassifier(card, guard, engine)


def largest_remainder(probabilities, total=VOTES):
    """Round probabilities to integer votes: int64 (labels,), summing to `total` (Hamilton's method).

    A label's quota is its probability times `total`. It receives the integer part; the remaining votes go
    to the largest fractional parts, with ties broken by higher probability, then by label order. Quotas
    are rounded to six decimals, so that floating-point noise breaks no tie.
    """
    quotas = np.asarray(probabilities, np.float64)
    quotas = np.round(quotas / quotas.sum() * total, 6)
    votes = np.floor(quotas).astype(np.int64)
    fractions = np.round(quotas - votes, 6)
    order = np.lexsort((np.arange(len(quotas)), -quotas, -fractions))
    votes[order[:max(0, total - votes.sum())]] += 1
    return votes


def _read_checked(path, card):
    """The bytes of a bundle's file. Raises ValueError if they differ from the SHA-256 in the card."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: the bundle has no such file")
    content = path.read_bytes()
    listed = card.get("files", {}).get(path.name)
    if listed and hashlib.sha256(content).hexdigest() != listed["sha256"]:
        raise ValueError(f"{path}: the file differs from the SHA-256 in card.json; download it again")
    return content


class _LiteRT:
    """The outputs from LiteRT, side by side, row by row: on a CPU, a batch costs as much as its rows.

    content: bytes of a .tflite file. threads: per run.
    """

    def __init__(self, content, threads):
        self._interpreters = InterpreterPool(threads, model_content=content)

    def __call__(self, crops):
        return np.concatenate([_side_by_side(self._interpreters.run(crops[row:row + 1])) for row in range(len(crops))])


def _keras(bundle, card):
    """A function from float32 (n, size, size, channels) to the outputs, side by side, compiled for each BATCH_SIZES."""
    os.environ.setdefault("KERAS_BACKEND", engines.keras_backend() or "tensorflow")
    on_tensorflow = os.environ["KERAS_BACKEND"] == "tensorflow"
    if on_tensorflow:
        tf = engines.import_tensorflow()
    from .keras_networks import load_network
    input_spec, model = card["input"], load_network(bundle, card, functools.partial(_read_checked, card=card))
    if on_tensorflow:
        compiled = tf.function(lambda crops: model(crops, training=False), reduce_retracing=False)

        def network(crops):
            return _side_by_side(compiled(tf.constant(crops)))
    else:
        def network(crops):
            return _side_by_side(model.predict_on_batch(crops))
    for size in BATCH_SIZES:
        network(np.zeros((size, input_spec["size"], input_spec["size"], input_spec["channels"]), np.float32))
    return lambda crops: network(padded(crops))[:len(crops)]


def _side_by_side(outputs):
    """float32 (n, labels) or (n, labels + 1) of a network's output or list of outputs: logits, then the distance."""
    return np.concatenate(outputs, axis=1) if isinstance(outputs, (list, tuple)) else np.asarray(outputs)
