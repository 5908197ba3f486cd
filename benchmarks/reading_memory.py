"""Memory of a process that reads frames in many threads, without a server: does it grow with the frames?

    python -m benchmarks.reading_memory [--threads 96] [--seconds 150]

Prints the frames read and the resident memory every ten seconds, and at the end what stays after the C library has
returned what is free.
"""

import argparse
import ctypes
import threading
import time

import psutil

from benchmarks import live
from webapp import create_app

INTERVAL = 10       # s


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=96, help="threads that read (default: 96, the server's)")
    parser.add_argument("--seconds", type=float, default=150, help="duration (default: 150)")
    options = parser.parse_args()
    reader = create_app({"model": "jury-live"}).extensions["emoscope"].readers.get(None)
    frames, process, counts = live.make_frames(), psutil.Process(), [0] * options.threads
    end = time.monotonic() + options.seconds

    def read(number):
        while time.monotonic() < end:
            reader.read(frames[(number + counts[number]) % len(frames)])
            counts[number] += 1

    def report(title=""):
        print(f"{sum(counts):>8,} frames {process.memory_info().rss / 1e6:8.0f} MB {title}", flush=True)

    report("at the start")
    threads = [threading.Thread(target=read, args=(number,)) for number in range(options.threads)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        time.sleep(min(INTERVAL, max(0.0, end - time.monotonic())))
        report()
    for thread in threads:
        thread.join()
    ctypes.CDLL(None).malloc_trim(0)
    report("at the end, free memory returned")


if __name__ == "__main__":
    main()
