"""Which engine runs the networks: `litert` on the CPU, or `keras` on a GPU.

`auto` selects keras if a GPU is usable. TensorFlow is imported only if keras is selected or a GPU is present.
"""

import ctypes
import importlib.util
import os

ENGINES = ("auto", "litert", "keras")


def select(engine):
    """`litert` or `keras` for one of ENGINES. Raises ValueError if it is unknown or Keras is not installed."""
    if engine not in ENGINES:
        raise ValueError(f"`engine` must be one of {', '.join(ENGINES)}, got {engine!r}")
    if engine == "auto":
        return "keras" if has_gpu() and _keras_sees_gpu() else "litert"
    if engine == "keras" and not importlib.util.find_spec("keras"):
        raise ValueError("engine 'keras' requires Keras, which is not installed; install it or use engine 'litert'")
    return engine


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


def keras_backend():
    """The backend for Keras: KERAS_BACKEND if set, otherwise the first one installed, or None."""
    chosen = os.environ.get("KERAS_BACKEND")
    return chosen or next((name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)), None)


def import_tensorflow():
    """TensorFlow, set up to serve: memory of the GPU is taken as needed, and float32 is not rounded to TensorFloat-32.

    Several processes can then share a GPU, and it gives the CPU's answers.
    """
    import tensorflow as tf
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    tf.config.experimental.enable_tensor_float_32_execution(False)
    return tf


def _keras_sees_gpu():
    """True if Keras and its backend are installed and the backend can use the GPU. Imports the backend."""
    backend = keras_backend()
    if not (importlib.util.find_spec("keras") and backend and importlib.util.find_spec(backend)):
        return False
    if backend == "tensorflow":
        return bool(import_tensorflow().config.list_physical_devices("GPU"))
    if backend == "torch":
        import torch
        return torch.cuda.is_available()
    import jax
    return jax.default_backend() == "gpu"
