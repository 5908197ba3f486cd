"""Throughput and delay of the live socket: python benchmarks/live.py [--seconds 10] [--write]

Starts the server with a real model on localhost and sends it frames of scikit-image's astronaut, 640 x 480: first from
1, 4 and 16 clients that wait for each result, then from one client that sends at three times the throughput. Prints a
Markdown report; --write also saves it to docs/benchmarks-live.md.
"""

import argparse
import io
import os
import platform
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import skimage.data
import socketio
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = (1, 4, 16)
WIDTH, HEIGHT, QUALITY = 640, 480, 80


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10, help="duration of each measurement (default: 10)")
    parser.add_argument("--model", default="jury-live", help="model bundle (default: jury-live)")
    parser.add_argument("--write", action="store_true", help="save the report to docs/benchmarks-live.md")
    options = parser.parse_args()
    frames = make_frames()
    process, url = start(options.model)
    try:
        report = measure(url, frames, options)
    finally:
        process.terminate()
        process.wait(20)
    print(report)
    if options.write:
        (ROOT / "docs" / "benchmarks-live.md").write_text(report)


def make_frames(count=30):
    """JPEGs of the astronaut moving left and right."""
    large = Image.fromarray(skimage.data.astronaut()).resize((WIDTH + 80, WIDTH + 80))
    frames = []
    for number in range(count):
        left = int(40 + 40 * np.sin(2 * np.pi * number / count))
        file = io.BytesIO()
        large.crop((left, 0, left + WIDTH, HEIGHT)).save(file, "JPEG", quality=QUALITY)
        frames.append(file.getvalue())
    return frames


def start(model):
    """Start the server and wait until it is ready; (process, URL)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "webapp", "serve", "--port", str(port), "--model", model, "--live-rate", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "is ready" in line:
            return process, f"http://127.0.0.1:{port}"
    raise SystemExit("error: the server did not start")


def measure(url, frames, options):
    """The report in Markdown."""
    hello = _connect(url).call("hello", namespace="/live")
    version = next(model["version"] for model in hello["models"] if model["default"])
    lines = ["# Live socket benchmark", "",
             f"`python benchmarks/live.py --seconds {options.seconds:g}`: {options.model} {version}, engine "
             f"{hello['engine']}, {os.cpu_count()} CPU cores ({platform.machine()}), Python "
             f"{platform.python_version()}, load before {os.getloadavg()[0]:.1f}; frames of {WIDTH} x {HEIGHT}, "
             f"{statistics.mean(map(len, frames)) / 1000:.0f} kB. Clients and server share the machine.", "",
             "| Clients | Frames/s, total | Frames/s per client | Round trip p50 (ms) | Round trip p95 (ms) | "
             "Server time p50 (ms) |",
             "|--:|--:|--:|--:|--:|--:|"]
    closed_loop(url, frames, 1, min(2, options.seconds))        # warm-up
    rate = None
    for count in CLIENTS:
        trips, server_times = closed_loop(url, frames, count, options.seconds)
        per_second = len(trips) / options.seconds
        rate = rate or per_second
        lines.append(f"| {count} | {per_second:.1f} | {per_second / count:.1f} | {_at(trips, 0.5):.1f} | "
                     f"{_at(trips, 0.95):.1f} | {_at(server_times, 0.5):.1f} |")
    sent, delays = too_fast(url, frames, 3 * rate, options.seconds)
    tenths = ", ".join(f"{_at(part, 0.5):.0f}" for part in np.array_split(delays, 10))
    lines += ["", f"One client sent {sent / options.seconds:.0f} frames/s, three times its throughput above: "
              f"{len(delays)} of {sent} frames were read, the others replaced by newer ones. Median delay of the read "
              f"frames in ms, by tenths of the run: {tenths}. With a queue, the delay would grow.", ""]
    return "\n".join(lines)


def closed_loop(url, frames, count, seconds):
    """(round trips, server times) in ms of `count` clients that send the next frame after each result."""
    trips, server_times, clients = [], [], [_connect(url) for _ in range(count)]
    begin = threading.Barrier(count)

    def work(client):
        begin.wait()
        end, number = time.perf_counter() + seconds, 0
        while (started := time.perf_counter()) < end:
            result = client.call("frame", (_header(number), frames[number % len(frames)]), namespace="/live",
                                 timeout=30)
            trips.append(1000 * (time.perf_counter() - started))
            server_times.append(sum(_read(result)["milliseconds"].values()))
            number += 1

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.disconnect()
    return trips, server_times


def too_fast(url, frames, rate, seconds):
    """(number of frames sent, delays in ms of those read, in sending order) of a client that does not wait."""
    client, results = _connect(url), {}
    started = time.perf_counter()
    number = 0
    while time.perf_counter() - started < seconds:
        sent = time.perf_counter()

        def acknowledged(result, number=number, sent=sent):
            results[number] = (1000 * (time.perf_counter() - sent), result)

        client.emit("frame", (_header(number), frames[number % len(frames)]), namespace="/live", callback=acknowledged)
        number += 1
        time.sleep(max(0, started + number / rate - time.perf_counter()))
    end = time.perf_counter() + 30
    while len(results) < number and time.perf_counter() < end:
        time.sleep(0.01)
    client.disconnect()
    codes = {result["error"]["code"] for _, result in results.values() if "error" in result}
    if len(results) < number or not codes <= {"replaced", "wrong_order"}:
        raise SystemExit(f"error: {number - len(results)} frames were not acknowledged; error codes: {sorted(codes)}")
    return number, [delay for _, (delay, result) in sorted(results.items()) if "reading" in result]


def _connect(url):
    client = socketio.Client(reconnection=False)
    client.connect(url, namespaces=["/live"], transports=["websocket"])
    return client


def _header(number):
    return {"id": number, "width": WIDTH, "height": HEIGHT, "sent": 1000 * time.time()}


def _read(result):
    """The reading; stops the benchmark if it is an error or does not have exactly one face."""
    if "error" in result or len(result["reading"]["faces"]) != 1:
        raise SystemExit(f"error: the reading must have one face, got {result}")
    return result["reading"]


def _at(values, quantile):
    return float(np.quantile(values, quantile)) if len(values) else float("nan")


if __name__ == "__main__":
    main()
