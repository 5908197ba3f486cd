"""The Keras backend of this machine, and whether it has a GPU."""

import importlib.util
import os

#: In the order of preference.
BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}


def choose_backend():
    """Set KERAS_BACKEND to an installed backend where TensorFlow, Keras's default, is not installed.

    A value of the user's is kept. Call it before Keras is imported.
    """
    if os.environ.get("KERAS_BACKEND"):
        return
    installed = [name for name, package in BACKENDS.items() if has_package(package)]
    if installed and installed[0] != "tensorflow":
        os.environ["KERAS_BACKEND"] = installed[0]


def has_package(name):
    """Whether the top-level package `name` is installed."""
    return importlib.util.find_spec(name) is not None


def device():
    """The backend and the device it computes on, for example "tensorflow gpu" or "tensorflow cpu, 2 cores"."""
    import keras
    if has_gpu():
        return f"{keras.backend.backend()} gpu"
    return f"{keras.backend.backend()} cpu, {threads()} core{'' if threads() == 1 else 's'}"


def threads():
    """The cores that training uses: TF_NUM_INTRAOP_THREADS where it is set, else all of the machine."""
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS") or os.cpu_count())


def has_gpu():
    """Whether Keras's backend computes on a GPU."""
    import keras
    return _DETECTORS[keras.backend.backend()]()


def _tensorflow_gpu():
    import tensorflow as tf
    return bool(tf.config.list_physical_devices("GPU"))


def _jax_gpu():
    import jax
    return jax.default_backend() in ("gpu", "cuda", "rocm")


def _torch_gpu():
    import torch
    return torch.cuda.is_available()


_DETECTORS = {"tensorflow": _tensorflow_gpu, "jax": _jax_gpu, "torch": _torch_gpu}
