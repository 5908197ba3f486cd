"""How far votes move when another network takes over, beside a slight turn of the head, for docs/device.md.

    python -m benchmarks.interim FOLDER [--models jury-live jury-pocket]

Reads each photo in FOLDER with both networks, and a second time with the first one after a turn of 2 degrees and a
reduction by 3 %. Photos in which the readings have different numbers of faces are left out.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import emoscope

TURN, REDUCTION = 2, 0.97       # degrees; of the side


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs=2, default=("jury-live", "jury-pocket"), metavar="MODEL")
    options = parser.parse_args()
    first, second = (emoscope.Reader(name) for name in options.models)
    photos = list(images(options.folder))
    if not photos:
        sys.exit(f"error: {options.folder} has no photo that can be read")
    before = [first.read(photo).faces for photo in photos]
    print("| change | faces | votes of ten that move, mean | label changes |\n|---|--:|--:|--:|")
    for name, after in (("other network", [second.read(photo).faces for photo in photos]),
                        ("slight turn", [first.read(turned(photo)).faces for photo in photos])):
        pairs = [pair for one, other in zip(before, after, strict=True) if len(one) == len(other)
                 for pair in zip(by_place(one), by_place(other), strict=True)]
        moved = np.mean([votes_moved(one.votes, other.votes) for one, other in pairs])
        changed = np.mean([one.expression != other.expression for one, other in pairs])
        print(f"| {name} | {len(pairs)} | {moved:.2f} | {100 * changed:.0f} % |")


def images(folder):
    """The photos in the folder and its subfolders, RGB and upright."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".jpg", ".jpeg", ".png"}:
            with Image.open(path) as image:
                yield ImageOps.exif_transpose(image).convert("RGB")


def turned(image):
    smaller = image.resize([round(REDUCTION * side) for side in image.size], Image.Resampling.BICUBIC)
    return smaller.rotate(TURN, Image.Resampling.BICUBIC, fillcolor=(127, 127, 127))


def by_place(faces):
    return sorted(faces, key=lambda face: face.box.x)


def votes_moved(one, other):
    return sum(abs(one.get(label, 0) - other.get(label, 0)) for label in {*one, *other}) / 2


if __name__ == "__main__":
    main()
