"""Memory an upload needs at its peak: the largest picture of each format, decoded in a process of its own.

    python -m benchmarks.uploads [--only WEBP]

MB above what the process needs for a small picture of the same format.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import Image

from webapp.vision import images
from webapp.vision.faces import PHOTO_LONG_SIDES
from webapp.vision.reading import OVERSAMPLING

SIDE = 8000             # px: 64 megapixels
MIDDLE = (8000, 6250)   # px: 50 megapixels
KINDS = {               # name: (mode, size, format, options); what takes the most of each
    "baseline JPEG": ("RGB", (12_000, 9_000), "JPEG", {}),
    "progressive JPEG": ("RGB", (SIDE, SIDE), "JPEG", {"progressive": True, "subsampling": 0}),
    "progressive CMYK": ("CMYK", (SIDE, SIDE), "JPEG", {"progressive": True, "subsampling": 0}),
    "palette PNG": ("P", (SIDE, SIDE), "PNG", {"compress_level": 1}),
    "16-bit PNG": ("I;16", (SIDE, SIDE), "PNG", {"compress_level": 1}),
    "RGBA PNG": ("RGBA", (SIDE, SIDE), "PNG", {"compress_level": 1}),
    "GIF": ("P", (SIDE, SIDE), "GIF", {}),
    "BMP": ("RGB", (3600, 2900), "BMP", {}),      # 31 MB, as large as an upload may be
    "TIFF": ("RGBA", (SIDE, SIDE), "TIFF", {"compression": "tiff_lzw"}),
    "16-bit TIFF": ("RGBA;16", (SIDE, SIDE), "TIFF", {}),
    "HEIC": ("RGB", MIDDLE, "HEIF", {"quality": 30}),
    "10-bit RGBA HEIC": ("RGBA;16", MIDDLE, "HEIF", {"quality": 30, "chroma": 444}),
    "AVIF": ("RGB", MIDDLE, "AVIF", {"quality": 30, "speed": 10}),
    "10-bit RGBA AVIF": ("RGBA;16", MIDDLE, "AVIF", {}),
    "WebP": ("RGBA", (SIDE, SIDE // 2), "WEBP", {"quality": 30, "method": 0}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", help="a format, as in " + ", ".join(KINDS))
    parser.add_argument("--decode", nargs=2, metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.decode:
        return print(peak(*options.decode))
    for name, (mode, size, kind, more) in KINDS.items():
        if options.only and options.only.lower() != name.lower():
            continue
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / "small", Path(folder) / "large"]
            for file, scale in zip(files, (0.01, 1), strict=True):
                save(file, mode, tuple(round(scale * side) for side in size), kind, more)
            measured = subprocess.run([sys.executable, "-m", "benchmarks.uploads", "--decode", *map(str, files)],
                                      capture_output=True, text=True, check=True)
        print(f"{name:17} {size[0]} x {size[1]}: {measured.stdout.strip()} MB", flush=True)


def save(file, mode, size, kind, more):
    """Write a blank picture; what Pillow does not write, OpenCV and pillow-heif do."""
    width, height = size
    if mode != "RGBA;16":
        Image.new(mode, size, 90 if len(mode) < 3 else None).save(file, kind, **more)
    elif kind == "HEIF":
        pillow_heif.from_bytes(mode, size, b"\x10\x20" * (4 * width * height)).save(file, **more)
    else:
        how = {"TIFF": [cv2.IMWRITE_TIFF_ROWSPERSTRIP, height], "AVIF": [cv2.IMWRITE_AVIF_DEPTH, 10]}[kind]
        done, data = cv2.imencode(f".{kind.lower()}", np.full((height, width, 4), 500, np.uint16), how)
        if not done:
            raise SystemExit(f"error: this OpenCV writes no {kind}")
        file.write_bytes(data)


def peak(small, large):
    """MB that decoding the file `large` needs more than `small`; or the code it is refused with."""
    most = []
    for file in (small, large):
        data = Path(file).read_bytes()
        try:
            images.decode(data, reduce_to=OVERSAMPLING * max(PHOTO_LONG_SIDES))
        except images.ImageError as error:
            return error.code
        most.append(highest())
    return round(most[1] - most[0])


def highest():
    """MB resident at most so far, of this process alone: ru_maxrss would count what it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
