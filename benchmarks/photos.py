"""Time per photo and step at 640 x 480, 12 and 48 megapixels, compared with other programs.

    python -m benchmarks.photos [--fer PYTHON] [--deepface PYTHON] [--runs 5]

`--fer`, `--deepface`: the Python interpreter of a virtual environment with that package. All programs read the same
files in the same run. Photos per second per core are based on CPU time, so other load affects them little. The limit is
the processor time of the parts nothing can be read without: decoding, and the networks that have run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import skimage.data
from PIL import Image

from webapp import bundles, settings
from webapp.readers import Readers
from webapp.vision import images
from webapp.vision.faces import PHOTO_LONG_SIDES

SIZES = {"640 x 480": (640, 480), "12 megapixels": (4000, 3000), "48 megapixels": (8000, 6000)}
STEPS = ("decode", "faces", "crops", "network")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="repetitions per photo (default: 5)")
    for peer in ("fer", "deepface"):
        parser.add_argument(f"--{peer}", metavar="PYTHON", help=f"interpreter that can import {peer}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = {name: make_photo(Path(folder) / f"{name}.jpg", *size) for name, size in SIZES.items()}
        show("emoscope", measure(files, options.runs))
        for peer in ("fer", "deepface"):
            if getattr(options, peer):
                show(peer, measure_peer(peer, getattr(options, peer), files, options.runs))


def make_photo(path, width, height):
    """Write a JPEG of the astronaut (NASA, public domain) on the left and gray on the right; return its path."""
    image = Image.new("RGB", (width, height), "gray")
    image.paste(Image.fromarray(skimage.data.astronaut()).resize((height, height), Image.Resampling.BICUBIC))
    image.save(path, quality=92)
    return str(path)


def measure(files, runs):
    """{size: {ms, cpu_ms, faces, steps}} of this project's reader."""
    configured = settings.load()
    reader = Readers(configured, bundles.find(configured.path("models"))).get()
    parts = time_parts(reader)
    result = {}
    for name, file in files.items():
        data = Path(file).read_bytes()
        reader.read(data, long_sides=PHOTO_LONG_SIDES)
        parts.clear()
        readings, started, cpu = [], time.perf_counter(), time.process_time()
        for _ in range(runs):
            readings.append(reader.read(Path(file).read_bytes(), long_sides=PHOTO_LONG_SIDES))
        result[name] = {"ms": 1000 * (time.perf_counter() - started) / runs,
                        "cpu_ms": 1000 * (time.process_time() - cpu) / runs, "faces": len(readings[0]["faces"]),
                        "limit_cpu_ms": 1000 * sum(parts) / runs}
        result[name]["steps"] = {step: sum(one["milliseconds"][step] for one in readings) / runs for step in STEPS}
    return result


def time_parts(reader):
    """A list that from now on receives the processor seconds of each decoded image and each run of a network."""
    seconds = []

    def timed(function):
        def call(*arguments):
            started = time.thread_time()
            try:
                return function(*arguments)
            finally:
                seconds.append(time.thread_time() - started)
        return call

    images._jpeg_pixels = timed(images._jpeg_pixels)
    reader.classifier._network = timed(reader.classifier._network)
    for network in reader.detector._networks.values():
        network.run = timed(network.run)
    return seconds


def measure_peer(peer, python, files, runs):
    """{size: {ms, cpu_ms, faces}} of another program."""
    script = Path(__file__).with_name("peers.py")
    process = subprocess.run([python, str(script), peer, str(runs), *files.values()], capture_output=True, text=True)
    if process.returncode:
        raise SystemExit(f"error: {peer} failed with {python}: {process.stderr.strip().splitlines()[-1]}")
    measured = json.loads(process.stdout.strip().splitlines()[-1])
    return {name: measured[file] for name, file in files.items()}


def show(program, result):
    for name, one in result.items():
        steps = ", ".join(f"{step} {one['steps'][step]:.1f}" for step in STEPS if "steps" in one)
        print(f"{program:9} {name:14} {one['ms']:8.1f} ms per photo, {1000 / one['cpu_ms']:6.1f} photos/s per core, "
              f"{one['faces']} face{'s' * (one['faces'] != 1)}"
              + (f"; {one['limit_cpu_ms'] / one['cpu_ms']:.0%} of the limit; ms: {steps}" if steps else ""), flush=True)


if __name__ == "__main__":
    sys.exit(main())
