"""AffectNet (Mollahosseini et al. 2017), read from the layouts it is published in, pictures streamed from disk.

Either csv files, training.csv and validation.csv, with subDirectory_filePath, expression and the
face's box, beside a folder of pictures; or train_set and val_set, each with images/N.jpg and
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
from .preprocessing import proportional

PRUNED = ("none", "uncertain", "no face")
TABLES = {"training.csv": "Training", "validation.csv": "Validation"}
SETS = {"train_set": "Training", "val_set": "Validation"}
VALIDATION_SHARE = 0.1
READERS = 4


@dataclass(frozen=True)
class Annotation:
    """One picture. box: (left, top, width, height) of the face in pixels, or None: the whole picture."""

    path: Path
    split: str
    label: str
    box: tuple | None


class Streamed:
    """Pictures on disk that are read when they are asked for: `images[rows]` is uint8 (n, size, size), grey."""

    def __init__(self, annotations, size):
        self.annotations, self.shape = annotations, (len(annotations), size, size)

    def __len__(self):
        return len(self.annotations)

    def __getitem__(self, rows):
        rows = np.arange(len(self))[rows]
        with ThreadPoolExecutor(READERS) as readers:
            return np.stack(list(readers.map(self._read, rows)))

    def _read(self, row):
        picture = square(self.annotations[row].path, self.annotations[row].box, self.shape[1])
        if picture is None:
            raise TrainingError(f"{self.annotations[row].path}: cannot be read as a picture; remove it and run again")
        return picture


def load(source, pictures=None, size=224, seed=0):
    """AffectNet as Faces whose pictures are read from disk, `size` pixels square.

    source, pictures: as `annotations`. A tenth of the training rows, the same share of each label, is
    what choices are made on (PublicTest); the published validation set is the test (PrivateTest).
    Rows without a file are left out. Raises TrainingError as `annotations`.
    """
    found, _ = annotations(source, pictures)
    there = [each for each in found if each.path.is_file()]
    if not there:
        raise TrainingError(f"{found[0].path}: no such picture, nor any other that {source} names; "
                            "give the folder of pictures with --pictures")
    labels = np.array([AFFECTNET.index(each.label) for each in there], np.uint8)
    training = np.flatnonzero([each.split == "Training" for each in there])
    split = np.full(len(there), SPLITS.index("PrivateTest"), np.uint8)
    split[training] = SPLITS.index("Training")
    split[proportional(labels, training, VALIDATION_SHARE, seed)] = SPLITS.index("PublicTest")
    digest = hashlib.md5("".join(f"{each.path.name}{each.label}" for each in there).encode(), usedforsecurity=False)
    return Faces(Streamed(there, size), labels, split, None, digest.hexdigest(), label_set="affectnet")


def is_layout(source):
    """Whether `source`, a file or folder, looks like AffectNet."""
    source = Path(source)
    if source.is_dir():
        return any((source / name).exists() for name in (*TABLES, *(f"{name}/annotations" for name in SETS)))
    if source.suffix != ".csv" or not source.is_file():
        return False
    with open(source, "rb") as file:
        return b"subDirectory_filePath" in file.readline(4096)


def annotations(source, pictures=None):
    """(list of Annotation, {left-out label: rows}).

    source: one csv, or a folder with csv files or with train_set and val_set. pictures: the csv
    files' folder of pictures (default: where the csv is). Raises TrainingError naming file and row.
    """
    source = Path(source)
    left_out, found = {}, []
    tables = [source / name for name in TABLES] if source.is_dir() else [source]
    for path in tables:
        if path.is_file() or not source.is_dir():
            found += _table(path, Path(pictures or path.parent), left_out)
    for name, split in SETS.items():
        if (source / name / "annotations").is_dir():
            found += _numpy_set(source / name, split, left_out)
    if not found:
        raise TrainingError(f"{source}: no rows; AffectNet's training.csv and validation.csv, or its train_set "
                            "and val_set, are meant")
    return found, left_out


def square(path, box, size):
    """The picture at `path` as uint8 (size, size), grey, or None where it cannot be read.

    Cut to `box` where there is one, then squared to its middle and resized.
    """
    try:
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error):
        return None
    if picture is None:
        return None
    if box:
        left, top, wide, tall = box
        cut = picture[max(0, top):max(0, top + tall), max(0, left):max(0, left + wide)]
        picture = cut if cut.size else picture
    height, width = picture.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return cv2.resize(picture[top:top + side, left:left + side], (size, size),
                      interpolation=cv2.INTER_AREA if side > size else cv2.INTER_LINEAR)


def _table(path, pictures, left_out):
    split = TABLES.get(path.name.lower(), "Training")
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            for column in ("subDirectory_filePath", "expression"):
                if column not in (reader.fieldnames or ()):
                    raise TrainingError(f"{path}: no column {column!r}; AffectNet's csv is meant")
            for number, row in enumerate(reader, 1):
                label, box = _label(path, number, row["expression"]), _box(path, number, row)
                if _kept(label, left_out):
                    yield Annotation(pictures / row["subDirectory_filePath"], split, label, box)
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read ({error})") from None


def _numpy_set(folder, split, left_out):
    for path in sorted((folder / "annotations").glob("*_exp.npy")):
        try:
            code = np.load(path).item()
        except (OSError, ValueError) as error:
            raise TrainingError(f"{path}: cannot be read as one number ({error})") from None
        label = _label(path, 1, code)
        if _kept(label, left_out):
            yield Annotation(folder / "images" / f"{path.name.removesuffix('_exp.npy')}.jpg", split, label, None)


def _label(path, number, code):
    try:
        if int(code) >= 0:
            return (*AFFECTNET, *PRUNED)[int(code)]
    except (TypeError, ValueError, IndexError):
        pass
    raise TrainingError(f"{path}: row {number}: expression {code!r} is not one of 0-10")


def _box(path, number, row):
    given = [row[name] for name in ("face_x", "face_y", "face_width", "face_height") if row.get(name)]
    try:
        box = tuple(int(float(value)) for value in given)
    except ValueError:
        raise TrainingError(f"{path}: row {number}: the face's box is not numbers") from None
    return box if len(box) == 4 else None


def _kept(label, left_out):
    if label in PRUNED:
        left_out[label] = left_out.get(label, 0) + 1
    return label not in PRUNED
