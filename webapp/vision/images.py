"""Bytes to an upright RGB picture, whatever camera or program wrote them, within bounds."""

import contextlib
import io
import re
import struct
from dataclasses import dataclass

import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
Image.init()                    # every plug-in: asked for by name, those not yet loaded are a KeyError

MAX_PIXELS = 64_000_000        # decoded at once: 4 bytes each, 256 MB
LARGER_JPEG = 4                 # times MAX_PIXELS that a baseline JPEG may have, for it is decoded reduced
Image.MAX_IMAGE_PIXELS = LARGER_JPEG * MAX_PIXELS   # Pillow's own bound, which would warn below ours
MOST = {"WEBP": 32_000_000, "AVIF": 50_000_000, "HEIF": 50_000_000}     # for formats whose decoders keep copies
MAX_SCANS = 64                  # of one JPEG; the usual progressive one has 10, optimizing encoders write up to 20
FULL_SIZE_SCANS = 20            # scans that a JPEG of MAX_PIXELS may have: each scan visits every pixel once more
MAX_MARKERS = 4096              # of one JPEG; 64 MB in segments of full length have 1024
LARGE = 16_000_000              # decoded pixels from which `gate` is passed
STRIP = 512                     # rows brought to RGB at a time
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF")
READABLE = "JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF"
_ORIENTATION = 0x0112           # EXIF tag
_UPRIGHT = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_90}
# What Pillow and its codecs raise on damaged bytes, beside OSError.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, RuntimeError, OverflowError,
           AssertionError, struct.error)
# A JPEG marker: not a stuffed 0xFF00, not a restart marker, which are part of a scan's data.
_MARKER = re.compile(rb"\xff+([^\x00\x01\xd0-\xd7\xff])")
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA


class ImageError(ValueError):
    """The bytes cannot be read as a picture; the text is for people.

    code: `not_a_picture`, `truncated` (incomplete or damaged), `too_many_pixels`, `too_many_scans` (of a
    progressive JPEG), `too_large` (bytes),
    `unsupported` (a kind of pixels that has no one meaning on a screen).
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class DecodedImage:
    """pixels: uint8 (h, w, 3), RGB, upright; width, height: px of the full upright picture, which
    `pixels` may be a reduced copy of."""

    pixels: np.ndarray
    width: int
    height: int


def decode(data, max_pixels=MAX_PIXELS, reduce_to=None, max_bytes=None, gate=None):
    """Read `data` (bytes: JPEG, PNG, WebP, AVIF, HEIC/HEIF, GIF's first frame, BMP, TIFF) as a DecodedImage.

    The size is read from the header and checked before anything is decoded. Turned upright by EXIF;
    transparent pixels are laid on white; 16-bit grey is scaled to 8. `reduce_to`: px of the long
    side that are enough; a JPEG is then decoded at a half, a quarter or an eighth, other formats
    averaged down by whole numbers, never below it. `max_pixels`: decoded at once; a baseline JPEG
    may have LARGER_JPEG times as many where `reduce_to` keeps what is decoded within it. Memory at
    the peak: some 5 bytes a decoded pixel; HEIC, AVIF and WebP, whose decoders keep copies, may have fewer
    (MOST). A JPEG of several scans is decoded whole, whatever its reduced size, and may have MAX_SCANS scans, fewer
    the larger it is: the time of a decoding is bounded by the pixels, not by the bytes of one scan.
    `gate`: a context manager, such as a lock, held while a picture of more than LARGE decoded
    pixels is decoded, so that many callers need the memory of one. Raises ImageError.
    """
    if max_bytes is not None and len(data) > max_bytes:
        raise ImageError("too_large", f"The file has {len(data) / 1e6:.1f} MB; "
                                        f"at most {max_bytes / 1e6:.1f} MB are read.")
    scans = _scans(data)
    image = _open(data)
    width, height = image.size
    _check_scans(scans, width * height, max_pixels)
    try:
        _check_size(image, max_pixels, reduce_to, scans)
        with gate if gate and image.size[0] * image.size[1] > LARGE else contextlib.nullcontext():
            rgb = _to_rgb(image, max(1, max(image.size) // reduce_to) if reduce_to else 1)
        orientation = _orientation(image)       # after decoding, for Pillow turns a TIFF itself
    except ImageError:
        raise
    except _DAMAGE as error:
        raise ImageError("truncated", "The picture is incomplete or damaged.") from error
    if orientation in _UPRIGHT:
        rgb = rgb.transpose(_UPRIGHT[orientation])
    if orientation >= 5:
        width, height = height, width
    return DecodedImage(np.asarray(rgb), width, height)


def _open(data):
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(MAX_PIXELS, "has far more pixels than any camera's") from error
    except (OSError, ValueError, SyntaxError, RuntimeError) as error:      # UnidentifiedImageError is an OSError
        raise ImageError("not_a_picture", f"This is not a picture that can be read: {READABLE}.") from error


def _scans(data):
    """The scans of a JPEG, at most MAX_SCANS + 1, from its markers; 1 for another format."""
    if not data.startswith(b"\xff\xd8\xff"):
        return 1
    scans, place = 0, 2
    for _ in range(MAX_MARKERS):
        found = _MARKER.search(data, place)
        if not found or found[1][0] in (_START_OF_IMAGE, _END_OF_IMAGE) or scans > MAX_SCANS:
            return max(1, scans)
        scans += found[1][0] == _START_OF_SCAN
        place = found.end() + max(2, int.from_bytes(data[found.end():found.end() + 2], "big"))
    raise ImageError("truncated", f"The JPEG is damaged: it has more than {MAX_MARKERS} markers.")


def _check_scans(scans, pixels, max_pixels):
    """Refuse a JPEG that would take long to decode for its size: a scan of a few bytes visits every pixel."""
    most = max(1, min(MAX_SCANS, FULL_SIZE_SCANS * max_pixels // max(1, pixels)))
    if scans > most:
        raise ImageError("too_many_scans", f"The JPEG has more than {most} scans, which would take too long to "
                                             "decode at its size; save it as a baseline JPEG.")


def _check_size(image, max_pixels, reduce_to, scans):
    """Prepare a JPEG's reduced decoding, and refuse what would still be more than `max_pixels`."""
    width, height = image.size
    max_pixels = min(max_pixels, MOST.get(image.format, max_pixels))
    most = max_pixels
    if reduce_to:
        scale = min(1, reduce_to / max(width, height))
        image.draft(None, (max(1, int(width * scale)), max(1, int(height * scale))))
        if scans == 1 and not image.info.get("progressive"):    # else every coefficient is in memory, reduced or not
            most = LARGER_JPEG * max_pixels
    if width * height > most or image.size[0] * image.size[1] > max_pixels:
        raise _too_many_pixels(max_pixels, f"has {width} x {height} pixels")


def _too_many_pixels(max_pixels, has):
    return ImageError("too_many_pixels", f"The picture {has}; at most {max_pixels / 1e6:.0f} megapixels are read.")


def _orientation(image):
    """EXIF orientation, 1-8; 1 when there is none or it is damaged."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return orientation if orientation in _UPRIGHT else 1


def _to_rgb(image, factor):
    """Decode: the first frame as mode RGB, averaged down by `factor`; strip by strip, so that memory
    holds the decoded picture once and no copy of it in another mode."""
    image.load()
    if factor == 1:
        return _as_rgb(image)
    width, height = image.size
    reduced = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = -(-STRIP // factor) * factor
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(height, top + rows)))
        reduced.paste(_as_rgb(strip).reduce(factor), (0, top // factor))
    return reduced


def _as_rgb(image):
    if image.mode.startswith("I"):
        return _from_16_bits(image)
    if image.mode == "F":
        raise ImageError("unsupported", "The picture holds measured values, not brightness; save it as 8-bit first.")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _from_16_bits(image):
    values = np.asarray(image).astype(np.int64)
    return Image.fromarray(np.clip((values + 128) // 257, 0, 255).astype(np.uint8)).convert("RGB")
