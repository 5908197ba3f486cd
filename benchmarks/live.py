"""Throughput and delay of the live socket: python benchmarks/live.py [--seconds 10] [--rate 10] [--write]

Starts the server with a real model on localhost and sends it frames of scikit-image's astronaut, 640 x 480: from 1, 4
and 16 clients that wait for each result, every frame searched wholly and with faces to follow, as the live page sends
them; from 16 clients whose cameras have a fixed rate; from one client that sends at three times the throughput. Prints
a Markdown report; --write also saves it to docs/benchmarks-live.md.
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
sys.path.insert(0, str(ROOT))
from webapp.vision.following import Following  # noqa: E402

CLIENTS = (1, 4, 16)
WIDTH, HEIGHT, QUALITY = 640, 480, 80


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10, help="duration of each measurement (default: 10)")
    parser.add_argument("--rate", type=float, default=10, help="frames/s of each camera (default: 10)")
    parser.add_argument("--model", default="jury-live", help="model bundle (default: jury-live)")
    parser.add_argument("--write", action="store_true", help="save the report to docs/benchmarks-live.md")
    options = parser.parse_args()
    frames = make_frames()
    process, url = start(options.model, "--live-rate", "0", "--live-connections", "0")
    try:
        report = measure(process.pid, url, frames, options)
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


def start(model, *options):
    """Start the server with these options and wait until it is ready; (process, URL)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "webapp", "serve", "--port", str(port), "--model", model, *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "is ready" in line:
            return process, f"http://127.0.0.1:{port}"
    raise SystemExit("error: the server did not start")


def measure(server, url, frames, options):
    """The report in Markdown. server: process ID."""
    hello = connect(url).call("hello", namespace="/live")
    version = next(model["version"] for model in hello["models"] if model["default"])
    lines = ["# Live socket benchmark", "",
             f"`python benchmarks/live.py --seconds {options.seconds:g} --rate {options.rate:g}`: {options.model} "
             f"{version}, engine {hello['engine']}, {os.cpu_count()} CPU cores ({platform.machine()}), Python "
             f"{platform.python_version()}, load before {os.getloadavg()[0]:.1f}; frames of {WIDTH} x {HEIGHT}, "
             f"{statistics.mean(map(len, frames)) / 1000:.0f} kB. Clients and server share the machine. Processor "
             "time is the server's, which the load of the machine changes least.", "",
             "| Clients | Frames | Frames/s, total | Followed (%) | Round trip p50 (ms) | Round trip p95 (ms) | "
             "Server time p50 (ms) | Processor time per frame (ms) |", "|--:|---|--:|--:|--:|--:|--:|--:|"]
    closed_loop(url, frames, 1, min(2, options.seconds))        # warm-up
    rate = None
    for count in CLIENTS:
        for follows in (False, True):
            before = processor_time(server)
            trips = closed_loop(url, frames, count, options.seconds, follows)
            lines.append(_row(count, "followed" if follows else "searched", trips, before, server, options.seconds))
            rate = rate or len(trips) / options.seconds
    before, count = processor_time(server), CLIENTS[-1]
    trips = fixed_rate(url, frames, count, options.seconds, options.rate)
    lines.append(_row(count, f"followed, {options.rate:g}/s each", trips, before, server, options.seconds))
    sent, delays = too_fast(url, frames, 3 * rate, options.seconds)
    tenths = ", ".join(f"{_at(part, 0.5):.0f}" for part in np.array_split(delays, 10))
    lines += ["", f"The camera of each of the {count} clients in the last row has {options.rate:g} frames/s; a client "
              "sends the newest frame when the last one is read, and the round trip begins with the camera's frame: "
              f"{100 * len(trips) / (count * options.seconds * options.rate):.0f} % of the frames were read.", "",
              f"One client sent {sent / options.seconds:.0f} frames/s, three times the throughput in the first row: "
              f"{len(delays)} of {sent} frames were read, the others replaced by newer ones. Median delay of the read "
              f"frames in ms, by tenths of the run: {tenths}. With a queue, the delay would grow.", ""]
    return "\n".join(lines)


def _row(count, name, trips, before, server, seconds):
    """A row of the table. trips: as `closed_loop` returns them. before: processor time at the start."""
    times, server_times, followed = zip(*trips, strict=True)
    return (f"| {count} | {name} | {len(trips) / seconds:.1f} | {100 * np.mean(followed):.0f} | "
            f"{_at(times, 0.5):.1f} | {_at(times, 0.95):.1f} | {_at(server_times, 0.5):.1f} | "
            f"{(processor_time(server) - before) / len(trips):.1f} |")


def processor_time(pid):
    """ms of the process and its children so far; NaN where there is no /proc."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, fields = int(path.parent.name), path.read_text().rpartition(")")[2].split()
        except OSError:         # ended in the meantime
            continue
        if pid in (number, int(fields[1])):
            total += 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total or float("nan")


def closed_loop(url, frames, count, seconds, follows=False):
    """[(round trip, server time, whether followed)], in ms, of `count` clients that wait for each result."""
    def moments(_, begin):
        while (now := time.perf_counter()) < begin + seconds:
            yield now
    return _run_clients(url, frames, count, follows, moments)


def fixed_rate(url, frames, count, seconds, rate):
    """As `closed_loop`, of clients whose cameras have `rate` frames/s; a client sends the newest frame."""
    def moments(client, begin):
        begin, number = begin + client / count / rate, 0
        while number < seconds * rate:
            time.sleep(max(0, begin + number / rate - time.perf_counter()))
            number = max(number, int((time.perf_counter() - begin) * rate))
            yield begin + number / rate
            number += 1
    return _run_clients(url, frames, count, True, moments)


def _run_clients(url, frames, count, follows, moments):
    """[(round trip, server time, whether followed)] of clients that send a frame at each of `moments`, when it yields.

    moments(client number, start): generator of the times at which frames were captured.
    """
    trips, clients = [], [connect(url) for _ in range(count)]
    begin = threading.Barrier(count)

    def work(client, which):
        begin.wait()
        state = Following(1)
        for number, captured in enumerate(moments(which, time.perf_counter())):
            known = state.next((WIDTH, HEIGHT), 1000 * captured) if follows else []
            faces = [{name: face[name] for name in ("box", "landmarks")} for face in known]
            follow = {"follow": faces} if faces else {}
            result = client.call("frame", (header(number) | follow, frames[number % len(frames)]), namespace="/live",
                                 timeout=30)
            trip, reading = 1000 * (time.perf_counter() - captured), _read(result)
            followed = reading.get("followed", False)
            state.update(reading["faces"], [face["score"] for face in reading["faces"]], followed)
            trips.append((trip, sum(reading["milliseconds"].values()), followed))

    threads = [threading.Thread(target=work, args=(client, which)) for which, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.disconnect()
    return trips


def too_fast(url, frames, rate, seconds):
    """(number of frames sent, delays in ms of those read, in sending order) of a client that does not wait."""
    client, results = connect(url), {}
    started = time.perf_counter()
    number = 0
    while time.perf_counter() - started < seconds:
        sent = time.perf_counter()

        def acknowledged(result, number=number, sent=sent):
            results[number] = (1000 * (time.perf_counter() - sent), result)

        client.emit("frame", (header(number), frames[number % len(frames)]), namespace="/live", callback=acknowledged)
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


def connect(url):
    """A connected client."""
    client = socketio.Client(reconnection=False)
    client.connect(url, namespaces=["/live"], transports=["websocket"])
    return client


def header(number):
    """The first argument of the event `frame`."""
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
