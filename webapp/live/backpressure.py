"""Back-pressure: limits on the frames of one live client."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future


class InFlight:
    """At most one frame in progress and one waiting. A newer frame replaces the waiting one."""

    def __init__(self):
        self._lock = threading.Lock()
        self._busy, self._closed = False, False
        self._waiting: Future[bool] | None = None

    @property
    def waiting(self) -> bool:
        """Whether a frame is waiting."""
        return self._waiting is not None

    @property
    def closed(self) -> bool:
        """Whether the client has disconnected."""
        return self._closed

    def enter(self) -> bool:
        """Wait for the turn. True: process the frame, then call `leave`. False: replaced by a newer one, or closed."""
        with self._lock:
            if self._closed:
                return False
            if not self._busy:
                self._busy = True
                return True
            replaced, self._waiting = self._waiting, Future()
            turn = self._waiting
        if replaced:
            replaced.set_result(False)
        return turn.result()

    def leave(self) -> None:
        """Finish the frame in progress. The waiting frame, if any, is next."""
        with self._lock:
            turn, self._waiting = self._waiting, None
            self._busy = turn is not None
        if turn:
            turn.set_result(True)

    def close(self) -> None:
        """Drop the waiting frame and reject new ones: the client has disconnected."""
        with self._lock:
            self._closed = True
            turn, self._waiting = self._waiting, None
        if turn:
            turn.set_result(False)


class Turns:
    """At most `count` frames of all clients are read at once; the others wait in the order in which they came.

    On a CPU, more threads than cores read no more frames: they contend for Python's lock and for the caches. A context
    manager.
    """

    def __init__(self, count: int):
        self._free, self._lock = count, threading.Lock()
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()      # released by the frame whose turn ends

    def __exit__(self, *_) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class RateLimiter:
    """A token bucket: `rate` frames per second, bursts of up to one second's worth. A rate of 0 disables the limit."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic):
        self._rate, self._clock = rate, clock
        self._capacity = max(1.0, rate)
        self._tokens, self._updated = self._capacity, clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether one more frame is allowed now."""
        if not self._rate:
            return True
        with self._lock:
            now = self._clock()
            self._tokens = min(self._capacity, self._tokens + (now - self._updated) * self._rate)
            self._updated = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
