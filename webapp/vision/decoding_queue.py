"""A queue for images that are costly to decode: one at a time, a few wait, the rest are refused."""

import threading

from .batching import OverloadedError

MAX_WAITING = 8


class DecodingQueue:
    """A context manager that one thread at a time holds. At most `max_waiting` threads wait for it.

    It bounds the memory and processor time of costly images: whatever clients send, one such image is decoded.
    """

    def __init__(self, max_waiting: int = MAX_WAITING):
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(max_waiting + 1)

    def __enter__(self) -> None:
        """Wait for the turn. Raises OverloadedError if `max_waiting` threads already wait."""
        if not self._places.acquire(blocking=False):
            raise OverloadedError("The server is decoding other large images; try again in a moment.")
        self._turn.acquire()

    def __exit__(self, *_) -> None:
        self._turn.release()
        self._places.release()
