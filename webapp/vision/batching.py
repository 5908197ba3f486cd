"""Micro-batching: many threads ask, one thread runs the network on all that wait.

No request waits for company: while the network runs, what arrives gathers, and the next run takes
it all. So one client is answered at once, and many share the cost of a run.
"""

import queue
import threading
import time
from concurrent.futures import Future

import numpy as np

MAX_BATCH = 32
QUEUE = 256             # requests that may wait


class Busy(Exception):  # noqa: N818 - what the server is
    """More requests wait than the queue holds."""


class Batcher:
    """Runs `function`, (n, ...) array to (n, ...) array, for many threads in one of its own."""

    def __init__(self, function, max_batch=MAX_BATCH, max_waiting=QUEUE):
        self._function, self._max_batch = function, max_batch
        self._waiting = queue.Queue(max_waiting)
        self._left_over = None
        self._start, self._thread = threading.Lock(), None

    def submit(self, rows):
        """(answers (n, ...), milliseconds {"wait", "network"}) for `rows`, (n, ...), n at least 1.

        Raises Busy when too many requests wait, and whatever the function raised on the batch.
        """
        self._ensure_thread()
        answer = Future()
        try:
            self._waiting.put_nowait((np.asarray(rows), answer, time.perf_counter()))
        except queue.Full:
            raise Busy("The server has more to do than it can; try again in a moment.") from None
        return answer.result()

    def _ensure_thread(self):
        """Started by the first request, so that a process forked before it has a thread of its own."""
        with self._start:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
                self._thread.start()

    def _work(self):
        while True:
            self._run(self._gather())

    def _gather(self):
        """The first request, then those already waiting, as long as they fit the batch."""
        requests = [self._left_over or self._waiting.get()]
        self._left_over = None
        rows = len(requests[0][0])
        while rows < self._max_batch:
            try:
                request = self._waiting.get_nowait()
            except queue.Empty:
                break
            rows += len(request[0])
            if rows > self._max_batch:
                self._left_over = request
                break
            requests.append(request)
        return requests

    def _run(self, requests):
        begun = time.perf_counter()
        try:
            answers = self._function(np.concatenate([rows for rows, _, _ in requests]))
        except Exception as error:      # whatever it is, each caller must hear of it, and the thread live on
            for _, answer, _ in requests:
                answer.set_exception(error)
            return
        network = (time.perf_counter() - begun) * 1000
        start = 0
        for rows, answer, asked in requests:
            times = {"wait": (begun - asked) * 1000, "network": network}
            answer.set_result((answers[start:start + len(rows)], times))
            start += len(rows)
