"""Crops to calibrated probabilities and votes, by the network of a model bundle.

Two engines, one interface: `litert` runs `model.tflite` on the CPU, `keras` runs `model.keras` on a
GPU. `auto` takes keras where a GPU can be used, and finds that out without importing TensorFlow on
a machine that has no GPU.
"""

import ctypes
import importlib.util
import json
import os
import threading
from pathlib import Path

import numpy as np

from .crops import CropSpec

BATCHES = (1, 2, 4, 8, 16, 32)      # a network runs at these batch sizes only, so each is prepared once
ENGINES = ("auto", "litert", "keras")
RATERS = 10


class Expressions:
    """A bundle's network with its card. Attributes: name, version, label_set, labels, raters (number
    or None), card, crop (a CropSpec), engine (`litert` or `keras`)."""

    def __init__(self, card, network, engine):
        self.card, self.engine, self._network = card, engine, network
        self.name, self.version, self.label_set = card["name"], card["version"], card["label_set"]
        self.labels, self.raters, self.crop = tuple(card["labels"]), card.get("raters"), CropSpec.from_card(card)
        self._temperature = card["calibration"]["temperature"]
        self._unsure_below = card["unsure"]["threshold"]

    def logits(self, crops):
        """float32 (n, labels) for crops: uint8 or float (n, size, size), grey 0-255."""
        crops = np.asarray(crops, np.float32)[..., None]
        parts = [crops[start:start + BATCHES[-1]] for start in range(0, len(crops), BATCHES[-1])]
        return np.concatenate([self._padded(part) for part in parts] or [np.zeros((0, len(self.labels)), np.float32)])

    def probabilities(self, crops):
        """float32 (n, labels), rows sum to 1: softmax(logits / temperature), calibrated on the card's split
        (Guo et al. 2017, "On Calibration of Modern Neural Networks")."""
        logits = self.logits(crops) / self._temperature
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def votes(self, probabilities):
        """{label: votes}, of ten people, those with at least one vote; None where no raters judged the label set.

        probabilities: (labels,), one face's.
        """
        if not self.raters:
            return None
        seats = largest_remainder(probabilities, RATERS)
        return {label: int(count) for label, count in zip(self.labels, seats, strict=True) if count}

    def unsure(self, probabilities):
        """True where the largest of one face's probabilities is below the card's threshold."""
        return bool(np.max(probabilities) < self._unsure_below)

    def _padded(self, crops):
        size = next(size for size in BATCHES if size >= len(crops))
        padding = np.zeros((size - len(crops), *crops.shape[1:]), np.float32)
        return np.asarray(self._network(np.concatenate([crops, padding])), np.float32)[:len(crops)]


def load(bundle, engine="auto", threads=1):
    """The Expressions of the folder `bundle` (static/models/NAME).

    engine: one of ENGINES. threads: of one run, for litert. Raises ValueError for an unknown engine or
    one that this machine cannot run, OSError and KeyError for a bundle that is not whole.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r}: one of {', '.join(ENGINES)} is meant")
    bundle = Path(bundle)
    card = json.loads((bundle / "card.json").read_text())
    if engine == "auto":
        engine = "keras" if has_gpu() and _keras_sees_gpu() else "litert"
    if engine == "litert":
        network = _LiteRT(bundle / "model.tflite", threads)
    elif not importlib.util.find_spec("keras"):
        raise ValueError("engine 'keras' needs Keras, which is not installed here; use engine 'litert'")
    else:
        network = _keras(bundle / "model.keras", card["input"])
    return Expressions(card, network, engine)


def largest_remainder(probabilities, seats=RATERS):
    """int64 (labels,), summing to `seats`: whole votes nearest to the probabilities (Hamilton's method).

    Shares are `probability * seats` over the sum, rounded to six decimals so that float noise decides
    nothing; each gets its whole part, what is left goes to the largest fractions, of equal ones to the
    more probable, then to the earlier label.
    """
    shares = np.asarray(probabilities, np.float64)
    shares = np.round(shares / shares.sum() * seats, 6)
    votes = np.floor(shares).astype(np.int64)
    fractions = np.round(shares - votes, 6)
    order = np.lexsort((np.arange(len(shares)), -shares, -fractions))
    votes[order[:max(0, seats - votes.sum())]] += 1
    return votes


def has_gpu():
    """True when an NVIDIA driver is here and shows a device; asks the driver, imports no framework."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int()
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0


class _LiteRT:
    """Logits by LiteRT, one prepared interpreter a batch size."""

    def __init__(self, path, threads):
        if not path.is_file():
            raise FileNotFoundError(f"{path}: the bundle's LiteRT file is missing")
        self._path, self._threads = str(path), threads
        self._interpreters, self._lock = {}, threading.Lock()

    def __call__(self, crops):
        with self._lock:
            interpreter = self._interpreters.get(len(crops)) or self._prepare(crops.shape)
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], crops)
            interpreter.invoke()
            return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    def _prepare(self, shape):
        from ai_edge_litert.interpreter import Interpreter
        interpreter = Interpreter(model_path=self._path, num_threads=self._threads)
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
        interpreter.allocate_tensors()
        self._interpreters[shape[0]] = interpreter
        return interpreter


def _keras_backend():
    """The framework Keras shall run on: the user's choice, else the first that is installed."""
    chosen = os.environ.get("KERAS_BACKEND")
    return chosen or next((name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)), None)


def _keras_sees_gpu():
    """True when Keras and its framework are installed and the framework can use the GPU; imports it."""
    backend = _keras_backend()
    if not (importlib.util.find_spec("keras") and backend and importlib.util.find_spec(backend)):
        return False
    if backend == "tensorflow":
        import tensorflow as tf
        return bool(tf.config.list_physical_devices("GPU"))
    if backend == "torch":
        import torch
        return torch.cuda.is_available()
    import jax
    return jax.default_backend() == "gpu"


def _keras(path, entry):
    """Logits by Keras: float32 (n, size, size, channels) to (n, labels), compiled for each of BATCHES."""
    os.environ.setdefault("KERAS_BACKEND", _keras_backend() or "tensorflow")
    on_tensorflow = os.environ["KERAS_BACKEND"] == "tensorflow"
    if on_tensorflow:
        import tensorflow as tf
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    import keras
    model = keras.models.load_model(path, compile=False)
    if on_tensorflow:
        compiled = tf.function(lambda crops: model(crops, training=False), reduce_retracing=False)

        def network(crops):
            return compiled(tf.constant(crops)).numpy()
    else:
        network = model.predict_on_batch
    for size in BATCHES:
        network(np.zeros((size, entry["size"], entry["size"], entry["channels"]), np.float32))
    return network
