import contextlib
import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from webapp.vision.images import ImageError, decode

WIDTH, HEIGHT = 60, 40
QUARTERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)


@pytest.fixture
def picture():
    """uint8 (40, 60, 3): red, green; blue, white."""
    return QUARTERS.repeat(HEIGHT // 2, axis=0).repeat(WIDTH // 2, axis=1)


def _bytes(image, form, **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _assert_same(found, expected, tolerance=0):
    assert found.pixels.dtype == np.uint8 and found.pixels.shape == expected.shape
    middles = [(y, x) for y in (expected.shape[0] // 4, 3 * expected.shape[0] // 4)
               for x in (expected.shape[1] // 4, 3 * expected.shape[1] // 4)]
    for y, x in middles:
        np.testing.assert_allclose(found.pixels[y, x].astype(int), expected[y, x].astype(int), atol=tolerance)


@pytest.mark.parametrize("form, tolerance", [
    ("JPEG", 12), ("PNG", 0), ("WEBP", 12), ("AVIF", 12), ("HEIF", 12), ("GIF", 0), ("BMP", 0), ("TIFF", 0)])
def test_every_format_is_read(picture, form, tolerance):
    found = decode(_bytes(picture, form, **({"quality": 95} if tolerance else {})))
    _assert_same(found, picture, tolerance)
    assert (found.width, found.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(picture, orientation, form):
    as_stored = {1: picture, 2: picture[:, ::-1], 3: picture[::-1, ::-1], 4: picture[::-1],
                 5: picture.transpose(1, 0, 2), 6: np.rot90(picture), 7: np.rot90(picture.transpose(1, 0, 2), 2),
                 8: np.rot90(picture, -1)}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if form == "JPEG" else {}
    found = decode(_bytes(np.ascontiguousarray(as_stored), form, exif=exif, **options))
    _assert_same(found, picture, 12)
    assert (found.width, found.height) == (WIDTH, HEIGHT)


def test_heic_is_turned_once(picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    found = decode(_bytes(np.ascontiguousarray(np.rot90(picture)), "HEIF", quality=95, exif=exif.tobytes()))
    _assert_same(found, picture, 12)


def test_damaged_exif_is_no_hindrance(picture):
    data = _bytes(picture, "JPEG", quality=95, exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")
    _assert_same(decode(data), picture, 12)


def test_sixteen_bit_grey():
    values = np.array([[0, 257 * 100], [257 * 200, 65535]], np.uint16).repeat(8, 0).repeat(8, 1)
    for form in ("PNG", "TIFF"):
        found = decode(_bytes(values, form)).pixels
        assert found[4, 4].tolist() == [0] * 3 and found[4, 12].tolist() == [100] * 3
        assert found[12, 4].tolist() == [200] * 3 and found[12, 12].tolist() == [255] * 3


def test_cmyk(picture):
    found = decode(_bytes(Image.fromarray(picture).convert("CMYK"), "JPEG", quality=95))
    _assert_same(found, picture, 12)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1"])
def test_grey_and_palette(mode):
    grey = Image.fromarray(np.full((8, 8), 255, np.uint8)).convert(mode)
    assert (decode(_bytes(grey, "PNG")).pixels == 255).all()


def test_transparent_pixels_lie_on_white():
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2, :, 3] = 255
    pixels[2:, :, 3] = 0
    for form in ("PNG", "WEBP"):
        found = decode(_bytes(pixels, form, **({"lossless": True} if form == "WEBP" else {}))).pixels
        assert (found[:2] == 0).all() and (found[2:] == 255).all()


def test_an_animation_gives_its_first_frame(picture):
    frames = [Image.fromarray(picture), Image.new("RGB", (WIDTH, HEIGHT), "black")]
    _assert_same(decode(_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])), picture)


def test_one_pixel():
    assert decode(_bytes(np.full((1, 1, 3), 7, np.uint8), "PNG")).pixels.tolist() == [[[7, 7, 7]]]


@pytest.mark.parametrize("orientation, upright", [(1, (800, 600)), (6, (600, 800))])
def test_a_large_jpeg_is_decoded_smaller(orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = decode(_bytes(np.zeros((600, 800, 3), np.uint8), "JPEG", exif=exif), reduce_to=200)
    assert (found.width, found.height) == upright
    assert max(found.pixels.shape) == 200 and found.pixels.shape[:2] == (upright[1] // 4, upright[0] // 4)


def test_never_smaller_than_asked():
    found = decode(_bytes(np.zeros((600, 800, 3), np.uint8), "JPEG"), reduce_to=390)
    assert max(found.pixels.shape) == 400


@pytest.mark.parametrize("side", [9000, 20000, 60000])
def test_a_huge_header_is_refused_before_decoding(side):
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
    """A valid grey JPEG with `count` more scans of its first component that hold nothing."""
    data = _bytes(np.zeros((side, side), np.uint8), "JPEG", progressive=progressive)
    scan = b"\xff\xda" + bytes([0, 8, 1, 1, 0, 0, 0, 1]) + b"\x00" * 4
    return data[:-2] + (between + scan) * count + data[-2:]


def test_a_jpeg_of_thousands_of_scans_is_refused_before_decoding(monkeypatch):
    monkeypatch.setattr(JpegImageFile, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="more than 64 scans") as raised:
        decode(_jpeg_of_scans(6000))
    assert raised.value.code == "too_many_scans"


def test_scans_hidden_behind_markers_inside_a_comment_are_counted():
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"\xff\xd9\xff\xda"
    with pytest.raises(ImageError, match="scans"):
        decode(_jpeg_of_scans(100, between=comment))


def test_a_jpeg_of_a_million_empty_segments_is_refused_before_they_are_parsed(picture):
    data = _bytes(picture, "JPEG")
    with pytest.raises(ImageError, match="markers"):
        decode(data[:2] + b"\xff\xfe\x00\x02" * 1_000_000 + data[2:])


def test_the_larger_a_jpeg_the_fewer_scans_it_may_have():
    data = _jpeg_of_scans(30, side=200)
    assert decode(data).width == 200
    with pytest.raises(ImageError, match="more than 20 scans"):
        decode(data, max_pixels=200 * 200)


def test_only_a_jpeg_of_one_scan_may_have_more_pixels_than_are_decoded_at_once():
    one = _bytes(np.zeros((100, 100), np.uint8), "JPEG")
    assert decode(one, max_pixels=5000, reduce_to=40).width == 100
    with pytest.raises(ImageError, match="megapixels"):
        decode(_jpeg_of_scans(1, side=100, progressive=False), max_pixels=5000, reduce_to=40)


def test_progressive_jpegs_of_common_encoders_are_read(picture):
    _assert_same(decode(_bytes(picture, "JPEG", quality=95, progressive=True), max_pixels=WIDTH * HEIGHT), picture, 12)


def test_scans_of_an_embedded_thumbnail_do_not_count(picture):
    exif = b"Exif\0\0" + b"\xff\xda\x00\x08" * 200
    _assert_same(decode(_bytes(picture, "JPEG", quality=95, exif=exif)), picture, 12)


def test_a_failed_assertion_of_the_image_library_is_a_picture_error(picture, monkeypatch):
    def fail(self, *_):
        assert not self.size
    monkeypatch.setattr(PngImageFile, "load_end", fail)
    with pytest.raises(ImageError) as raised:
        decode(_bytes(picture, "PNG"))
    assert raised.value.code == "truncated"


@pytest.mark.parametrize("form, size, most, how", [("WEBP", (6000, 5400), 32, {"method": 0}),
                                                  ("AVIF", (8000, 6300), 50, {"speed": 10, "quality": 10})])
def test_formats_whose_decoders_keep_copies_may_have_fewer_pixels(form, size, most, how):
    file = io.BytesIO()
    Image.new("RGB", size).save(file, form, **how)
    with pytest.raises(ImageError, match=f"at most {most} megapixels"):
        decode(file.getvalue(), reduce_to=1536)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_half_a_picture_is_an_error(form, kept):
    pixels = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    data = _bytes(pixels, form)
    with pytest.raises(ImageError) as raised:
        decode(data[:int(len(data) * kept)])
    assert raised.value.code in ("truncated", "not_a_picture")


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg/>", b"%PDF-1.7", b"GIF89a", b"\xff\xd8\xff", b"BM",
                                  bytes(1000)])
def test_other_files_are_no_pictures(data):
    with pytest.raises(ImageError) as raised:
        decode(data)
    assert raised.value.code in ("not_a_picture", "truncated")


def test_too_many_bytes():
    with pytest.raises(ImageError, match="MB") as raised:
        decode(bytes(2_000_000), max_bytes=1_000_000)
    assert raised.value.code == "too_large"


def test_measured_values_are_unsupported():
    with pytest.raises(ImageError) as raised:
        decode(_bytes(np.ones((4, 4), np.float32), "TIFF"))
    assert raised.value.code == "unsupported"


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF"])
def test_flipped_bytes_give_a_picture_or_a_picture_error(picture, form, seed):
    random = np.random.default_rng(seed)
    data = bytearray(_bytes(picture, form))
    for index in random.integers(0, len(data), 6):
        data[index] = random.integers(256)
    with contextlib.suppress(ImageError):
        assert decode(bytes(data), max_pixels=10_000_000).pixels.ndim == 3
