"""Back-pressure: what one live client may have under way."""

import threading
import time
from concurrent.futures import Future


class Slot:
    """One frame worked on, one waiting; a newer frame takes the waiting one's place."""

    def __init__(self):
        self._lock = threading.Lock()
        self._working, self._waiting, self._closed = False, None, False

    @property
    def waiting(self):
        """Whether a frame waits."""
        return self._waiting is not None

    def enter(self):
        """Wait for the turn. True: work, then `leave`. False: a newer frame came, or the slot was closed."""
        with self._lock:
            if self._closed:
                return False
            if not self._working:
                self._working = True
                return True
            replaced, self._waiting = self._waiting, Future()
            turn = self._waiting
        if replaced:
            replaced.set_result(False)
        return turn.result()

    def leave(self):
        """The work is done; the frame that waits has its turn."""
        with self._lock:
            turn, self._waiting = self._waiting, None
            self._working = turn is not None
        if turn:
            turn.set_result(True)

    def close(self):
        """The client has gone: what waits is given up, nothing new begins."""
        with self._lock:
            self._closed = True
            turn, self._waiting = self._waiting, None
        if turn:
            turn.set_result(False)


class Allowance:
    """A token bucket: `rate` frames a second, at most one second's worth at once; a rate of 0 allows all."""

    def __init__(self, rate, clock=time.monotonic):
        self._rate, self._clock = rate, clock
        self._most = max(1.0, rate)
        self._left, self._then = self._most, clock()
        self._lock = threading.Lock()

    def take(self):
        """True where one more frame is allowed now."""
        if not self._rate:
            return True
        with self._lock:
            now = self._clock()
            self._left = min(self._most, self._left + (now - self._then) * self._rate)
            self._then = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
