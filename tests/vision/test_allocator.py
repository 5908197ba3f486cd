"""The limits of the C allocator, each tried in a process of its own."""

import os
import subprocess
import sys

import pytest

from webapp.settings import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are glibc's")

FAULTS = """
import resource
import numpy as np
from webapp.vision.allocator import keep_freed_memory
keep_freed_memory()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        first, second = np.ones(6_000_000, np.uint8), np.ones(6_000_000, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""

#: Prints the number of arenas after more threads than cores have allocated at the same time.
ARENAS = """
import ctypes, os, re, sys, threading
from webapp.vision.allocator import keep_freed_memory
keep_freed_memory()
library, count = ctypes.CDLL(None), 3 * os.cpu_count() + 3
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
together = threading.Barrier(count)
def work():
    together.wait()
    blocks = [library.malloc(50_000) for _ in range(200)]
    together.wait()
    for block in blocks:
        library.free(block)
threads = [threading.Thread(target=work) for _ in range(count)]
for thread in threads: thread.start()
for thread in threads: thread.join()
library.fopen.restype, library.fopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
library.fclose.argtypes, library.malloc_info.argtypes = [ctypes.c_void_p], [ctypes.c_int, ctypes.c_void_p]
file = library.fopen(sys.argv[1].encode(), b"w")
library.malloc_info(0, file)
library.fclose(file)
print(len(re.findall("<heap nr=", open(sys.argv[1]).read())))
"""


def _run(program, *arguments, **environment):
    return int(subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True,
                              cwd=ROOT, env=environment).stdout)


def test_freed_memory_is_used_again_without_page_faults():
    assert _run(FAULTS) < 1000
    assert _run(FAULTS, MALLOC_MMAP_THRESHOLD_="1000000") > 10_000, "limits in the environment stay"


def test_threads_share_an_arena_per_core(tmp_path):
    limited = _run(ARENAS, str(tmp_path / "limited"))
    free = _run(ARENAS, str(tmp_path / "free"), MALLOC_MMAP_THRESHOLD_="33554432")
    assert limited <= os.cpu_count() + 1 < free      # the program's own, and one for the threads of each core
