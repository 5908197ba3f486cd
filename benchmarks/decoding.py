"""Does decoding leak? Memory while mutated images are decoded, and what else they raise than ImageError.

    python -m benchmarks.decoding [--images 400000] [--first 0]

Prints, every 5,000 images, the resident memory after the allocator has returned its free pages (Linux), before that,
and the peak. The images are those of tests/fuzz. Any other exception than ImageError ends the run.
"""

import argparse
import ctypes
import gc
import random
import sys
import time
import warnings
from pathlib import Path

import psutil

from benchmarks.uploads import peak_memory
from webapp.vision.images import ImageError, decode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from fuzzing import CORPUS, mutate  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=400_000, help="number of images (default: 400000)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first one (default: 0)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    started, read, slowest = time.monotonic(), 0, 0.0
    print("| images | decoded | resident, trimmed (MB) | resident (MB) | peak (MB) | slowest (s) |\n"
          "|--:|--:|--:|--:|--:|--:|")
    for number in range(options.images + 1):
        if number % 5000 == 0:
            values = " | ".join(f"{one:.0f}" for one in memory())
            print(f"| {number:,} | {read:,} | {values} | {slowest:.2f} |", flush=True)
        data = mutate(CORPUS[number % len(CORPUS)], random.Random(options.first + number), CORPUS)
        before = time.process_time()
        try:
            decode(data, max_pixels=4_000_000, reduce_to=(None, 10, 2000)[number % 3])
            read += 1
        except ImageError:
            pass
        slowest = max(slowest, time.process_time() - before)
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)


def memory():
    """MB: resident after trimming, resident, peak."""
    gc.collect()
    resident = psutil.Process().memory_info().rss / 1e6
    if sys.platform == "linux":
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return psutil.Process().memory_info().rss / 1e6, resident, peak_memory()


if __name__ == "__main__":
    main()
