"""FER2013 and its FER+ votes, read from the published files.

FER2013: Goodfellow et al. 2013, "Challenges in Representation Learning"; a csv of
``emotion,pixels,Usage``. FER+: Barsoum et al. 2016, "Training Deep Networks for Facial
Expression Recognition with Crowd-Sourced Label Distribution"; a row-aligned csv of ten votes.
The images are licensed for research only, so they are stored outside the repository.
"""

import csv
import gzip
import hashlib
import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import TrainingError
from .labels import FER2013, FERPLUS

OFFICIAL_MD5 = "f8428a1edbd21e88f42c73edd2a14f95"
SPLITS = ("Training", "PublicTest", "PrivateTest")
PIXELS = 48 * 48
VOTE_COLUMNS = (*FERPLUS, "unknown", "NF")
STORE_VERSION = 1


@dataclass(frozen=True)
class Faces:
    """A data set in memory.

    images: uint8 (n, h, w), gray 0-255; FER2013's are 48x48. labels: uint8 (n,), index into the
    labels of `label_set`. split: uint8 (n,), index into SPLITS. votes: uint8 (n, 10) in the order of VOTE_COLUMNS,
    or None without FER+. md5: of the csv.
    """

    images: np.ndarray
    labels: np.ndarray
    split: np.ndarray
    votes: np.ndarray | None
    md5: str
    label_set: str = "fer2013"

    def rows(self, split):
        """Indices, int64 (m,), of the rows of the split called `split`."""
        return np.flatnonzero(self.split == SPLITS.index(split))

    @property
    def expression_votes(self):
        """float32 (n, 8): the votes for the eight expressions, without *unknown* and *not a face*."""
        if self.votes is None:
            raise TrainingError("FER+'s votes are required; give --votes fer2013new.csv")
        return self.votes[:, : len(FERPLUS)].astype(np.float32)


def load(path, votes_path=None, store=None, any_md5=False):
    """Read FER2013 from `path` (.csv or .csv.gz) and FER+ from `votes_path` into Faces.

    The parsed images are stored in the folder `store` and memory-mapped from there the next
    time. Raises TrainingError for a file that is missing, unreadable or not FER2013, naming
    the row; `any_md5` accepts a csv that is not the official one.
    """
    path = Path(path)
    if not path.is_file():
        raise TrainingError(f"{path}: no such file; give FER2013's csv (Kaggle: "
                            "'Challenges in Representation Learning'), as .csv or .csv.gz")
    arrays = _from_store(store, path) or _to_store(store, path, _parse(path))
    images, labels, split, md5 = arrays
    if md5 != OFFICIAL_MD5 and not any_md5:
        raise TrainingError(f"{path}: md5 {md5} is not the official FER2013 csv ({OFFICIAL_MD5}); "
                            "download it again, or accept this one with --any-md5")
    votes = None if votes_path is None else read_votes(votes_path, split)
    return Faces(images, labels, split, votes, md5)


def read_votes(path, split):
    """Read FER+'s csv: uint8 (n, 10), aligned with `split`, uint8 (n,), of the images.

    Raises TrainingError naming the invalid row.
    """
    try:
        with open(path, newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in VOTE_COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise TrainingError(f"{path}: no column {missing[0]!r}; give FER+'s fer2013new.csv")
            votes = []
            for number, row in enumerate(reader, 1):
                try:
                    votes.append([int(row[name]) for name in VOTE_COLUMNS])
                    if not all(0 <= vote <= 10 for vote in votes[-1]):
                        raise ValueError
                except (TypeError, ValueError):
                    raise TrainingError(f"{path}: row {number}: votes must be integers 0-10") from None
                if number <= len(split) and row.get("Usage", SPLITS[split[number - 1]]) != SPLITS[split[number - 1]]:
                    raise TrainingError(f"{path}: row {number}: Usage must be {SPLITS[split[number - 1]]!r} as in the "
                                        f"csv of images, got {row['Usage']!r}; both files must be row-aligned")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"{path}: cannot be read ({error})") from None
    if len(votes) != len(split):
        raise TrainingError(f"{path}: {len(votes)} rows of votes for {len(split)} images; "
                            "give both published files, row-aligned")
    return np.array(votes, np.uint8)


def _parse(path):
    """Parse the csv: (images, labels, split, md5 of the uncompressed csv)."""
    digest = hashlib.md5(usedforsecurity=False)
    images, labels, split = [], [], []
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            for number, line in enumerate(file):
                digest.update(line)
                if number == 0:
                    _check_header(path, line)
                elif line.strip():
                    image, label, usage = _parse_row(path, number, line)
                    images.append(image)
                    labels.append(label)
                    split.append(usage)
    except (OSError, EOFError, zlib.error) as error:
        raise TrainingError(f"{path}: cannot be read ({error}); download it again") from None
    if not images:
        raise TrainingError(f"{path}: no rows; give FER2013's csv")
    return np.stack(images), np.array(labels, np.uint8), np.array(split, np.uint8), digest.hexdigest()


def _check_header(path, line):
    header = line.decode("utf-8", "replace").strip()
    if header != "emotion,pixels,Usage":
        raise TrainingError(f"{path}: the first line must be 'emotion,pixels,Usage', got {header[:60]!r}; "
                            "give FER2013's csv")


def _parse_row(path, number, line):
    fields = line.decode("ascii", "replace").strip().split(",")
    if len(fields) != 3:
        raise TrainingError(f"{path}: row {number}: expected 3 fields, got {len(fields)}")
    label, pixels, usage = fields
    if label not in tuple("0123456"):
        raise TrainingError(f"{path}: row {number}: label {label!r} is not one of 0-{len(FER2013) - 1}")
    if usage not in SPLITS:
        raise TrainingError(f"{path}: row {number}: split {usage!r} is not one of {', '.join(SPLITS)}")
    try:
        values = np.array(pixels.split(), np.int64)
    except (ValueError, OverflowError):
        raise TrainingError(f"{path}: row {number}: pixels must be integers") from None
    if len(values) != PIXELS:
        raise TrainingError(f"{path}: row {number}: expected {PIXELS} pixels, got {len(values)}")
    if values.min() < 0 or values.max() > 255:
        raise TrainingError(f"{path}: row {number}: pixels must be 0-255")
    return values.astype(np.uint8).reshape(48, 48), int(label), SPLITS.index(usage)


def _signature(path):
    status = path.stat()
    return {"version": STORE_VERSION, "size": status.st_size, "modified": status.st_mtime_ns}


def _from_store(store, path):
    if store is None:
        return None
    store = Path(store)
    try:
        source = json.loads((store / "source.json").read_text())
        if source["signature"] != _signature(path):
            return None
        images = np.load(store / "images.npy", mmap_mode="r")
        table = np.load(store / "labels.npy")
    except (OSError, ValueError, KeyError):
        return None
    return images, table[0], table[1], source["md5"]


def _to_store(store, path, arrays):
    if store is not None:
        images, labels, split, md5 = arrays
        store = Path(store)
        try:
            store.mkdir(parents=True, exist_ok=True)
            (store / "source.json").unlink(missing_ok=True)
            _replace(store / "images.npy", images)
            _replace(store / "labels.npy", np.stack([labels, split]))
            (store / "source.json").write_text(json.dumps({"md5": md5, "signature": _signature(path)}))
        except OSError as error:
            raise TrainingError(f"{store}: the images cannot be stored there ({error}); free disk space") from None
    return arrays


def _replace(path, array):
    """Save `array` to a temporary file and move it to `path`, so that memory maps of the old file stay valid."""
    partial = path.with_suffix(f".{os.getpid()}.npy")
    try:
        np.save(partial, array)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
