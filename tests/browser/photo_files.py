"""Photo files of every format, valid and invalid: made from scikit-image's astronaut (NASA, public domain) or drawn."""

import io
import zlib
from dataclasses import dataclass

import cv2
import numpy as np
import pillow_heif
import skimage.data
from PIL import Image, ImageDraw

FACE = (0.334, 0.13, 0.215, 0.215)      # box of the astronaut's face, fractions
ORIENTATION = 0x0112
# The transposition that a rotated camera stores and that the EXIF orientation reverses.
STORED = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
          5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
          8: Image.Transpose.ROTATE_270}


@dataclass(frozen=True)
class PhotoFile:
    """name: file name; boxes: (x, y, width, height) of each face to detect; error: expected error code or ""."""

    name: str
    boxes: tuple = ()
    error: str = ""
    size: tuple = (512, 512)


def astronaut():
    return Image.fromarray(skimage.data.astronaut())


def make_fifty(folder):
    """Write fifty files to `folder`; return a PhotoFile for each."""
    files = [*_orientations(folder), *_formats(folder), *_pixel_formats(folder), *_sizes(folder),
             *_without_face(folder), *_invalid(folder)]
    for number in range(50 - len(files)):
        files.append(_save(folder, f"plain {number + 1}.jpg", astronaut(), quality=60 + number))
    assert len(files) == len({one.name for one in files}) == 50
    return files


def _save(folder, name, image, boxes=(FACE,), size=None, **options):
    image.save(folder / name, **options)
    return PhotoFile(name, boxes, size=size or image.size)


def _orientations(folder):
    for orientation in range(1, 9):
        image = astronaut()
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        if orientation in STORED:
            image = image.transpose(STORED[orientation])
        yield _save(folder, f"orientation {orientation}.jpg", image, exif=exif, quality=90)


def _formats(folder):
    for extension, options in {"png": {}, "webp": {}, "avif": {}, "gif": {}, "bmp": {}, "tiff": {}}.items():
        yield _save(folder, f"format.{extension}", astronaut(), **options)
    pillow_heif.register_heif_opener()
    yield _save(folder, "format.heic", astronaut(), format="HEIF", quality=85)
    yield _save(folder, "progressive.jpg", astronaut(), progressive=True)


def _pixel_formats(folder):
    rgb = np.asarray(astronaut()).astype(np.uint16) * 257
    cv2.imwrite(str(folder / "16 bits.png"), rgb[..., ::-1])
    cv2.imwrite(str(folder / "16 bits grey.png"), cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    yield PhotoFile("16 bits.png", (FACE,))
    yield PhotoFile("16 bits grey.png", (FACE,))
    yield _save(folder, "cmyk.jpg", astronaut().convert("CMYK"), quality=90)
    yield _save(folder, "grey.jpg", astronaut().convert("L"))
    yield _save(folder, "palette.png", astronaut().convert("P", palette=Image.Palette.ADAPTIVE))
    for mode in ("RGBA", "LA"):
        image = astronaut().convert(mode)
        image.putalpha(Image.new("L", image.size, 255))
        yield _save(folder, f"alpha {mode}.png", image)
    for extension in ("gif", "webp", "png"):
        blank = Image.new("RGB", (512, 512), "white")
        yield _save(folder, f"animated.{extension}", astronaut(), save_all=True, append_images=[blank], duration=200)


def _sizes(folder):
    yield _save(folder, "1 x 1.png", Image.new("RGB", (1, 1)), ())
    yield _save(folder, "tall.jpg", Image.new("RGB", (20, 4000), "grey"), ())
    image = Image.new("RGB", (12_000, 9_000), "grey")
    image.paste(astronaut().resize((9_000, 9_000), Image.Resampling.NEAREST), (0, 0))
    x, y, width, height = FACE
    yield _save(folder, "12000 x 9000.jpg", image, ((0.75 * x, y, 0.75 * width, height),), quality=60)
    pair = Image.new("RGB", (1024, 512))
    pair.paste(astronaut(), (0, 0))
    pair.paste(astronaut(), (512, 0))
    yield _save(folder, "two.jpg", pair, tuple((x / 2 + left, y, width / 2, height) for left in (0, 0.5)))


def _without_face(folder):
    for number, color in enumerate(("skyblue", "khaki", "grey")):
        image = Image.new("RGB", (640, 480), color)
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 300, 640, 480), "green")
        draw.polygon([(80, 300), (220, 90), (360, 300)], "dimgrey")
        yield _save(folder, f"landscape {number + 1}.jpg", image, ())


def _invalid(folder):
    jpeg = _bytes("JPEG")
    files = {
        "truncated.jpg": (jpeg[:len(jpeg) // 2], "truncated"), "truncated.png": (_bytes("PNG")[:4000], "truncated"),
        "text.jpg": (b"This is a text, not an image.\n" * 9, "not_a_picture"), "empty.png": (b"", "not_a_picture"),
        "page.png": (b"<!doctype html><title>no</title>", "not_a_picture"),
        "half a header.jpg": (jpeg[:3], "not_a_picture"), "bomb.png": (bomb(50_000), "too_many_pixels"),
    }
    for name, (data, error) in files.items():
        (folder / name).write_bytes(data)
        yield PhotoFile(name, (), error)


def _bytes(kind):
    file = io.BytesIO()
    astronaut().save(file, kind)
    return file.getvalue()


def bomb(side):
    """A small PNG file with side x side black pixels."""
    def chunk(kind, data):
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    packer = zlib.compressobj(9)
    row = bytes(side // 8 + 2)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = side.to_bytes(4) + side.to_bytes(4) + bytes([1, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def make_video(path, seconds=8, rate=25):
    """Write a WebM video: the astronaut moves left and right and is absent between 3 and 5 s."""
    image = skimage.data.astronaut()[:480, :, ::-1]
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"VP80"), rate, (640, 480))
    assert video.isOpened()
    for number in range(seconds * rate):
        frame = np.full((480, 640, 3), 128, np.uint8)
        if not 3 <= number / rate < 5:
            x = int(64 + 60 * np.sin(number / 20))
            frame[:, x:x + 512] = image
        video.write(frame)
    video.release()
