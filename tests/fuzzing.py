"""Random and mutated inputs for tests/fuzz: a fixed number of cases in `make test`, any number with FUZZ_CASES."""

import io
import os
import struct
import zlib

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from PIL import Image, ImageDraw

import webapp.vision.images  # noqa: F401, registers HEIC

CASES = int(os.environ.get("FUZZ_CASES", 6000))
FIXED = "FUZZ_CASES" not in os.environ      # the same cases in every test run, new ones in a long run


def fuzz(fraction):
    """Settings of a test that receives this fraction of the cases."""
    return settings(max_examples=max(1, int(CASES * fraction)), deadline=None, database=None, derandomize=FIXED,
                    phases=(Phase.generate,), suppress_health_check=list(HealthCheck))


def mutate(data, rng, corpus):
    """`data` with a few bytes changed, removed, repeated or taken from a file of `corpus`; often near the start."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        if not data:
            break
        place = rng.randrange(min(len(data), rng.choice((64, 300, 10 ** 9))))
        kind = rng.randrange(7)
        if kind == 0:
            data[place] = rng.randrange(256)
        elif kind == 1:
            data[place] ^= 1 << rng.randrange(8)
        elif kind == 2:
            value = rng.choice((b"\0", b"\xff\xff", bytes(4), b"\xff" * 4, b"\x7f\xff", b"\1\0"))
            data[place:place + len(value)] = value
        elif kind == 3:
            del data[place:place + rng.choice((1, 2, 4, 16, 100))]
        elif kind == 4:
            data[place:place] = data[rng.randrange(len(data)):][:rng.choice((1, 4, 12, 60))]
        elif kind == 5:
            del data[place:]
        else:
            other = rng.choice(corpus)
            start = rng.randrange(len(other))
            data[place:place + 20] = other[start:start + 20]
    data = bytes(data)
    return _repair_checksums(data) if data.startswith(b"\x89PNG\r\n\x1a\n") and rng.random() < 0.7 else data


def _repair_checksums(png):
    """A mutated PNG whose chunks have correct checksums: otherwise no decoder looks further."""
    repaired, position = bytearray(png[:8]), 8
    while position + 8 <= len(png):
        size = struct.unpack(">I", png[position:position + 4])[0]
        chunk = png[position + 4:position + 8 + size]
        repaired += png[position:position + 4] + chunk + struct.pack(">I", zlib.crc32(chunk))
        position += 12 + size
    return bytes(repaired)


def _draw(mode):
    image = Image.new("RGB", (48, 40), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((5, 5, 40, 35), fill="orange")
    draw.ellipse((12, 12, 18, 18), fill="black")
    draw.rectangle((20, 24, 30, 30), fill="red")
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return image.convert(mode)


def _encode(mode, file_format, **options):
    file = io.BytesIO()
    _draw(mode).save(file, file_format, **options)
    return file.getvalue()


def images_of_all_kinds():
    """A small image in each mode and variant of the formats that the site reads."""
    kinds = [(mode, "JPEG", {"progressive": progressive}) for mode in ("L", "RGB", "CMYK") for progressive in (0, 1)]
    kinds += [(mode, "PNG", {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
    kinds += [("P", "PNG", {"transparency": 3}), ("RGB", "PNG", {"transparency": (255, 255, 255)})]
    for mode in ("RGB", "RGBA"):
        kinds += [(mode, "WEBP", {}), (mode, "WEBP", {"lossless": True})]
        kinds += [(mode, "AVIF", {"speed": 10}), (mode, "HEIF", {})]
    kinds += [(mode, "BMP", {}) for mode in ("1", "L", "P", "RGB", "RGBA")]
    kinds += [(mode, "GIF", {}) for mode in ("L", "P")]
    kinds += [(mode, "TIFF", {"compression": compression}) for mode in ("L", "P", "RGB", "RGBA", "I;16", "F")
              for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits")]
    kinds += [("1", "TIFF", {"compression": "group4"}), ("RGB", "TIFF", {"compression": "jpeg"}),
              ("LAB", "TIFF", {}), ("CMYK", "TIFF", {})]
    return [_encode(mode, kind, **options) for mode, kind, options in kinds]


CORPUS = images_of_all_kinds()
