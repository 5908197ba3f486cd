"""Turns: a bounded number of requests per client in progress; the next ones wait, and a few more are refused."""

from collections import Counter, deque
from typing import Any

RUN, WAIT, REFUSE = "run", "wait", "refuse"
MAX_WAITING = 128       # requests per client


class Turns:
    """Counts the requests in progress by client and keeps those that wait, in order. For one thread."""

    def __init__(self, per_client: int, max_waiting: int = MAX_WAITING):
        """per_client: maximum in progress of one client; 0 disables it. max_waiting: of one client."""
        self._per_client, self._max_waiting = per_client, max_waiting
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[Any]] = {}

    def enter(self, client: str, request: Any) -> str:
        """RUN: it may start; call `leave` when it ends. WAIT: a later `leave` returns it. REFUSE: too many wait."""
        if not self._per_client or self._running[client] < self._per_client:
            self._running[client] += 1
            return RUN
        waiting = self._waiting.setdefault(client, deque())
        if len(waiting) >= self._max_waiting:
            return REFUSE
        waiting.append(request)
        return WAIT

    def leave(self, client: str) -> Any:
        """Finish a request of `client`; the one that runs next in its place, or None."""
        if waiting := self._waiting.get(client):
            request = waiting.popleft()
            if not waiting:
                del self._waiting[client]
            return request
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client]
        return None
