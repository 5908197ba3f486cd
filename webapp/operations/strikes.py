"""Strikes: what an address does wrong, counted, so that what it sends next can be refused before it costs anything."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MAX_ADDRESSES = 10_000      # remembered at the same time
FIRST_SECONDS = 60.0        # for which an address is refused; twice as long whenever it goes on afterwards
LONGEST_SECONDS = 600.0


@dataclass
class _Record:
    level: float = 0.0      # strikes in the bucket
    moment: float = 0.0     # s, when the level was true
    until: float = 0.0      # s, the end of the last refusal
    seconds: float = 0.0    # of the last refusal


class Strikes:
    """A leaky bucket per address: `per_minute` strikes are let pass, and as many again every minute.

    An address that exceeds it is refused for FIRST_SECONDS; if it exceeds it again before as long a time has passed
    since, for twice as long as the last time, up to LONGEST_SECONDS.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic):
        """per_minute: 0 disables it: nobody is refused."""
        self._per_minute, self._clock = per_minute, clock
        self._records: dict[str, _Record] = {}
        self._lock = threading.Lock()
        self.refusals = 0           # requests that were refused

    def add(self, address: str) -> None:
        """Count a strike of `address`; while it is refused, none are counted."""
        if not self._per_minute or not address:
            return
        now = self._clock()
        with self._lock:
            record = self._records.pop(address, None) or _Record()
            self._records[address] = record     # to the end: the oldest are forgotten first
            if len(self._records) > MAX_ADDRESSES:
                del self._records[next(iter(self._records))]
            if now < record.until:
                return
            record.level = max(0.0, record.level - (now - record.moment) * self._per_minute / 60) + 1
            record.moment = now
            if record.level > self._per_minute:
                again = now < record.until + record.seconds
                record.seconds = min(2 * record.seconds, LONGEST_SECONDS) if again else FIRST_SECONDS
                record.until, record.level = now + record.seconds, 0.0

    def refuse(self, address: str) -> float:
        """For how many more seconds requests of `address` are to be refused; 0 if this one is not."""
        if not self._records:       # as a rule
            return 0.0
        with self._lock:
            record = self._records.get(address)
            left = max(0.0, record.until - self._clock()) if record else 0.0
            self.refusals += left > 0
            return left
