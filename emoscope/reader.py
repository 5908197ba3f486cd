"""Reader and read_folder, over webapp.vision."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from webapp import bundles, settings
from webapp.errors import SetupError
from webapp.photos import folder as folders
from webapp.vision import expressions, images
from webapp.vision import reading as vision
from webapp.vision.faces import PHOTO_LONG_SIDES, DetectorMissingError, FaceDetector
from webapp.vision.images import ImageError

from .results import Folder, Result

__all__ = ["ImageError", "Reader", "SetupError", "read_folder"]


class Reader:
    """Reads expressions from images. Loads the networks once; thread-safe.

    model: name of a bundle in the folder `models`. detector: folder of the face detector's files. threshold: minimum
    detection score of a face, 0 to 1. None is the setting's value: the environment variable or the default
    (docs/settings.md). Raises SetupError, one line that says what to do.
    """

    def __init__(self, model: str | None = None, *, models: str | Path | None = None,
                 detector: str | Path | None = None, threshold: float | None = None):
        given = {"model": model, "models": models and str(Path(models).resolve()),
                 "detector": detector and str(Path(detector).resolve()), "photo_threshold": threshold}
        self._settings = settings.load({name: value for name, value in given.items() if value is not None})
        folder = self._settings.path("models")
        bundle = bundles.select(bundles.find(folder), self._settings.model, folder)
        try:
            faces = FaceDetector(self._settings.path("detector"), self._settings.engine_threads)
        except DetectorMissingError as error:
            raise SetupError(f"{error}{settings.BUILD_HINT}") from None
        try:
            network = expressions.load(bundle.folder, self._settings.engine, self._settings.engine_threads)
        except (OSError, KeyError, ValueError) as error:
            raise SetupError(f"{bundle.folder}: the network cannot be loaded: {error}") from error
        self._reader = vision.Reader(faces, network)

    @property
    def labels(self) -> tuple[str, ...]:
        """The model's expressions."""
        return self._reader.classifier.labels

    def read(self, image: Any) -> Result:
        """Read one image.

        image: a path (str or Path), the bytes of an image file, a NumPy array uint8 (height, width, 3) in RGB, or a
        PIL image. Raises OSError if the file cannot be opened, ImageError if it cannot be decoded, TypeError and
        ValueError for another object.
        """
        options = {"long_sides": PHOTO_LONG_SIDES, "threshold": self._settings.photo_threshold}
        if isinstance(image, str | os.PathLike):
            image = Path(image).read_bytes()
        if isinstance(image, bytes | bytearray | memoryview):
            reading = self._reader.read(bytes(image), max_pixels=self._settings.photo_pixels, **options)
        elif isinstance(image, np.ndarray):
            reading = self._reader.read_pixels(_checked(image), **options)
        elif isinstance(image, Image.Image):
            reading = self._reader.read_pixels(_pixels(image), **options)
        else:
            raise TypeError("`image` must be a path, bytes, a NumPy array or a PIL image, got "
                            f"{type(image).__name__}")
        return Result.from_reading(reading, self.labels)

    def read_folder(self, folder: str | Path) -> Folder:
        """Read the photos in `folder` and its subfolders. A photo that cannot be read has an `error`.

        Raises SetupError if there is no such folder or it has no photos.
        """
        return Folder(tuple(self._read_file(path, folder) for path in folders.find(folder)))

    def _read_file(self, path, folder):
        file, result = path.relative_to(folder).as_posix(), folders.read_file(path, self._reader, self._settings)
        if "reading" in result:
            return Result.from_reading(result["reading"], self.labels, file)
        classifier = self._reader.classifier
        return Result(0, 0, (), classifier.name, classifier.version, self.labels, {}, file,
                      f"{result['error']['code']}: {result['error']['message']}")


def read_folder(folder: str | Path, reader: Reader | None = None) -> Folder:
    """Read the photos in `folder` and its subfolders with `reader`, or with a new Reader().

    Raises SetupError if there is no such folder, it has no photos, or no Reader can be created.
    """
    return (reader or Reader()).read_folder(folder)


def _checked(pixels):
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ValueError(f"`image` must be a uint8 array (height, width, 3) in RGB, got {pixels.dtype} {pixels.shape}")
    return np.ascontiguousarray(pixels)


def _pixels(image):
    """uint8 (h, w, 3) of a PIL image: upright, on white, as webapp.vision.images decodes files."""
    return np.asarray(images.to_rgb(ImageOps.exif_transpose(image)))
