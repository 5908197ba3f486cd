"""A burst of costly images from one client, and what a live visitor and /healthz notice: python -m benchmarks.flood

66 posts of a JPEG of 2,900 scans at the same time. Prints delays in ms before and during the burst.
"""

import contextlib
import threading
import time
import urllib.request
from collections import Counter

import numpy as np

from benchmarks import live, misbehavior
from benchmarks.costliest import jpeg

POSTS = 66


def main():
    data, frames = jpeg(700, 2900), live.make_frames()
    server, url = live.start("jury-live")
    try:
        client, stop = live.connect(url), threading.Event()
        watched = {
            "frame": repeat(lambda number: client.call(
                "frame", (live.header(number), frames[number % len(frames)]), namespace="/live", timeout=60), stop),
            "/healthz": repeat(lambda _: urllib.request.urlopen(url + "/healthz", timeout=60).read(), stop)}
        time.sleep(8)
        started = time.monotonic()
        statuses = burst(("127.0.0.1", int(url.rpartition(":")[2])), data)
        ended = time.monotonic()
        time.sleep(3)
        stop.set()
    finally:
        server.terminate()
    print(f"{POSTS} posts of {len(data):,} bytes took {ended - started:.2f} s: {dict(statuses)}")
    for name, delays in watched.items():
        for phase, first, last in (("before", 0.0, started), ("during", started - 0.3, ended + 0.3)):
            found = [1000 * delay for moment, delay in delays if first <= moment < last]
            p50, p95, longest = np.quantile(found, (0.5, 0.95, 1)) if found else [float("nan")] * 3
            print(f"{name} {phase}: p50 {p50:.0f}, p95 {p95:.0f}, maximum {longest:.0f} ms ({len(found)} requests)")


def repeat(request, stop):
    """The list, which grows, of (time, s) of `request(number)`, repeated in a thread every 50 ms until `stop`."""
    delays = []

    def work():
        number = 0
        while not stop.is_set():
            started = time.monotonic()
            request(number)
            delays.append((started, time.monotonic() - started))
            number += 1
            stop.wait(0.05)

    threading.Thread(target=work, daemon=True).start()
    return delays


def burst(address, data):
    """Counter of (status, outcome) of POSTS posts at the same time."""
    statuses = Counter()

    def post():
        with contextlib.suppress(OSError):
            status, body = misbehavior.post(address, data, source="127.0.0.1")
            statuses[status, next((code for code in ("too_many_scans", "busy") if code in body.decode()), "read")] += 1

    threads = [threading.Thread(target=post) for _ in range(POSTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


if __name__ == "__main__":
    main()
