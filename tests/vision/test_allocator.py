import subprocess
import sys

import pytest

from webapp.settings import ROOT

PROGRAM = """
import os, resource
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


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are glibc's")
def test_freed_memory_is_used_again_without_page_faults():
    def run(**environment):
        return int(subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, cwd=ROOT,
                                  env=environment).stdout)
    assert run() < 1000
    assert run(MALLOC_MMAP_THRESHOLD_="1000000") > 10_000, "limits in the environment stay"
