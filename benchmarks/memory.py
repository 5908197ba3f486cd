"""The server's memory under one kind of load at a time, again and again: what grows, and what comes back.

    python -m benchmarks.memory [KIND ...] [--repeat 4] [--seconds 9] [--connections 22] [-- OPTIONS OF serve]

Starts the site. Each KIND (default: all) is `photos`, `frames`, `pages` or one of benchmarks.misbehavior; it runs from
several connections at the same time, `--repeat` times. Prints a table of the server's memory at most and 4 s later.
"""

import argparse
import contextlib
import functools
import http.client
import io
import itertools
import sys
import threading
import time

import psutil
import skimage.data
import socketio
from PIL import Image

from benchmarks import live, misbehavior

PAGES = ("/", "/live", "/photos", "/models", *(f"/data/fer2013{rest}" for rest in (
    "", "/browse?sort=-sharpness", "/models", "/map.bin", "/issues", "/samples/7", "/browse.csv?label=fear",
    "/average-faces.jpg?rows=1,2,3,500,9000")))
PHOTO_SIDES = (512, 1500, 4000)     # px


def main():
    kinds = {kind.__name__: kind for kind in (photos, frames, pages, *misbehavior.KINDS)}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"kinds of load: {', '.join(kinds)} (default: all)")
    parser.add_argument("--repeat", type=int, default=4, help="times that each kind runs (default: 4)")
    parser.add_argument("--seconds", type=float, default=9, help="duration of each (default: 9)")
    parser.add_argument("--connections", type=int, default=22, help="at the same time (default: 22)")
    options, others = parser.parse_known_args()
    server, url = live.start("jury-live", *(one for one in others if one != "--"))
    threading.excepthook = lambda arguments: print(f"{arguments.thread.name}: {arguments.exc_value!r}", file=sys.stderr)
    try:
        worker = psutil.Process(psutil.Process(server.pid).children()[0].pid)
        print(f"At the start: {worker.memory_info().rss / 1e6:.0f} MB\n\n| load | at most, and 4 s later (MB), "
              f"{options.repeat} times |\n|---|---|", flush=True)
        for name in options.kinds or kinds:
            found = [_measure(kinds[name], worker, url, options) for _ in range(options.repeat)]
            print(f"| `{name}` | {', '.join(f'{most:.0f} → {later:.0f}' for most, later in found)} |", flush=True)
    finally:
        server.terminate()


def _measure(kind, worker, url, options):
    """(MB at most, MB 4 s later) of the server while connections of one kind are open."""
    stop, most = threading.Event(), 0
    address = ("127.0.0.1", int(url.rpartition(":")[2]))
    threads = [threading.Thread(target=kind, args=(address, stop), name=kind.__name__, daemon=True)
               for _ in range(options.connections)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        time.sleep(0.2)
        most = max(most, worker.memory_info().rss)
    stop.set()
    for thread in threads:
        thread.join(30)
    time.sleep(4)
    return most / 1e6, worker.memory_info().rss / 1e6


def photos(address, stop):
    """Post photos of several sizes."""
    files = _photos()
    for number in itertools.count(hash(threading.current_thread()) % len(files)):
        if stop.is_set():
            return
        with contextlib.suppress(OSError, http.client.HTTPException):
            misbehavior.post(address, files[number % len(files)])
        stop.wait(0.05)


@functools.cache
def _photos():
    """JPEGs and PNGs of the astronaut, PHOTO_SIDES px."""
    files = []
    for side in PHOTO_SIDES:
        image = Image.fromarray(skimage.data.astronaut()).resize((side, side))
        for kind in ("JPEG", "PNG"):
            file = io.BytesIO()
            image.save(file, kind, quality=85, compress_level=1)
            files.append(file.getvalue())
    return files


def frames(address, stop):
    """Send live frames, the next after each result."""
    images = live.make_frames(5)
    while not stop.is_set():
        with contextlib.suppress(socketio.exceptions.SocketIOError, OSError):
            client = live.connect("http://{}:{}".format(*address))
            for number in itertools.count():
                if stop.is_set():
                    break
                client.call("frame", (live.header(number), images[number % len(images)]), namespace="/live", timeout=30)
            client.disconnect()


def pages(address, stop):
    """Request PAGES in turn."""
    for number in itertools.count(hash(threading.current_thread()) % len(PAGES)):
        if stop.is_set():
            return
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(*address, timeout=60)
            connection.request("GET", PAGES[number % len(PAGES)])
            connection.getresponse().read()
            connection.close()
        stop.wait(0.05)


if __name__ == "__main__":
    main()
