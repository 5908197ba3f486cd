import contextlib
import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import skimage.data
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from webapp.vision.images import ImageError, decode

WIDTH, HEIGHT = 60, 40
QUARTERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)


@pytest.fixture
def quarters():
    """uint8 (40, 60, 3): red, green; blue, white."""
    return QUARTERS.repeat(HEIGHT // 2, axis=0).repeat(WIDTH // 2, axis=1)


def _bytes(image, file_format, **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def _assert_same(found, expected, tolerance=0):
    assert found.pixels.dtype == np.uint8 and found.pixels.shape == expected.shape
    middles = [(y, x) for y in (expected.shape[0] // 4, 3 * expected.shape[0] // 4)
               for x in (expected.shape[1] // 4, 3 * expected.shape[1] // 4)]
    for y, x in middles:
        np.testing.assert_allclose(found.pixels[y, x].astype(int), expected[y, x].astype(int), atol=tolerance)


@pytest.mark.parametrize("file_format, tolerance", [
    ("JPEG", 12), ("PNG", 0), ("WEBP", 12), ("AVIF", 12), ("HEIF", 12), ("GIF", 0), ("BMP", 0), ("TIFF", 0)])
def test_every_format_is_decoded(quarters, file_format, tolerance):
    found = decode(_bytes(quarters, file_format, **({"quality": 95} if tolerance else {})))
    _assert_same(found, quarters, tolerance)
    assert (found.width, found.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(quarters, orientation, file_format):
    as_stored = {1: quarters, 2: quarters[:, ::-1], 3: quarters[::-1, ::-1], 4: quarters[::-1],
                 5: quarters.transpose(1, 0, 2), 6: np.rot90(quarters), 7: np.rot90(quarters.transpose(1, 0, 2), 2),
                 8: np.rot90(quarters, -1)}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if file_format == "JPEG" else {}
    found = decode(_bytes(np.ascontiguousarray(as_stored), file_format, exif=exif, **options))
    _assert_same(found, quarters, 12)
    assert (found.width, found.height) == (WIDTH, HEIGHT)


def test_heic_orientation_is_applied_once(quarters):
    exif = Image.Exif()
    exif[0x0112] = 6
    found = decode(_bytes(np.ascontiguousarray(np.rot90(quarters)), "HEIF", quality=95, exif=exif.tobytes()))
    _assert_same(found, quarters, 12)


def test_damaged_exif_is_ignored(quarters):
    data = _bytes(quarters, "JPEG", quality=95, exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")
    _assert_same(decode(data), quarters, 12)


def test_16_bit_gray_is_scaled_to_8_bits():
    values = np.array([[0, 257 * 100], [257 * 200, 65535]], np.uint16).repeat(8, 0).repeat(8, 1)
    for file_format in ("PNG", "TIFF"):
        found = decode(_bytes(values, file_format)).pixels
        assert found[4, 4].tolist() == [0] * 3 and found[4, 12].tolist() == [100] * 3
        assert found[12, 4].tolist() == [200] * 3 and found[12, 12].tolist() == [255] * 3


def test_cmyk_jpeg(quarters):
    found = decode(_bytes(Image.fromarray(quarters).convert("CMYK"), "JPEG", quality=95))
    _assert_same(found, quarters, 12)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1"])
def test_gray_and_palette_modes(mode):
    gray = Image.fromarray(np.full((8, 8), 255, np.uint8)).convert(mode)
    assert (decode(_bytes(gray, "PNG")).pixels == 255).all()


def test_transparent_pixels_are_composited_on_white():
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2, :, 3] = 255
    pixels[2:, :, 3] = 0
    for file_format in ("PNG", "WEBP"):
        found = decode(_bytes(pixels, file_format, **({"lossless": True} if file_format == "WEBP" else {}))).pixels
        assert (found[:2] == 0).all() and (found[2:] == 255).all()


def test_animation_gives_its_first_frame(quarters):
    frames = [Image.fromarray(quarters), Image.new("RGB", (WIDTH, HEIGHT), "black")]
    _assert_same(decode(_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])), quarters)


def test_single_pixel():
    assert decode(_bytes(np.full((1, 1, 3), 7, np.uint8), "PNG")).pixels.tolist() == [[[7, 7, 7]]]


@pytest.mark.parametrize("orientation, upright", [(1, (800, 600)), (6, (600, 800))])
def test_large_jpeg_is_decoded_at_reduced_size(orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = decode(_bytes(np.zeros((600, 800, 3), np.uint8), "JPEG", exif=exif), reduce_to=200)
    assert (found.width, found.height) == upright
    assert max(found.pixels.shape) == 200 and found.pixels.shape[:2] == (upright[1] // 4, upright[0] // 4)


def test_result_is_never_smaller_than_reduce_to():
    found = decode(_bytes(np.zeros((600, 800, 3), np.uint8), "JPEG"), reduce_to=390)
    assert max(found.pixels.shape) == 400


@pytest.mark.parametrize("side", [9000, 20000, 60000])
def test_huge_header_is_rejected_before_decoding(side):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    tracemalloc.start()
    with pytest.raises(ImageError, match="megapixels") as raised:
        decode(bomb)
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()
    assert raised.value.code == "too_many_pixels"


def _jpeg_of_scans(count, side=256, progressive=True, between=b""):
    """A valid gray JPEG with `count` additional empty scans of its first component."""
    data = _bytes(np.zeros((side, side), np.uint8), "JPEG", progressive=progressive)
    scan = b"\xff\xda" + bytes([0, 8, 1, 1, 0, 0, 0, 1]) + b"\x00" * 4
    return data[:-2] + (between + scan) * count + data[-2:]


def test_jpeg_with_thousands_of_scans_is_rejected_before_decoding(monkeypatch):
    monkeypatch.setattr(JpegImageFile, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="more than 64 scans") as raised:
        decode(_jpeg_of_scans(6000))
    assert raised.value.code == "too_many_scans"


def test_scans_after_markers_inside_a_comment_are_counted():
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"\xff\xd9\xff\xda"
    with pytest.raises(ImageError, match="scans"):
        decode(_jpeg_of_scans(100, between=comment))


def test_jpeg_with_a_million_empty_segments_is_rejected_from_its_markers(quarters):
    data = _bytes(quarters, "JPEG")
    with pytest.raises(ImageError, match="markers"):
        decode(data[:2] + b"\xff\xfe\x00\x02" * 1_000_000 + data[2:])


def test_scan_limit_falls_with_image_size():
    data = _jpeg_of_scans(30, side=200)
    assert decode(data).width == 200
    with pytest.raises(ImageError, match="more than 20 scans"):
        decode(data, max_pixels=200 * 200)


def test_only_a_single_scan_jpeg_may_exceed_max_pixels():
    one = _bytes(np.zeros((100, 100), np.uint8), "JPEG")
    assert decode(one, max_pixels=5000, reduce_to=40).width == 100
    with pytest.raises(ImageError, match="megapixels"):
        decode(_jpeg_of_scans(1, side=100, progressive=False), max_pixels=5000, reduce_to=40)


def test_progressive_jpeg_of_a_common_encoder_is_decoded(quarters):
    data = _bytes(quarters, "JPEG", quality=95, progressive=True)
    _assert_same(decode(data, max_pixels=WIDTH * HEIGHT), quarters, 12)


def test_scans_of_an_embedded_thumbnail_are_not_counted(quarters):
    exif = b"Exif\0\0" + b"\xff\xda\x00\x08" * 200
    _assert_same(decode(_bytes(quarters, "JPEG", quality=95, exif=exif)), quarters, 12)


def test_assertion_error_in_pillow_becomes_image_error(quarters, monkeypatch):
    def fail(self, *_):
        assert not self.size
    monkeypatch.setattr(PngImageFile, "load_end", fail)
    with pytest.raises(ImageError) as raised:
        decode(_bytes(quarters, "PNG"))
    assert raised.value.code == "truncated"


@pytest.mark.parametrize("file_format, size, most, how", [("WEBP", (6000, 5400), 32, {"method": 0}),
                                                  ("AVIF", (8000, 6300), 50, {"speed": 10, "quality": 10})])
def test_formats_with_copying_decoders_have_lower_pixel_limits(file_format, size, most, how):
    file = io.BytesIO()
    Image.new("RGB", size).save(file, file_format, **how)
    with pytest.raises(ImageError, match=f"limit is {most} megapixels"):
        decode(file.getvalue(), reduce_to=1536)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_partial_file_raises_image_error(file_format, fraction):
    pixels = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    data = _bytes(pixels, file_format)
    with pytest.raises(ImageError) as raised:
        decode(data[:int(len(data) * fraction)])
    assert raised.value.code in ("truncated", "not_a_picture")


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg/>", b"%PDF-1.7", b"GIF89a", b"\xff\xd8\xff", b"BM",
                                  bytes(1000)])
def test_other_files_raise_image_error(data):
    with pytest.raises(ImageError) as raised:
        decode(data)
    assert raised.value.code in ("not_a_picture", "truncated")


def test_max_bytes_is_enforced():
    with pytest.raises(ImageError, match="MB") as raised:
        decode(bytes(2_000_000), max_bytes=1_000_000)
    assert raised.value.code == "too_large"


def test_floating_point_image_is_unsupported():
    with pytest.raises(ImageError) as raised:
        decode(_bytes(np.ones((4, 4), np.float32), "TIFF"))
    assert raised.value.code == "unsupported"


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF"])
def test_corrupted_bytes_give_an_image_or_an_image_error(quarters, file_format, seed):
    random = np.random.default_rng(seed)
    data = bytearray(_bytes(quarters, file_format))
    for index in random.integers(0, len(data), 6):
        data[index] = random.integers(256)
    with contextlib.suppress(ImageError):
        assert decode(bytes(data), max_pixels=10_000_000).pixels.ndim == 3


def _png_chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@pytest.mark.parametrize("reduce_to", [None, 8, 16])
def test_palette_png_without_its_palette_raises_image_error(reduce_to):
    data = (b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 3, 0, 0, 0))
            + _png_chunk(b"IDAT", zlib.compress(bytes(33 * 32))) + _png_chunk(b"IEND", b""))
    with pytest.raises(ImageError, match="palette") as raised:
        decode(data, reduce_to=reduce_to)
    assert raised.value.code == "truncated"


@pytest.mark.parametrize("length", [38, None])
def test_tiny_file_of_many_pixels_is_rejected_before_decoding(monkeypatch, length):
    data = bytearray(_bytes(Image.new("RGB", (5600, 5600), "white"), "WEBP", lossless=True))
    if length:      # the header alone, with matching chunk sizes
        data = data[:length]
        data[4:8], data[16:20] = struct.pack("<I", length - 8), struct.pack("<I", length - 20)
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("decoded"))
    monkeypatch.setattr(WebPImageFile, "load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="pixels per byte") as raised:
        decode(bytes(data))
    assert raised.value.code == "too_many_pixels"


@pytest.mark.parametrize("scans, costly", [(0, False), (40, True)])
def test_costly_image_is_decoded_under_the_lock(scans, costly):
    entered = []

    @contextlib.contextmanager
    def lock():
        entered.append(True)
        yield

    decode(_jpeg_of_scans(scans, side=800), lock=lock())
    assert bool(entered) == costly


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("reduce_to", [None, 400, 200, 100])
def test_jpeg_has_the_pixels_that_pillow_decodes(mode, reduce_to):
    original = Image.fromarray(skimage.data.astronaut()).resize((801, 603))
    data = _bytes(original.convert(mode), "JPEG", quality=90)
    expected = Image.open(io.BytesIO(data))
    if reduce_to:
        expected.draft(None, (reduce_to, int(603 * reduce_to / 801)))
    np.testing.assert_array_equal(decode(data, reduce_to=reduce_to).pixels, np.asarray(expected.convert("RGB")))


def test_damaged_jpeg_is_not_decoded_in_part(quarters):
    data = _bytes(quarters, "JPEG")
    with pytest.raises(ImageError) as raised:
        decode(data[:-20])
    assert raised.value.code == "truncated"
