"""Draining: a process that stops finishes what it has begun and sends its visitors to the other processes."""

import threading
from collections.abc import Callable
from typing import Any


class Drain:
    """Whether this process is stopping. Parts of the application add what they must finish before it stops."""

    def __init__(self):
        self._steps: list[Callable[[float], None]] = []
        self._started = threading.Event()

    @property
    def active(self) -> bool:
        """Whether the process is stopping and takes no new live clients."""
        return self._started.is_set()

    def add(self, step: Callable[[float], None]) -> None:
        """Call `step(seconds)` on a stop. It returns after at most `seconds`."""
        self._steps.append(step)

    def run(self, seconds: float) -> None:
        """Start draining and return when every step is finished, after `seconds` at the latest per step."""
        self._started.set()
        for step in self._steps:
            step(seconds)


def guard_live_connections(wsgi: Callable, refuse: Callable[[dict[str, Any]], bool]) -> Callable:
    """A WSGI application that answers new live connections with 503 if `refuse(environ)`.

    A proxy passes the request on to the next process, and a client without a proxy tries again by itself. After a
    refusal by Socket.IO it would not. A polling client that posts to a session that has just been closed receives
    status 400, where python-engineio 4.15 raises KeyError.
    """
    def guarded(environ: dict[str, Any], start_response: Callable):
        if not environ.get("PATH_INFO", "").startswith("/socket.io"):
            return wsgi(environ, start_response)
        if "sid=" not in environ.get("QUERY_STRING", "") and refuse(environ):
            start_response("503 Service Unavailable", [("Content-Type", "text/plain"), ("Retry-After", "1")])
            return [b"The server is restarting or has too many connections, or this address has; connect again.\n"]
        try:
            return wsgi(environ, start_response)
        except KeyError:
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"The session is closed; connect again.\n"]

    return guarded
