"""How fast the live socket is on this machine: python benchmarks/live.py [--seconds 10] [--write]

Starts the real server with the real model on loopback and sends it a film of scikit-image's astronaut, 640 x 480:
1, 4 and 16 clients in a closed loop, each sending when its answer is in; then one that sends three times too
fast. Prints Markdown; --write puts it into docs/benchmarks-live.md too.
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
    parser.add_argument("--seconds", type=float, default=10, help="length of each measurement (10)")
    parser.add_argument("--model", default="jury-live", help="bundle to read with (jury-live)")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks-live.md")
    options = parser.parse_args()
    film = frames()
    process, url = start(options.model)
    try:
        report = measure(url, film, options)
    finally:
        process.terminate()
        process.wait(20)
    print(report)
    if options.write:
        (ROOT / "docs" / "benchmarks-live.md").write_text(report)


def frames(count=30):
    """JPEGs of the astronaut, moving left and right."""
    large = Image.fromarray(skimage.data.astronaut()).resize((WIDTH + 80, WIDTH + 80))
    film = []
    for number in range(count):
        left = int(40 + 40 * np.sin(2 * np.pi * number / count))
        file = io.BytesIO()
        large.crop((left, 0, left + WIDTH, HEIGHT)).save(file, "JPEG", quality=QUALITY)
        film.append(file.getvalue())
    return film


def start(model):
    """(process, address) of the server, once it is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "webapp", "serve", "--port", str(port), "--model", model, "--live-rate", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "is ready" in line:
            return process, f"http://127.0.0.1:{port}"
    raise SystemExit("the server did not start")


def measure(url, film, options):
    """The report, Markdown."""
    hello = _connect(url).call("hello", namespace="/live")
    version = next(model["version"] for model in hello["models"] if model["default"])
    lines = ["# The live socket, measured", "",
             f"`python benchmarks/live.py --seconds {options.seconds:g}`: {options.model} {version}, engine "
             f"{hello['engine']}, {os.cpu_count()} CPU cores ({platform.machine()}), Python "
             f"{platform.python_version()}, load before {os.getloadavg()[0]:.1f}; frames of {WIDTH} x {HEIGHT}, "
             f"{statistics.mean(map(len, film)) / 1000:.0f} kB. Clients and server share the machine.", "",
             "| Clients | Readings/s, all | Readings/s, each | Round trip p50, ms | p95, ms | of it the steps, ms |",
             "|--:|--:|--:|--:|--:|--:|"]
    closed_loop(url, film, 1, min(2, options.seconds))        # warm
    rate = None
    for count in CLIENTS:
        trips, inside = closed_loop(url, film, count, options.seconds)
        per_second = len(trips) / options.seconds
        rate = rate or per_second
        lines.append(f"| {count} | {per_second:.1f} | {per_second / count:.1f} | {_at(trips, 0.5):.1f} | "
                     f"{_at(trips, 0.95):.1f} | {_at(inside, 0.5):.1f} |")
    sent, delays = too_fast(url, film, 3 * rate, options.seconds)
    tenths = ", ".join(f"{_at(part, 0.5):.0f}" for part in np.array_split(delays, 10))
    lines += ["", f"One client sent {sent / options.seconds:.0f} frames a second, three times what it got in a closed "
              f"loop: {len(delays)} of {sent} were read, the others replaced by newer ones. Median delay of those "
              f"read, tenth by tenth, in ms: {tenths}. A queue would make these grow to the end.", ""]
    return "\n".join(lines)


def closed_loop(url, film, count, seconds):
    """(round trips, the server's own time) in ms, of `count` clients that send when their answer is in."""
    trips, inside, clients = [], [], [_connect(url) for _ in range(count)]
    begin = threading.Barrier(count)

    def work(client):
        begin.wait()
        end, number = time.perf_counter() + seconds, 0
        while (begun := time.perf_counter()) < end:
            answer = client.call("frame", (_about(number), film[number % len(film)]), namespace="/live", timeout=30)
            trips.append(1000 * (time.perf_counter() - begun))
            inside.append(sum(_read(answer)["milliseconds"].values()))
            number += 1

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.disconnect()
    return trips, inside


def too_fast(url, film, rate, seconds):
    """(frames sent, delays in ms of those read, in the order sent) of a client that does not wait."""
    client, answers = _connect(url), {}
    begun = time.perf_counter()
    number = 0
    while time.perf_counter() - begun < seconds:
        sent = time.perf_counter()

        def answered(answer, number=number, sent=sent):
            answers[number] = (1000 * (time.perf_counter() - sent), answer)

        client.emit("frame", (_about(number), film[number % len(film)]), namespace="/live", callback=answered)
        number += 1
        time.sleep(max(0, begun + number / rate - time.perf_counter()))
    end = time.perf_counter() + 30
    while len(answers) < number and time.perf_counter() < end:
        time.sleep(0.01)
    client.disconnect()
    codes = {answer["error"]["code"] for _, answer in answers.values() if "error" in answer}
    if len(answers) < number or not codes <= {"replaced", "wrong_order"}:
        raise SystemExit(f"{number - len(answers)} frames were not answered; errors: {sorted(codes)}")
    return number, [delay for _, (delay, answer) in sorted(answers.items()) if "reading" in answer]


def _connect(url):
    client = socketio.Client(reconnection=False)
    client.connect(url, namespaces=["/live"], transports=["websocket"])
    return client


def _about(number):
    return {"id": number, "width": WIDTH, "height": HEIGHT, "sent": 1000 * time.time()}


def _read(answer):
    """The reading; stops the benchmark where it is an error or found no face."""
    if "error" in answer or len(answer["reading"]["faces"]) != 1:
        raise SystemExit(f"not one face was read: {answer}")
    return answer["reading"]


def _at(values, share):
    return float(np.quantile(values, share)) if len(values) else float("nan")


if __name__ == "__main__":
    main()
