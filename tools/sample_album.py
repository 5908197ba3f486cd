"""Make the sample album of the Photos page, static/samples/album.zip: python tools/sample_album.py

The photos are in the public domain or CC0 and come from installed packages: scikit-image's astronaut (Eileen Collins,
NASA), photographer (Lav Varshney), cat (Stefan van der Walt), coffee (Rachel Michetti) and rocket (SpaceX), and
matplotlib's Grace Hopper (US Navy). Series, groups and tones are made from them; their times are invented.
"""

import io
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

from matplotlib.cbook import get_sample_data
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from skimage import data

ALBUM = Path(__file__).parents[1] / "static" / "samples" / "album.zip"
HEIGHT = 288            # px
QUALITY = 72
DATE_TIME_ORIGINAL, EXIF_BLOCK = 0x9003, 0x8769


def portraits():
    """Collins, Hopper and the photographer, each with room around the face."""
    with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as image:
        hopper = image.convert("RGB")
    return (Image.fromarray(data.astronaut()[0:400, 0:460]), hopper.crop((0, 20, 512, 560)),
            Image.fromarray(data.camera()[40:400, 100:480]).convert("RGB"))


def shot(image, left=0, top=0, zoom=1.0, blur=0.0, light=1.0):
    """One shot of a series: the frame moved by fractions of the side, zoomed, blurred (px), lighter or darker."""
    width, height = image.size
    x, y = width * (0.03 + left), height * (0.03 + top)
    box = (x, y, x + 0.94 * width / zoom, y + 0.94 * height / zoom)
    moved = image.resize((round(HEIGHT * width / height), HEIGHT), Image.Resampling.LANCZOS, box)
    return ImageEnhance.Brightness(moved.filter(ImageFilter.GaussianBlur(blur))).enhance(light)


def beside(*images):
    """The images in one row."""
    whole = Image.new("RGB", (sum(image.width for image in images), HEIGHT))
    x = 0
    for image in images:
        whole.paste(image, (x, 0))
        x += image.width
    return whole


def sepia(image):
    return ImageOps.colorize(image.convert("L"), "#1d1208", "#fff3df", "#a5805a")


def photos():
    """(path, image, seconds since the first photo) of the album, in order of time."""
    collins, hopper, camera = portraits()
    series = [shot(collins, light=0.6), shot(collins, 0.01, blur=5), shot(collins, 0.01, 0.005),
              shot(collins, 0.02, 0.01, zoom=1.02)]
    for number, image in enumerate(series):
        yield f"series/collins {number + 1}.jpg", image, 2 * number
    for number, image in enumerate([shot(hopper, blur=5), shot(hopper, 0.01), shot(hopper, 0.015, 0.01, blur=1)]):
        yield f"series/hopper {number + 1}.jpg", image, 3600 + 2 * number
    pairs = [beside(shot(collins, blur=5.5), shot(hopper)), beside(shot(collins, 0.005), shot(hopper, 0.005)),
             beside(shot(collins, 0.01), shot(hopper, 0.01).crop((135, 0, 273, HEIGHT)))]
    for number, image in enumerate(pairs):
        yield f"groups/two {number + 1}.jpg", image, 86_400 + 3 * number
    yield "groups/three.jpg", beside(shot(collins), shot(hopper), shot(camera)), 86_500
    yield "portraits/photographer.jpg", shot(camera), 90_000
    yield "portraits/collins, sepia.jpg", sepia(shot(collins, zoom=1.3)), 95_000
    yield "portraits/hopper, gray.jpg", shot(hopper, zoom=1.2).convert("L"), 96_000
    yield "portraits/hopper, in the dark.jpg", shot(ImageOps.mirror(hopper), light=0.35), 97_000
    for name, pixels in (("cat", data.chelsea()), ("coffee", data.coffee()), ("rocket", data.rocket())):
        image = Image.fromarray(pixels)
        yield f"no faces/{name}.jpg", image.resize((round(HEIGHT * image.width / image.height), HEIGHT)), 180_000


def jpeg(image, taken):
    """The bytes of a JPEG with the time in its EXIF data."""
    exif = Image.Exif()
    exif.get_ifd(EXIF_BLOCK)[DATE_TIME_ORIGINAL] = taken.strftime("%Y:%m:%d %H:%M:%S")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY, optimize=True, exif=exif)
    return file.getvalue()


def main():
    start = datetime(2026, 5, 2, 10)
    with zipfile.ZipFile(ALBUM, "w") as archive:
        for path, image, seconds in photos():
            taken = start + timedelta(seconds=seconds)
            archive.writestr(zipfile.ZipInfo(path, taken.timetuple()[:6]), jpeg(image, taken))
    print(f"{ALBUM}: {ALBUM.stat().st_size} bytes")


if __name__ == "__main__":
    main()
