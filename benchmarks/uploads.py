"""Memory an upload needs at its peak: the largest picture of each format, decoded in a process of its own.

    python -m benchmarks.uploads [--only WEBP]

MB above what the process needs for a small picture of the same format.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from webapp.vision import pictures
from webapp.vision.faces import PHOTO
from webapp.vision.reading import REDUCE

SIDE = 8000             # px: 64 megapixels
KINDS = {               # name: (mode, size, format, options)
    "baseline JPEG": ("RGB", (12_000, 9_000), "JPEG", {}),
    "progressive JPEG": ("RGB", (SIDE, SIDE), "JPEG", {"progressive": True}),
    "CMYK JPEG": ("CMYK", (SIDE, SIDE), "JPEG", {}),
    "palette PNG": ("P", (SIDE, SIDE), "PNG", {"compress_level": 1}),
    "16-bit PNG": ("I;16", (SIDE, SIDE), "PNG", {"compress_level": 1}),
    "RGBA PNG": ("RGBA", (SIDE, SIDE), "PNG", {"compress_level": 1}),
    "GIF": ("P", (SIDE, SIDE), "GIF", {}),
    "BMP": ("RGB", (3600, 2900), "BMP", {}),      # 31 MB, as large as an upload may be
    "TIFF": ("RGBA", (SIDE, SIDE), "TIFF", {"compression": "tiff_lzw"}),
    "HEIC": ("RGB", (SIDE, SIDE), "HEIF", {"quality": 30}),
    "AVIF": ("RGB", (SIDE, SIDE), "AVIF", {"quality": 30, "speed": 10}),
    "WebP": ("RGB", (SIDE, SIDE // pictures.COPIES["WEBP"]), "WEBP", {"quality": 30, "method": 0}),
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
                blank = Image.new(mode, tuple(round(scale * side) for side in size), 90 if len(mode) < 3 else None)
                blank.save(file, kind, **more)
            measured = subprocess.run([sys.executable, "-m", "benchmarks.uploads", "--decode", *map(str, files)],
                                      capture_output=True, text=True, check=True)
        print(f"{name:17} {size[0]} x {size[1]}: {measured.stdout.strip()} MB", flush=True)


def peak(small, large):
    """MB that decoding the file `large` needs more than `small`; or the code it is refused with."""
    most = []
    for file in (small, large):
        data = Path(file).read_bytes()
        try:
            pictures.decode(data, reduce_to=REDUCE * max(PHOTO))
        except pictures.PictureError as error:
            return error.code
        most.append(highest())
    return round(most[1] - most[0])


def highest():
    """MB resident at most so far, of this process alone: ru_maxrss would count what it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
