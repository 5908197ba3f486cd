"""Free memory is returned to the system."""

import time

from webapp.operations import allocator


class Library:
    """A C library that counts its calls."""

    def __init__(self):
        self.trims = 0

    def malloc_trim(self, _):
        self.trims += 1


def test_free_pages_are_returned_again_and_again():
    library = Library()
    assert allocator.start_trimming(0.01, library).daemon
    end = time.monotonic() + 20
    while library.trims < 3 and time.monotonic() < end:
        time.sleep(0.01)
    assert library.trims >= 3


def test_other_allocators_are_left_alone(monkeypatch):
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    assert allocator.start_trimming() is None
