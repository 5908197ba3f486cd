"""Decode image files of any common format to upright RGB, within limits on memory and time."""

import contextlib
import io
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
Image.init()    # load all plug-ins: Image.open(formats=...) raises KeyError for a plug-in that is not loaded

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF")
FORMAT_NAMES = "JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF"

MAX_PIXELS = 64_000_000         # decoded at once; at 4 bytes per pixel, 256 MB
BASELINE_JPEG_FACTOR = 4        # a baseline JPEG may have this many times MAX_PIXELS: it is decoded at reduced size
FORMAT_MAX_PIXELS = {"WEBP": 32_000_000, "AVIF": 50_000_000, "HEIF": 50_000_000}    # their decoders hold copies
Image.MAX_IMAGE_PIXELS = BASELINE_JPEG_FACTOR * MAX_PIXELS      # Pillow's default would warn below our limit

MAX_SCANS = 64                  # per JPEG; a typical progressive JPEG has 10, optimizing encoders write up to 20
MAX_SCANS_AT_MAX_PIXELS = 20    # for a JPEG of MAX_PIXELS: decoding visits every pixel once per scan
MAX_MARKERS = 4096              # per JPEG; 64 MB in full-length segments have 1024

COSTLY_PIXELS = 16_000_000      # images whose decoder visits more pixels are decoded under the caller's lock
MAX_PIXELS_PER_BYTE = 10_000    # PNG, the densest format without prediction, reaches 8,256
DENSE_PIXELS = 4_000_000        # images with more pixels must have a byte for every MAX_PIXELS_PER_BYTE
STRIP_ROWS = 512                # rows converted to RGB at a time

_ORIENTATION = 0x0112           # EXIF tag
_UPRIGHT: dict[int, Callable] = {
    2: lambda pixels: cv2.flip(pixels, 1), 3: lambda pixels: cv2.flip(pixels, -1),
    4: lambda pixels: cv2.flip(pixels, 0), 5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.transpose(pixels), -1),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)}
# RGB at 1/1, 1/2, 1/4 and 1/8 size. OpenCV has no constants for reduced RGB; these flags give it.
_JPEG_FLAGS = {1: cv2.IMREAD_COLOR_RGB, 2: cv2.IMREAD_REDUCED_GRAYSCALE_2 | cv2.IMREAD_COLOR_RGB,
               4: cv2.IMREAD_REDUCED_GRAYSCALE_4 | cv2.IMREAD_COLOR_RGB,
               8: cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_COLOR_RGB}
# Everything that Pillow and its codecs raise on damaged data.
_DECODER_ERRORS = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, RuntimeError,
                   OverflowError, AssertionError, struct.error)
# A JPEG marker that is not part of a scan's data (0xFF00 and the restart markers are).
_MARKER = re.compile(rb"\xff+([^\x00\x01\xd0-\xd7\xff])")
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
_SCAN = re.compile(rb"\xff\xda")      # a third of the time of bytes.find, which stops at each of the two bytes


class ImageError(ValueError):
    """The bytes cannot be decoded as an image; the message is written for the user.

    code: `not_a_picture`, `truncated` (incomplete or damaged), `too_large` (bytes), `too_many_pixels`,
    `too_many_scans` (progressive JPEG), or `unsupported` (pixel values with no defined brightness).
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code

    def __reduce__(self):       # for other processes
        return type(self), (self.code, str(self))


@dataclass(frozen=True)
class DecodedImage:
    """pixels: uint8 (h, w, 3), RGB, upright, possibly reduced; width, height: px of the upright image at full size."""

    pixels: np.ndarray
    width: int
    height: int


def decode(data, max_pixels=MAX_PIXELS, reduce_to=None, max_bytes=None, lock=None):
    """Decode `data` (bytes of a JPEG, PNG, WebP, AVIF, HEIC/HEIF, BMP, TIFF or a GIF's first frame) to a DecodedImage.

    The result is upright (EXIF orientation applied), composited on white, and 8-bit (16-bit gray is
    scaled). The size comes from the header and is checked before decoding.

    max_pixels: limit on the pixels decoded at once. A baseline JPEG may have BASELINE_JPEG_FACTOR times
    as many if `reduce_to` brings the decoded size below the limit; WebP, AVIF and HEIC may have fewer
    (FORMAT_MAX_PIXELS). Peak memory is about 5 bytes per decoded pixel.
    reduce_to: px; the long side of the result is at least this, if the image is that large. A JPEG is
    decoded at 1/2, 1/4 or 1/8 size; other formats are averaged down by an integer factor.
    max_bytes: limit on `len(data)`.
    lock: a context manager held while an image is decoded that costs more than COSTLY_PIXELS, so that
    concurrent callers need the memory and time of one such image.

    A JPEG may have MAX_SCANS scans, or fewer if it is large, because a scan of a few bytes costs a pass
    over all pixels. Raises ImageError, and what entering `lock` raises.
    """
    if max_bytes is not None and len(data) > max_bytes:
        raise ImageError("too_large", f"The file has {len(data) / 1e6:.1f} MB; the limit is {max_bytes / 1e6:.1f} MB.")
    scans = _count_scans(data)
    image = _open(data)
    width, height = image.size
    _check_scans(scans, width * height, max_pixels)
    costly = contextlib.nullcontext()
    try:
        _check_size(image, max_pixels, reduce_to, scans)
        _check_density(width * height, len(data))
        if lock and _work(image, width * height, scans) > COSTLY_PIXELS:
            costly = lock
        with costly:
            factor = max(1, max(image.size) // reduce_to) if reduce_to else 1
            pixels = _jpeg_pixels(data, image, max(width, height)) if factor == 1 else None
            if pixels is None:
                pixels = np.asarray(_to_rgb(image, factor))
        orientation = _orientation(image)       # read after decoding: Pillow rotates a TIFF itself
    except ImageError:
        raise
    except _DECODER_ERRORS as error:
        raise ImageError("truncated", "The image is incomplete or damaged.") from error
    if orientation in _UPRIGHT:
        pixels = _UPRIGHT[orientation](pixels)
    if orientation >= 5:
        width, height = height, width
    return DecodedImage(pixels, width, height)


def _open(data):
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(MAX_PIXELS, "has more pixels than any camera produces") from error
    except (OSError, ValueError, SyntaxError, RuntimeError) as error:      # UnidentifiedImageError is an OSError
        raise ImageError("not_a_picture", f"The file is not a supported image; use {FORMAT_NAMES}.") from error


def _count_scans(data):
    """Number of scans of a JPEG, from its markers, at most MAX_SCANS + 1; 1 for other formats.

    The entropy-coded data, most of the file, are searched only if the bytes of another scan's marker follow.
    """
    if not data.startswith(b"\xff\xd8\xff"):
        return 1
    scans, position = 0, 2
    for _ in range(MAX_MARKERS):
        found = _MARKER.search(data, position)
        if not found or found[1][0] in (_START_OF_IMAGE, _END_OF_IMAGE) or scans > MAX_SCANS:
            return max(1, scans)
        scans += found[1][0] == _START_OF_SCAN
        if scans and not _SCAN.search(data, found.end()):
            return scans
        position = found.end() + max(2, int.from_bytes(data[found.end():found.end() + 2], "big"))
    raise ImageError("truncated", f"The JPEG is damaged: it has more than {MAX_MARKERS} markers.")


def _check_scans(scans, pixels, max_pixels):
    """Reject a JPEG with so many scans for its size that decoding would take long."""
    limit = max(1, min(MAX_SCANS, MAX_SCANS_AT_MAX_PIXELS * max_pixels // max(1, pixels)))
    if scans > limit:
        raise ImageError("too_many_scans", f"The JPEG has more than {limit} scans and would take too long to "
                                           "decode at its size; save it as a baseline JPEG.")


def _check_size(image, max_pixels, reduce_to, scans):
    """Set up reduced-size decoding of a JPEG, then reject an image that still exceeds `max_pixels`."""
    width, height = image.size
    max_pixels = min(max_pixels, FORMAT_MAX_PIXELS.get(image.format, max_pixels))
    full_size_limit = max_pixels
    if reduce_to:
        scale = min(1, reduce_to / max(width, height))
        image.draft(None, (max(1, int(width * scale)), max(1, int(height * scale))))
        # Otherwise the decoder holds every coefficient in memory, at whatever size it decodes.
        if scans == 1 and not image.info.get("progressive"):
            full_size_limit = BASELINE_JPEG_FACTOR * max_pixels
    if width * height > full_size_limit or image.size[0] * image.size[1] > max_pixels:
        raise _too_many_pixels(max_pixels, f"has {width} x {height} pixels")


def _check_density(pixels, size):
    """Reject a file of a few bytes that declares millions of pixels: it has no face and costs their memory."""
    if pixels > max(DENSE_PIXELS, MAX_PIXELS_PER_BYTE * size):
        raise ImageError("too_many_pixels", f"The image has {pixels / 1e6:.0f} megapixels in {size} bytes; an image "
                                            f"may have at most {MAX_PIXELS_PER_BYTE:,} pixels per byte.")


def _work(image, full_size, scans):
    """Pixels that the decoder visits. At reduced size it visits a quarter of a JPEG's pixels at most."""
    return max(image.size[0] * image.size[1], full_size // 4) * scans


def _too_many_pixels(max_pixels, problem):
    return ImageError("too_many_pixels", f"The image {problem}; the limit is {max_pixels / 1e6:.0f} megapixels.")


def _orientation(image):
    """EXIF orientation, 1-8; 1 if it is missing or damaged."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except _DECODER_ERRORS:
        return 1
    return orientation if orientation in _UPRIGHT else 1


def _jpeg_pixels(data, image, long_side):
    """A JPEG in color or gray as uint8 (h, w, 3), RGB, at the size of `image`; None if it is another file or damaged.

    Both OpenCV and Pillow use libjpeg-turbo and give the same pixels, but Pillow copies them three times.
    """
    flags = _JPEG_FLAGS.get(round(long_side / max(image.size)))
    if image.format != "JPEG" or image.mode not in ("RGB", "L") or flags is None:
        return None
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return pixels if pixels is not None and pixels.shape[1::-1] == image.size else None


def _to_rgb(image, factor):
    """Decode the first frame as mode RGB, averaged down by `factor`.

    Works in strips, so that memory holds the decoded image once and no copy of it in another mode.
    """
    image.load()
    if image.mode in ("P", "PA") and image.palette is None:     # a palette PNG without a PLTE chunk
        raise ImageError("truncated", "The image is damaged: its palette is missing.")
    if factor == 1:
        return to_rgb(image)
    width, height = image.size
    reduced = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = -(-STRIP_ROWS // factor) * factor
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(height, top + rows)))
        reduced.paste(to_rgb(strip).reduce(factor), (0, top // factor))
    return reduced


def to_rgb(image):
    """The PIL image in mode RGB, on white. Raises ImageError for pixel values with no defined brightness."""
    if image.mode.startswith("I"):
        return _from_16_bits(image)
    if image.mode == "F":
        raise ImageError("unsupported", "The image holds floating-point values; save it as an 8-bit image.")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _from_16_bits(image):
    values = np.asarray(image).astype(np.int64)
    return Image.fromarray(np.clip((values + 128) // 257, 0, 255).astype(np.uint8)).convert("RGB")
