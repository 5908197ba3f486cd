"""Make the photos of the front page's demo and of the sample video, static/samples/*.jpg: python tools/sample_photos.py

The portraits of Eileen Collins (NASA, `astronaut` of scikit-image) and Grace Hopper (US Navy, of matplotlib) are in the
public domain; the photographer (Lav Varshney, `camera` of scikit-image) is CC0.
"""

from pathlib import Path

from matplotlib.cbook import get_sample_data
from PIL import Image
from skimage import data

FOLDER = Path(__file__).parents[1] / "static" / "samples"
SIZE = (440, 330)       # px


def photos():
    """(name, image with the aspect ratio of SIZE, JPEG quality) of each photo."""
    with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as image:
        hopper = image.convert("RGB")
    yield "eileen-collins", Image.fromarray(data.astronaut()[0:330, 20:460]), 88
    yield "grace-hopper", hopper.crop((16, 20, 496, 380)), 80
    yield "photographer", Image.fromarray(data.camera()[60:360, 40:440]), 80


def main():
    for name, image, quality in photos():
        path = FOLDER / f"{name}.jpg"
        fitted = image if image.size == SIZE else image.resize(SIZE, Image.Resampling.LANCZOS)
        fitted.save(path, "JPEG", quality=quality, optimize=True)
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
