"""Classify crops with the network of a model bundle: calibrated probabilities, votes, abstention.

Two engines have the same interface: `litert` runs `model.tflite` on the CPU, `keras` runs `model.keras` on
a GPU. `auto` selects keras if a GPU is usable; it does not import TensorFlow on a machine without a GPU.
"""

import ctypes
import hashlib
import importlib.util
import json
import os
import threading
from pathlib import Path

import numpy as np

from .crops import CropSpec

BATCH_SIZES = (1, 2, 4, 8, 16, 32)      # batches are padded to one of these, so each is compiled once
ENGINES = ("auto", "litert", "keras")
VOTES = 10


class ExpressionClassifier:
    """The network of a bundle with its card.

    Attributes: name, version, label_set, labels, raters (number or None), card, crop (CropSpec), engine
    (`litert` or `keras`).
    """

    def __init__(self, card, network, engine):
        self.card, self.engine, self._network = card, engine, network
        self.name, self.version, self.label_set = card["name"], card["version"], card["label_set"]
        self.labels, self.raters, self.crop = tuple(card["labels"]), card.get("raters"), CropSpec.from_card(card)
        self._temperature = card["calibration"]["temperature"]
        self._unsure_below = card["unsure"]["threshold"]

    def logits(self, crops):
        """float32 (n, labels) for crops: uint8 or float (n, size, size), gray 0-255."""
        crops = np.asarray(crops, np.float32)[..., None]
        parts = [crops[start:start + BATCH_SIZES[-1]] for start in range(0, len(crops), BATCH_SIZES[-1])]
        return np.concatenate([self._padded(part) for part in parts] or [np.zeros((0, len(self.labels)), np.float32)])

    def probabilities(self, crops):
        """float32 (n, labels), rows sum to 1: softmax(logits / temperature).

        Temperature scaling: Guo et al. 2017, "On Calibration of Modern Neural Networks".
        """
        logits = self.logits(crops) / self._temperature
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def votes(self, probabilities):
        """{label: votes} of the labels with at least one of VOTES votes; None if the label set has no raters.

        probabilities: (labels,), of one face.
        """
        if not self.raters:
            return None
        votes = largest_remainder(probabilities)
        return {label: int(count) for label, count in zip(self.labels, votes, strict=True) if count}

    def unsure(self, probabilities):
        """True if the largest probability of one face is below the card's threshold."""
        return bool(np.max(probabilities) < self._unsure_below)

    def _padded(self, crops):
        size = next(size for size in BATCH_SIZES if size >= len(crops))
        padding = np.zeros((size - len(crops), *crops.shape[1:]), np.float32)
        return np.asarray(self._network(np.concatenate([crops, padding])), np.float32)[:len(crops)]


def load(bundle, engine="auto", threads=1):
    """The ExpressionClassifier of the folder `bundle` (static/models/NAME).

    engine: one of ENGINES. threads: per run, for litert. Raises ValueError if the engine is unknown or
    unavailable on this machine or a file differs from the SHA-256 in the card, OSError or KeyError if the bundle is
    incomplete.
    """
    if engine not in ENGINES:
        raise ValueError(f"`engine` must be one of {', '.join(ENGINES)}, got {engine!r}")
    bundle = Path(bundle)
    card = json.loads((bundle / "card.json").read_text())
    if engine == "auto":
        engine = "keras" if has_gpu() and _keras_sees_gpu() else "litert"
    if engine == "litert":
        network = _LiteRT(_read_checked(bundle / "model.tflite", card), threads)
    elif not importlib.util.find_spec("keras"):
        raise ValueError("engine 'keras' requires Keras, which is not installed; install it or use engine 'litert'")
    else:
        _read_checked(bundle / "model.keras", card)
        network = _keras(bundle / "model.keras", card["input"])
    return ExpressionClassifier(card, network, engine)


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


def has_gpu():
    """True if the NVIDIA driver reports a device. Queries the driver; imports no framework."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int()
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0


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
    """Logits from LiteRT, with one interpreter per batch size, all of the same `content`, bytes of a .tflite file."""

    def __init__(self, content, threads):
        self._content, self._threads = content, threads
        self._interpreters, self._lock = {}, threading.Lock()

    def __call__(self, crops):
        with self._lock:
            interpreter = self._interpreters.get(len(crops)) or self._allocate(crops.shape)
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], crops)
            interpreter.invoke()
            return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    def _allocate(self, shape):
        from ai_edge_litert.interpreter import Interpreter
        interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
        interpreter.allocate_tensors()
        self._interpreters[shape[0]] = interpreter
        return interpreter


def _keras_backend():
    """The backend for Keras: KERAS_BACKEND if set, otherwise the first one installed, or None."""
    chosen = os.environ.get("KERAS_BACKEND")
    return chosen or next((name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)), None)


def _keras_sees_gpu():
    """True if Keras and its backend are installed and the backend can use the GPU. Imports the backend."""
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


def _keras(path, input_spec):
    """A function from float32 (n, size, size, channels) to logits (n, labels), compiled for each of BATCH_SIZES."""
    os.environ.setdefault("KERAS_BACKEND", _keras_backend() or "tensorflow")
    on_tensorflow = os.environ["KERAS_BACKEND"] == "tensorflow"
    if on_tensorflow:
        import tensorflow as tf
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    import keras
    model = keras.models.load_model(path, compile=False, safe_mode=True)      # no code from the file
    if on_tensorflow:
        compiled = tf.function(lambda crops: model(crops, training=False), reduce_retracing=False)

        def network(crops):
            return compiled(tf.constant(crops)).numpy()
    else:
        network = model.predict_on_batch
    for size in BATCH_SIZES:
        network(np.zeros((size, input_spec["size"], input_spec["size"], input_spec["channels"]), np.float32))
    return network
