"""Where the time of one photo goes, step by step: prints a Markdown table, ms without the time of the steps inside.

    python -m benchmarks.steps [--runs 40]

The photos are those of benchmarks.photos. The entropy decoding is the least that a JPEG costs: OpenCV decodes it at an
eighth of the size, in gray, where one value of each block is used.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from benchmarks import photos
from webapp import bundles, settings
from webapp.readers import Readers
from webapp.vision import faces, images, letterbox, reading
from webapp.vision.faces import PHOTO_LONG_SIDES


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=40)
    runs = parser.parse_args().runs
    configured = settings.load()
    reader = Readers(configured, bundles.find(configured.path("models"))).get()
    steps = watch(reader)
    columns = {}
    for name, size in photos.SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            data = Path(photos.make_photo(Path(folder) / "photo.jpg", *size)).read_bytes()
        reader.read(data, long_sides=PHOTO_LONG_SIDES)
        steps.clear()
        for _ in range(runs):
            reader.read(data, long_sides=PHOTO_LONG_SIDES)
        columns[name] = {step: 1000 * seconds / runs for step, seconds in steps.items()}
        columns[name]["total"] = sum(columns[name].values())
        columns[name]["(entropy decoding alone)"] = entropy_decoding(data, runs)
    print(f"| processor ms | {' | '.join(columns)} |\n|---|{'--:|' * len(columns)}")
    steps = {step for column in columns.values() for step in column}
    for step in sorted(steps, key=lambda step: (step[0] == "(", step == "total", -columns["640 x 480"].get(step, 0))):
        print(f"| {step} | {' | '.join(f'{column.get(step, 0):.1f}' for column in columns.values())} |")


def watch(reader):
    """A Counter that from now on receives the processor seconds of each step."""
    seconds, inside = Counter(), [0.0]

    def timed(owner, name, step):
        function = getattr(owner, name)

        def call(*arguments, **options):
            started = time.thread_time()
            inside.append(0.0)
            try:
                return function(*arguments, **options)
            finally:
                taken = time.thread_time() - started
                seconds[step] += taken - inside.pop()
                inside[-1] += taken

        setattr(owner, name, call)

    timed(reader, "read", "everything else")
    timed(images, "_jpeg_pixels", "decoding")
    timed(images, "_count_scans", "counting the JPEG's scans")
    timed(faces, "_halve_if_large", "resizing")
    timed(letterbox, "resize", "resizing")
    timed(letterbox.Letterbox, "fill", "filling the networks' inputs")
    for size, network in reader.detector._networks.items():
        timed(network, "run", "detector, {} x {} px".format(*size))
    for name in ("_decoded", "peaks", "tiles_around", "suppress", "not_plain"):
        timed(faces, name, "candidates, tiles, suppression")
    timed(reading, "crop", "crop of the face")
    timed(reader.classifier, "_network", "expression network")
    return seconds


def entropy_decoding(data, runs):
    started = time.thread_time()
    for _ in range(runs):
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
    return 1000 * (time.thread_time() - started) / runs


if __name__ == "__main__":
    main()
