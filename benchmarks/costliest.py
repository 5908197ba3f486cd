"""The smallest files that are costliest to decode, by format: bytes sent, processor seconds and peak memory.

    python -m benchmarks.costliest [--only NAME]

Each file is constructed at the pixel or scan limit of its format and decoded in a separate process as an uploaded
photo. A row ends with the processor seconds and MB for each kB sent, or the error code of a refusal.
"""

import argparse
import io
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from benchmarks.uploads import peak_memory
from webapp.vision import images
from webapp.vision.faces import PHOTO_LONG_SIDES
from webapp.vision.reading import OVERSAMPLING

SIDE = 8000             # px: 64 megapixels
SCAN = b"\xff\xda" + bytes([0, 8, 1, 1, 0, 0, 0, 1]) + b"\x00" * 4      # empty, of the first component


def flat(mode, width, height, kind, **options):
    """A black image, padded to the bytes that its pixels require."""
    file = io.BytesIO()
    Image.new(mode, (width, height)).save(file, kind, **options)
    data = file.getvalue()
    return data + bytes(max(0, width * height // images.MAX_PIXELS_PER_BYTE + 1 - len(data)))


def jpeg(side, scans):
    """A progressive JPEG of `side` px with empty scans, up to `scans` in total."""
    data = flat("L", side, side, "JPEG", progressive=True)
    return data[:-2] + SCAN * (scans - data.count(b"\xff\xda")) + data[-2:]


def tiff_of_jpegs(side, rows, scans):
    """A gray TIFF whose strips of `rows` rows are progressive JPEGs with `scans` scans."""
    file = io.BytesIO()
    Image.new("L", (side, rows)).save(file, "JPEG", progressive=True)
    strip = file.getvalue()
    strip = strip[:-2] + SCAN * max(0, scans - strip.count(b"\xff\xda")) + strip[-2:]
    count = side // rows
    offsets = 8 + len(strip)
    counts = offsets + 4 * count
    entries = [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 7), (262, 3, 1, 1),
               (273, 4, count, offsets if count > 1 else 8), (277, 3, 1, 1), (278, 4, 1, rows),
               (279, 4, count, counts if count > 1 else len(strip))]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    return (struct.pack("<2sHI", b"II", 42, counts + 4 * count) + strip + struct.pack("<I", 8) * count
            + struct.pack("<I", len(strip)) * count + directory)


def bmp_of_runs(side, run, limit=1_000_000):
    """A run-length encoded BMP whose runs have `run` pixels, of at most `limit` bytes of runs."""
    row = bytes([run, 0]) * (side // run) + b"\0\0"
    body = row * min(side, limit // len(row)) + b"\0\1"
    header = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(body), 0, 0, 256, 0)
    return struct.pack("<2sIHHI", b"BM", 54 + 1024 + len(body), 0, 0, 54 + 1024) + header + bytes(1024) + body


KINDS = {
    "JPEG, 20 scans at 64 MP": lambda: jpeg(SIDE, 20),
    "JPEG, 64 scans at 20 MP": lambda: jpeg(4464, 64),
    "JPEG, baseline, 256 MP": lambda: flat("L", 2 * SIDE, 2 * SIDE, "JPEG"),
    "PNG, 1 bit": lambda: flat("1", SIDE, SIDE, "PNG"),
    "PNG, RGBA": lambda: flat("RGBA", SIDE, SIDE, "PNG"),
    "GIF": lambda: flat("P", SIDE, SIDE, "GIF"),
    "WebP, lossless, 32 MP": lambda: flat("RGB", SIDE, SIDE // 2, "WEBP", lossless=True, quality=0, method=0),
    "WebP, lossy, 32 MP": lambda: flat("RGB", SIDE, SIDE // 2, "WEBP", method=0),
    "AVIF, 50 MP": lambda: flat("RGB", SIDE, 6250, "AVIF", speed=10),
    "TIFF, LZW": lambda: flat("L", SIDE, SIDE, "TIFF", compression="tiff_lzw"),
    "TIFF, deflate": lambda: flat("L", SIDE, SIDE, "TIFF", compression="tiff_adobe_deflate"),
    "TIFF, fax": lambda: flat("1", SIDE, SIDE, "TIFF", compression="group4"),
    "TIFF, JPEG of 90 scans": lambda: tiff_of_jpegs(SIDE, 80, 90) + bytes(2000),
    "TIFF, JPEG of 6000 scans": lambda: tiff_of_jpegs(2000, 2000, 6000),
    "BMP, long runs": lambda: bmp_of_runs(SIDE, 250),
    "BMP, runs of 1 pixel": lambda: bmp_of_runs(700, 1),
    "HEIC, 50 MP": lambda: flat("RGB", SIDE, 6250, "HEIF"),      # slow to construct
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", help="measure only this file: " + "; ".join(KINDS))
    parser.add_argument("--decode", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.decode:
        return print(*measure(Path(options.decode).read_bytes()))
    print("| File | kB | s | MB | s for each kB | MB for each kB |\n|---|---|---|---|---|---|")
    for name, construct in KINDS.items():
        if options.only and options.only.lower() != name.lower():
            continue
        data = construct()
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            output = subprocess.run([sys.executable, "-m", "benchmarks.costliest", "--decode", file.name],
                                    capture_output=True, text=True, check=True, timeout=300).stdout.split()
        seconds, memory, *error = output
        size, seconds, memory = len(data) / 1000, float(seconds), float(memory)
        print(f"| {name}{''.join(f' (`{code}`)' for code in error)} | {size:.1f} | {seconds:.2f} | {memory:.0f} | "
              f"{seconds / size:.3f} | {memory / size:.1f} |", flush=True)


def measure(data):
    """Processor seconds, MB of peak memory beyond the process itself, and the error code, if any."""
    images.decode(flat("RGB", 64, 64, "JPEG"))
    memory, started, code = peak_memory(), time.process_time(), []
    try:
        images.decode(data, reduce_to=OVERSAMPLING * max(PHOTO_LONG_SIDES))
    except images.ImageError as error:
        code = [error.code]
    return time.process_time() - started, peak_memory() - memory, *code


if __name__ == "__main__":
    sys.exit(main())
