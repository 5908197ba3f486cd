"""The C allocator's settings."""

import subprocess
import sys
import time

import pytest

from webapp.operations import allocator

THREADS = 24
#: Prints the number of arenas after THREADS threads have allocated at the same time, with the limit and without.
PROGRAM = f"""
import ctypes, re, sys, threading
from webapp.operations import allocator
if sys.argv[1] == "limited":
    assert allocator.limit()
library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
together = threading.Barrier({THREADS})
def work():
    together.wait()
    blocks = [library.malloc(50_000) for _ in range(200)]
    together.wait()
    for block in blocks:
        library.free(block)
threads = [threading.Thread(target=work) for _ in range({THREADS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
library.fopen.restype, library.fopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
library.fclose.argtypes, library.malloc_info.argtypes = [ctypes.c_void_p], [ctypes.c_int, ctypes.c_void_p]
file = library.fopen(sys.argv[2].encode(), b"w")
library.malloc_info(0, file)
library.fclose(file)
print(len(re.findall("<heap nr=", open(sys.argv[2]).read())))
"""


class Library:
    """A C library that records its calls."""

    def __init__(self):
        self.options, self.trims = {}, 0

    def mallopt(self, option, value):
        self.options[option] = value
        return 1

    def malloc_trim(self, _):
        self.trims += 1


@pytest.mark.skipif(not allocator._glibc(), reason="the allocator is not glibc's")
def test_threads_share_two_arenas(tmp_path):
    arenas = {}
    for name in ("limited", "free"):
        result = subprocess.run([sys.executable, "-c", PROGRAM, name, str(tmp_path / name)], capture_output=True,
                                text=True, check=True)
        arenas[name] = int(result.stdout)
    assert arenas["limited"] <= allocator.ARENAS < arenas["free"]


def test_free_pages_are_returned_again_and_again():
    library = Library()
    assert allocator.start_trimming(0.01, library).daemon
    end = time.monotonic() + 20
    while library.trims < 3 and time.monotonic() < end:
        time.sleep(0.01)
    assert library.trims >= 3


def test_other_allocators_are_left_alone(monkeypatch):
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    assert allocator.limit() is False and allocator.start_trimming() is None
