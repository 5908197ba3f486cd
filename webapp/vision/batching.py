"""Micro-batching on a GPU: many threads submit rows, and one thread runs the network on all rows that are waiting.

A request never waits for a batch to fill. Requests that arrive while the network runs form the next
batch. A single client therefore sees no extra delay, and many clients share the cost of a run. On a CPU a batch costs
as much as its rows, so each thread runs its own (Unbatched).
"""

import queue
import threading
import time
from concurrent.futures import Future

import numpy as np

BATCH_SIZES = (1, 2, 4, 8, 16, 32)      # batches are padded to one of these, so each is compiled once
MAX_BATCH = BATCH_SIZES[-1]
MAX_WAITING = 256       # requests in the queue


class OverloadedError(Exception):
    """The queue of waiting requests is full."""


def padded(rows):
    """`rows`, (n, ...), n <= MAX_BATCH, followed by zeros up to the next of BATCH_SIZES; not copied if n is one."""
    size = next(size for size in BATCH_SIZES if size >= len(rows))
    if size == len(rows):
        return rows
    return np.concatenate([rows, np.zeros((size - len(rows), *rows.shape[1:]), rows.dtype)])


class Unbatched:
    """As Batcher, but every caller runs `function` on its own rows, in its own thread."""

    def __init__(self, function):
        self._function = function

    def submit(self, rows):
        """As Batcher.submit."""
        started = time.perf_counter()
        outputs = self._function(np.asarray(rows))
        return outputs, {"wait": 0.0, "network": (time.perf_counter() - started) * 1000}

    def close(self):
        """As Batcher.close: nothing waits here."""


class Batcher:
    """Runs `function`, from an (n, ...) array to an (n, ...) array, in a thread of its own for many callers."""

    def __init__(self, function, max_batch=MAX_BATCH, max_waiting=MAX_WAITING):
        self._function, self._max_batch = function, max_batch
        self._waiting: queue.Queue[tuple[np.ndarray, Future, float] | None] = queue.Queue(max_waiting)
        self._deferred, self._closed = None, False
        self._start, self._thread = threading.Lock(), None

    def submit(self, rows):
        """Returns (outputs (n, ...), milliseconds {"wait", "network"}) for `rows` (n, ...), n >= 1.

        Raises OverloadedError if the queue is full, and whatever `function` raises on the batch.
        """
        request = np.asarray(rows), Future[tuple[np.ndarray, dict[str, float]]](), time.perf_counter()
        with self._start:
            closed = self._closed
            if not closed:
                self._ensure_thread()
                try:
                    self._waiting.put_nowait(request)
                except queue.Full:
                    raise OverloadedError("The server is overloaded; try again in a moment.") from None
        if closed:
            self._run([request])
        return request[1].result()

    def close(self):
        """End the thread after the requests that wait. Later ones run in the thread of their caller."""
        with self._start:
            self._closed = True
        self._waiting.put(None)

    def _ensure_thread(self):
        """Start the thread on the first request: a process forked before that gets a thread of its own."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
            self._thread.start()

    def _work(self):
        while requests := self._next_batch():
            self._run(requests)

    def _next_batch(self):
        """The first request, then the waiting ones, as long as they fit into the batch; none after `close`."""
        first, self._deferred = self._deferred or self._waiting.get(), None
        if first is None:
            return []
        requests = [first]
        rows = len(requests[0][0])
        while rows < self._max_batch:
            try:
                request = self._waiting.get_nowait()
            except queue.Empty:
                break
            if request is None:         # closed: the end of the queue
                self._waiting.put(None)
                break
            rows += len(request[0])
            if rows > self._max_batch:
                self._deferred = request
                break
            requests.append(request)
        return requests

    def _run(self, requests):
        started = time.perf_counter()
        try:
            batches = [rows for rows, _, _ in requests]
            outputs = self._function(batches[0] if len(batches) == 1 else np.concatenate(batches))
        except Exception as error:      # of any kind: pass it to each caller and keep the thread alive
            for _, future, _ in requests:
                future.set_exception(error)
            return
        network = (time.perf_counter() - started) * 1000
        first = 0
        for rows, future, submitted in requests:
            times = {"wait": (started - submitted) * 1000, "network": network}
            future.set_result((outputs[first:first + len(rows)], times))
            first += len(rows)
