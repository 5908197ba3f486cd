"""Reading on a local Ray cluster against reading in the process: python -m benchmarks.ray_serve [--frames 200]

Reads the same frames in turns in this process and on one replica, from one client and from four. Prints the round trip
and the processor time per frame; that of Ray is of all its processes, less what they use while nothing is read.
"""

import argparse
import os
import platform
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import psutil

from webapp import bundles, settings
from webapp.ray_readers import RayReaders
from webapp.readers import Readers

from .live import make_frames

TURNS = 10
THRESHOLD = 0.4


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=200, help="per row (default: 200)")
    options = parser.parse_args()
    frames = make_frames()
    given = settings.load({"ray": "local", "ray_replicas": 1, "engine": "litert"}, environ={})
    found = bundles.find(given.path("models"))
    readers = {"in process": Readers(given, found).get(), "Ray Serve, one replica": RayReaders(given, found).get()}
    print(f"{os.cpu_count()} CPU cores ({platform.machine()}), load before {os.getloadavg()[0]:.1f}; {given.model}, "
          "engine litert; frames of 640 x 480.\n")
    idle = idle_rate()
    print("| | clients | round trip p50 (ms) | processor time (ms per frame) | of which in this process |")
    print("|---|--:|--:|--:|--:|")
    for clients in (1, 4):
        trips = {name: [] for name in readers}
        used = {name: [0.0, 0.0] for name in readers}
        for _ in range(TURNS):
            for name, reader in readers.items():
                turn = measure(reader, frames, clients, max(1, options.frames // TURNS // clients), idle)
                trips[name] += turn[0]
                used[name] = [a + b for a, b in zip(used[name], turn[1:], strict=True)]
        for name in readers:
            total, own = (1000 * value / len(trips[name]) for value in used[name])
            print(f"| {name} | {clients} | {1000 * statistics.median(trips[name]):.1f} | {total:.1f} | {own:.1f} |")
    import ray
    ray.shutdown()


def measure(reader, frames, clients, count, idle):
    """(round trips in s, processor time in s of all processes, of this one)."""
    def work(_):
        trips = []
        for number in range(count):
            started = time.perf_counter()
            reader.read(frames[number % len(frames)], threshold=THRESHOLD)
            trips.append(time.perf_counter() - started)
        return trips

    started, own, others = time.perf_counter(), time.process_time(), others_time()
    with ThreadPoolExecutor(clients) as threads:
        trips = [trip for each in threads.map(work, range(clients)) for trip in each]
    own, elapsed = time.process_time() - own, time.perf_counter() - started
    return trips, own + max(0, others_time() - others - idle * elapsed), own


def idle_rate(seconds=5):
    """Processor time per second of Ray's processes while nothing is read."""
    time.sleep(2)
    before = others_time()
    time.sleep(seconds)
    return (others_time() - before) / seconds


def others_time():
    """Processor time in s of this process's descendants."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


if __name__ == "__main__":
    main()
