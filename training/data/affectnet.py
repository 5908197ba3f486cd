"""AffectNet (Mollahosseini et al. 2017) in its published layouts, with images streamed from disk.

Layout 1: training.csv and validation.csv, with the columns subDirectory_filePath, expression and the face's
bounding box, and a folder of images. Layout 2: train_set and val_set, each with images/N.jpg and
annotations/N_exp.npy. Of the eleven labels *none*, *uncertain* and *no face* are left out.
"""

import csv
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import TrainingError
from .fer2013 import SPLITS, Faces
from .labels import AFFECTNET
from .preprocessing import stratified_subset

PRUNED = ("none", "uncertain", "no face")
TABLES = {"training.csv": "Training", "validation.csv": "Validation"}
SETS = {"train_set": "Training", "val_set": "Validation"}
VALIDATION_FRACTION = 0.1
READERS = 4


@dataclass(frozen=True)
class Annotation:
    """One image. box: (left, top, width, height) of the face in pixels, or None for the whole image."""

    path: Path
    split: str
    label: str
    box: tuple | None


class StreamedImages:
    """Images read from disk on access: `images[rows]` is uint8 (n, size, size), gray."""

    def __init__(self, annotations, size):
        self.annotations, self.shape = annotations, (len(annotations), size, size)

    def __len__(self):
        return len(self.annotations)

    def __getitem__(self, rows):
        rows = np.arange(len(self))[rows]
        with ThreadPoolExecutor(READERS) as readers:
            return np.stack(list(readers.map(self._read, rows)))

    def _read(self, row):
        image = read_square(self.annotations[row].path, self.annotations[row].box, self.shape[1])
        if image is None:
            raise TrainingError(f"{self.annotations[row].path}: cannot be read as an image; remove it and run again")
        return image


def load(source, images=None, size=224, seed=0):
    """AffectNet as Faces with streamed images, `size` pixels square.

    source, images: as in `annotations`. A stratified tenth of the training rows becomes PublicTest, which
    choices are made on; the published validation set becomes PrivateTest. Rows without an image file are
    left out. Raises TrainingError as `annotations` does.
    """
    found, _ = annotations(source, images)
    available = [each for each in found if each.path.is_file()]
    if not available:
        raise TrainingError(f"{found[0].path}: no such image, nor any other listed in {source}; "
                            "give the folder of images with --images")
    labels = np.array([AFFECTNET.index(each.label) for each in available], np.uint8)
    training = np.flatnonzero([each.split == "Training" for each in available])
    split = np.full(len(available), SPLITS.index("PrivateTest"), np.uint8)
    split[training] = SPLITS.index("Training")
    split[stratified_subset(labels, training, VALIDATION_FRACTION, seed)] = SPLITS.index("PublicTest")
    digest = hashlib.md5("".join(f"{each.path.name}{each.label}" for each in available).encode(), usedforsecurity=False)
    return Faces(StreamedImages(available, size), labels, split, None, digest.hexdigest(), label_set="affectnet")


def is_layout(source):
    """Whether `source`, a file or folder, has one of AffectNet's layouts."""
    source = Path(source)
    if source.is_dir():
        return any((source / name).exists() for name in (*TABLES, *(f"{name}/annotations" for name in SETS)))
    if source.suffix != ".csv" or not source.is_file():
        return False
    with open(source, "rb") as file:
        return b"subDirectory_filePath" in file.readline(4096)


def annotations(source, images=None):
    """(list of Annotation, {left-out label: rows}).

    source: one csv, or a folder with csv files or with train_set and val_set. images: the image folder of
    the csv files (default: the folder of the csv). Raises TrainingError naming file and row.
    """
    source = Path(source)
    left_out, found = {}, []
    tables = [source / name for name in TABLES] if source.is_dir() else [source]
    for path in tables:
        if path.is_file() or not source.is_dir():
            found += _table(path, Path(images or path.parent), left_out)
    for name, split in SETS.items():
        if (source / name / "annotations").is_dir():
            found += _numpy_set(source / name, split, left_out)
    if not found:
        raise TrainingError(f"{source}: no rows; give AffectNet's training.csv and validation.csv, or its train_set "
                            "and val_set")
    return found, left_out


def read_square(path, box, size):
    """The image at `path` as uint8 (size, size), gray, or None if it cannot be read.

    The image is cropped to `box` if there is one, then center-cropped to a square and resized.
    """
    try:
        image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error):
        return None
    if image is None:
        return None
    if box:
        left, top, width, height = box
        cropped = image[max(0, top):max(0, top + height), max(0, left):max(0, left + width)]
        image = cropped if cropped.size else image
    height, width = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return cv2.resize(image[top:top + side, left:left + side], (size, size),
                      interpolation=cv2.INTER_AREA if side > size else cv2.INTER_LINEAR)


def _table(path, images, left_out):
    split = TABLES.get(path.name.lower(), "Training")
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            for column in ("subDirectory_filePath", "expression"):
                if column not in (reader.fieldnames or ()):
                    raise TrainingError(f"{path}: no column {column!r}; give AffectNet's csv")
            for number, row in enumerate(reader, 1):
                label, box = _label(path, number, row["expression"]), _box(path, number, row)
                if _included(label, left_out):
                    yield Annotation(images / row["subDirectory_filePath"], split, label, box)
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read ({error})") from None


def _numpy_set(folder, split, left_out):
    for path in sorted((folder / "annotations").glob("*_exp.npy")):
        try:
            code = np.load(path).item()
        except (OSError, ValueError) as error:
            raise TrainingError(f"{path}: cannot be read as a single number ({error})") from None
        label = _label(path, 1, code)
        if _included(label, left_out):
            yield Annotation(folder / "images" / f"{path.name.removesuffix('_exp.npy')}.jpg", split, label, None)


def _label(path, number, code):
    try:
        if int(code) >= 0:
            return (*AFFECTNET, *PRUNED)[int(code)]
    except (TypeError, ValueError, IndexError):
        pass
    raise TrainingError(f"{path}: row {number}: expression must be an integer 0-10, got {code!r}")


def _box(path, number, row):
    given = [row[name] for name in ("face_x", "face_y", "face_width", "face_height") if row.get(name)]
    try:
        box = tuple(int(float(value)) for value in given)
    except ValueError:
        raise TrainingError(f"{path}: row {number}: the face's bounding box must be numbers, got {given}") from None
    return box if len(box) == 4 else None


def _included(label, left_out):
    if label in PRUNED:
        left_out[label] = left_out.get(label, 0) + 1
    return label not in PRUNED
