"""The face detector's network at fixed input sizes, on the CPU or on a GPU.

`load` returns {(width, height): network}. Every network has `run(pixels)`, which may be called from many threads at
once: float32 (1, H, W, 3) in -1..1 to (values float32 (cells, 16), logits float32 (cells,)). A network on the GPU runs
the inputs of all threads that wait in one batch. `warm_up()` makes the first run as fast as the next ones; `guard` is a
gpu_memory.MemoryGuard, or None on the CPU.
"""

import logging
from pathlib import Path

import numpy as np

from . import engines, graph_model
from .batching import BATCH_SIZES, Batcher, padded
from .gpu_memory import MemoryGuard
from .interpreters import InterpreterPool

log = logging.getLogger(__name__)


class DetectorMissingError(Exception):
    """The face detector's files are missing; the message says what to run."""


def load(folder, sizes, engine="litert", threads=1):
    """{(width, height): network} for the `sizes`.

    folder: static/detector. engine: `litert` or `keras`. threads: per run, for litert. Raises DetectorMissingError.
    """
    networks = {size: LiteRTNetwork(folder / "full_range_{}x{}.tflite".format(*size), threads) for size in sizes}
    if engine == "litert":
        return networks
    if engines.keras_backend() != "tensorflow":
        log.warning("the face detector runs on the CPU: on a GPU it requires TensorFlow, and Keras's backend is %s",
                    engines.keras_backend())
        return networks
    try:
        run = _compile(folder / "tfjs")
    except (OSError, KeyError) as error:
        raise DetectorMissingError(f"{folder}: face detector files missing ({error}); run `make detector`") from error
    return {size: BatchedNetwork(size, run, network) for size, network in networks.items()}


class LiteRTNetwork:
    """The network for one input size."""

    guard = None

    def __init__(self, path: Path, threads: int):
        if not path.is_file():
            raise DetectorMissingError(f"{path}: face detector file missing; run `make detector`")
        self._interpreters = InterpreterPool(threads, model_path=str(path))

    def run(self, pixels):
        """See the module docstring."""
        values, logits = sorted(self._interpreters.run(pixels), key=lambda output: -output.shape[-1])
        return values[0], logits[0, :, 0]

    def warm_up(self):
        """Create an interpreter."""
        self._interpreters.warm_up()


class BatchedNetwork:
    """The network for one input size on the GPU."""

    def __init__(self, size, run, cpu):
        """run: from `_compile`. cpu: the LiteRTNetwork that runs when the GPU's memory is exhausted."""
        self._size = size
        self.guard = MemoryGuard("the face detector at {} x {} px".format(*size),
                                 lambda rows: run(padded(rows))[:len(rows)], lambda rows: _run_each(cpu, rows))
        self._batcher = Batcher(self.guard)

    def run(self, pixels):
        """See the module docstring. Raises batching.OverloadedError."""
        outputs, _ = self._batcher.submit(pixels)
        return outputs[0, :, :-1], np.ascontiguousarray(outputs[0, :, -1])

    def warm_up(self):
        """Run each batch size once: the first run of a shape chooses the algorithms."""
        width, height = self._size
        for batch in BATCH_SIZES:
            self._batcher.submit(np.zeros((batch, height, width, 3), np.float32))


def _compile(folder):
    """A function from float32 (n, H, W, 3) to float32 (n, cells, 17), the values and the logit of each cell.

    One graph serves every size, so that nothing is traced again, and one array comes back, in one copy.
    """
    network = graph_model.load(folder)
    tf = engines.import_tensorflow()

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)], autograph=False)
    def run(pixels):
        outputs = network(pixels)
        return tf.concat([outputs["boxes"], outputs["scores"]], axis=-1)

    return lambda pixels: run(tf.constant(pixels)).numpy()


def _run_each(network, rows):
    return np.stack([np.column_stack(network.run(row[None])) for row in rows])
