"""Strikes: what an address does wrong, counted, so that what it sends next can be refused before it costs anything."""

import threading
import time
from collections.abc import Callable

MAX_ADDRESSES = 10_000      # remembered at the same time


class Strikes:
    """A leaky bucket per address: `per_minute` strikes are let pass, and as many again every minute."""

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic):
        """per_minute: 0 disables it: nobody is refused."""
        self._per_minute, self._clock = per_minute, clock
        self._levels: dict[str, tuple[float, float]] = {}       # address: (strikes, time)
        self._lock = threading.Lock()
        self.refusals = 0           # requests that were refused

    def add(self, address: str) -> None:
        """Count a strike of `address`."""
        if not self._per_minute or not address:
            return
        with self._lock:
            level = self._level(address) + 1
            self._levels.pop(address, None)     # to the end: the oldest are forgotten first
            self._levels[address] = min(level, self._per_minute + 1), self._clock()
            if len(self._levels) > MAX_ADDRESSES:
                del self._levels[next(iter(self._levels))]

    def refuse(self, address: str) -> bool:
        """Whether a request of `address` is to be refused."""
        if not self._levels:        # as a rule
            return False
        with self._lock:
            refused = self._level(address) > self._per_minute
            self.refusals += refused
            return refused

    def _level(self, address):
        level, moment = self._levels.get(address, (0.0, 0.0))
        return max(0.0, level - (self._clock() - moment) * self._per_minute / 60)
