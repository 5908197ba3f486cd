"""Admission of API requests: a bounded number in progress per client and in total, so that others are served."""

import threading
from collections import Counter
from collections.abc import Callable

RESERVED_THREADS = 4        # for pages and health checks


class Admission:
    """Counts the requests in progress by client."""

    def __init__(self, per_client: int, total: Callable[[], int]):
        """per_client: maximum of one client; 0 disables it. total: maximum of all clients at the moment."""
        self._per_client, self._total = per_client, total
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def in_progress(self) -> int:
        """Number of requests in progress."""
        return self._counts.total()

    def enter(self, client: str) -> bool:
        """Whether a request of `client` may start; call `leave` when it ends."""
        with self._lock:
            if self._per_client and self._counts[client] >= self._per_client:
                return False
            if self._counts.total() >= max(1, self._total()):
                return False
            self._counts[client] += 1
            return True

    def leave(self, client: str) -> None:
        """Finish a request for which `enter` returned True."""
        with self._lock:
            self._counts[client] -= 1
            if not self._counts[client]:
                del self._counts[client]
