"""Peak memory of decoding the largest allowed image of each format, in a separate process.

    python -m benchmarks.uploads [--only WEBP]

Prints the MB above those for a small image of the same format.
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
KINDS = {               # name: (mode, size, format, options) of the most demanding variants
    "baseline JPEG": ("RGB", (12_000, 9_000), "JPEG", {}),
    "progressive JPEG": ("RGB", (SIDE, SIDE), "JPEG", {"progressive": True, "subsampling": 0}),
    "progressive CMYK": ("CMYK", (SIDE, SIDE), "JPEG", {"progressive": True, "subsampling": 0}),
    "palette PNG": ("P", (SIDE, SIDE), "PNG", {"compress_level": 1}),
    "16-bit PNG": ("I;16", (SIDE, SIDE), "PNG", {"compress_level": 1}),
    "RGBA PNG": ("RGBA", (SIDE, SIDE), "PNG", {"compress_level": 1}),
    "GIF": ("P", (SIDE, SIDE), "GIF", {}),
    "BMP": ("RGB", (3600, 2900), "BMP", {}),      # 31 MB, near the limit on uploads
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
    parser.add_argument("--only", metavar="NAME", help="measure only this format: " + ", ".join(KINDS))
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
    """Write a blank image with Pillow, or with OpenCV or pillow-heif if Pillow cannot write the format."""
    width, height = size
    if mode != "RGBA;16":
        Image.new(mode, size, 90 if len(mode) < 3 else None).save(file, kind, **more)
    elif kind == "HEIF":
        pillow_heif.from_bytes(mode, size, b"\x10\x20" * (4 * width * height)).save(file, **more)
    else:
        options = {"TIFF": [cv2.IMWRITE_TIFF_ROWSPERSTRIP, height], "AVIF": [cv2.IMWRITE_AVIF_DEPTH, 10]}[kind]
        done, data = cv2.imencode(f".{kind.lower()}", np.full((height, width, 4), 500, np.uint16), options)
        if not done:
            raise SystemExit(f"error: this build of OpenCV cannot write {kind}")
        file.write_bytes(data)


def peak(small, large):
    """MB of peak memory that decoding `large` needs beyond `small`, or the error code of its rejection."""
    peaks = []
    for file in (small, large):
        data = Path(file).read_bytes()
        try:
            images.decode(data, reduce_to=OVERSAMPLING * max(PHOTO_LONG_SIDES))
        except images.ImageError as error:
            return error.code
        peaks.append(peak_memory())
    return round(peaks[1] - peaks[0])


def peak_memory():
    """Peak resident memory of this process in MB. ru_maxrss would include the parent it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
