"""The local store of a data set's pictures, and sprite sheets of some of them."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

MOST_IN_A_SHEET = 240


class PictureStore:
    """`images.npy`, uint8 (n, h, w), in `folder`; memory-mapped, looked for again until it is there."""

    def __init__(self, folder, rows):
        self.path, self.rows = Path(folder) / "images.npy", rows
        self._images = None

    @property
    def images(self):
        """The pictures, uint8 (n, h, w), or None where there are none of this data set."""
        if self._images is None:
            try:
                images = np.load(self.path, mmap_mode="r")
            except (OSError, ValueError):
                return None
            if images.dtype != np.uint8 or images.ndim != 3 or len(images) != self.rows:
                return None
            self._images = images
        return self._images

    def sheet(self, numbers, columns=12):
        """A PNG of the pictures of the rows `numbers`, side by side, `columns` a line: bytes."""
        height, width = self.images.shape[1:]
        lines = -(-len(numbers) // columns)
        sheet = np.zeros((lines * height, min(columns, len(numbers)) * width), np.uint8)
        for place, number in enumerate(numbers):
            top, left = place // columns * height, place % columns * width
            sheet[top:top + height, left:left + width] = self.images[number]
        file = io.BytesIO()
        Image.fromarray(sheet).save(file, "PNG", compress_level=3)
        return file.getvalue()
