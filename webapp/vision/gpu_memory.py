"""What happens when the GPU's memory is exhausted: smaller batches, then the CPU."""

import logging
import threading
import time

import numpy as np

from .batching import MAX_BATCH

RETRY_SECONDS = 60      # after this long without an error, whole batches are tried again
# Parts of the messages with which TensorFlow, cuDNN, PyTorch and JAX report that they could not allocate memory.
_MESSAGES = ("out of memory", "out_of_memory", "resource_exhausted", "alloc_failed", "failed to allocate",
             "no algorithm worked")
log = logging.getLogger(__name__)


def is_out_of_memory(error):
    """Whether an error of a framework says that memory of the GPU is exhausted. Imports no framework."""
    text = str(error).lower()
    return type(error).__name__ == "ResourceExhaustedError" or any(message in text for message in _MESSAGES)


class MemoryGuard:
    """Runs batches on the GPU: halved as often as its memory requires, and on the CPU when one row is too much.

    Attributes: limit, the rows that are run at once, 0 when the CPU runs them; errors, the number of exhaustions.
    """

    def __init__(self, name, run, run_on_cpu, max_batch=MAX_BATCH, clock=time.monotonic):
        """name: of the network, for the log. run, run_on_cpu: functions from an (n, ...) array to an (n, ...) array."""
        self.name, self.limit, self.errors = name, max_batch, 0
        self._run, self._run_on_cpu, self._max_batch, self._clock = run, run_on_cpu, max_batch, clock
        self._retry_at, self._lock = 0.0, threading.Lock()

    def __call__(self, rows):
        """The outputs (n, ...) for `rows` (n, ...), n >= 1. Raises whatever `run` raises for other reasons."""
        self._restore()
        parts, first = [], 0
        while first < len(rows):
            part = rows[first:first + (self.limit or len(rows))]
            output = self._try(part)
            if output is not None:
                parts.append(output)
                first += len(part)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _try(self, rows):
        """The outputs, or None if the GPU's memory is exhausted: the limit is then lower."""
        if not self.limit:
            return self._run_on_cpu(rows)
        try:
            return self._run(rows)
        except Exception as error:      # each framework has its own
            if not is_out_of_memory(error):
                raise
            self._shrink(len(rows))
            return None

    def _shrink(self, failed):
        with self._lock:
            self.errors += 1
            self.limit = min(self.limit, failed // 2)
            self._retry_at = self._clock() + RETRY_SECONDS
            where = f"in batches of {self.limit}" if self.limit else "on the CPU"
            log.warning("the GPU's memory is exhausted by a batch of %d: for %d s %s runs %s", failed, RETRY_SECONDS,
                        self.name, where)

    def _restore(self):
        with self._lock:
            if self.limit < self._max_batch and self._clock() >= self._retry_at:
                self.limit = self._max_batch
