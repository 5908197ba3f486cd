"""Turns: a bounded number of requests per client in progress; the next ones wait, and a few more are refused.

A client that sends many requests per second keeps Python busy with as many threads as it has requests in progress, and
everybody else's request waits for all of them at each step. Its requests run as if it had fewer connections.
"""

import os
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

RUN, WAIT, REFUSE = "run", "wait", "refuse"
MAX_WAITING = 128       # requests per client
BUSY_RATE = 30.0        # requests per second, and as many at once, above which a client is busy


class Turns:
    """Counts the requests in progress by client and keeps those that wait, in order. For one thread."""

    def __init__(self, per_client: int, max_waiting: int = MAX_WAITING, busy: int = os.cpu_count() or 1,
                 clock: Callable[[], float] = time.monotonic):
        """per_client: maximum in progress of one client; 0 disables it. max_waiting: of one client.

        busy: maximum in progress of a client that sends more than BUSY_RATE.
        """
        self._per_client, self._max_waiting, self._clock = per_client, max_waiting, clock
        self._busy = min(busy, per_client)
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[Any]] = {}
        self._rates: dict[str, tuple[float, float]] = {}        # client: (requests above BUSY_RATE, time)

    def enter(self, client: str, request: Any) -> str:
        """RUN: it may start; call `leave` when it ends. WAIT: a later `leave` returns it. REFUSE: too many wait."""
        if not self._per_client:
            return RUN
        self._count(client)
        if self._running[client] < self._limit(client):
            self._running[client] += 1
            return RUN
        waiting = self._waiting.setdefault(client, deque())
        if len(waiting) >= self._max_waiting:
            return REFUSE
        waiting.append(request)
        return WAIT

    def leave(self, client: str) -> Any:
        """Finish a request of `client`; the one that runs next in its place, or None."""
        if not self._per_client:
            return None
        waiting = self._waiting.get(client)
        if waiting and self._running[client] <= self._limit(client):
            request = waiting.popleft()
            if not waiting:
                del self._waiting[client]
            return request
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client]
            self._forget()
        return None

    def _limit(self, client):
        """Requests that `client` may have in progress now."""
        above, moment = self._rates.get(client, (0.0, 0.0))
        return self._busy if above - (self._clock() - moment) * BUSY_RATE > BUSY_RATE else self._per_client

    def _count(self, client):
        """Count a request towards the rate of `client`."""
        now = self._clock()
        above, moment = self._rates.pop(client, (0.0, now))
        self._rates[client] = min(2 * BUSY_RATE, max(0.0, above - (now - moment) * BUSY_RATE) + 1), now

    def _forget(self):
        """Forget the rates of clients that have been quiet; those that sent first are first."""
        while self._rates:
            client, (_, moment) = next(iter(self._rates.items()))
            if self._clock() - moment < 2:
                return
            del self._rates[client]
