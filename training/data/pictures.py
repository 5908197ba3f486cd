"""Data sets of picture files: a folder a class, or AffectNet's csv beside its pictures.

Every picture is taken to be a face already cut out; it is kept grey, squared to its middle and
shrunk by area averaging, in a local store beside the others (outside the repository).
"""

import csv
import json
from pathlib import Path

import cv2
import numpy as np

from ..errors import TrainingError
from .samples import Samples

SIZE = 48
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".pgm"})
#: Words that other data sets use for the labels of ours.
SYNONYMS = {"angry": "anger", "happy": "happiness", "sad": "sadness", "surprised": "surprise", "disgusted": "disgust",
            "fearful": "fear", "afraid": "fear", "scared": "fear", "calm": "neutral"}
SPLIT_WORDS = {"train": "Training", "training": "Training", "val": "Validation", "valid": "Validation",
               "validation": "Validation", "test": "Test"}
#: AffectNet's numbers (Mollahosseini et al. 2017); the last three are no expression and are left out.
AFFECTNET = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
AFFECTNET_PRUNED = ("none", "uncertain", "no face")


def read_folder(folder, store, say=print):
    """The Samples of CLASS/picture or SPLIT/CLASS/picture under `folder`; pictures into `store`.

    Without splits every row is Training. Names of classes are put into the one vocabulary where
    they have another word for it. Raises TrainingError for a folder without pictures; a picture
    that cannot be read is left out and counted.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder. A folder a class is meant, or train/CLASS, test/CLASS")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    entries = [entry for path in files if (entry := _place(folder, path))]
    if not entries:
        raise TrainingError(f"{folder}: no pictures in class folders; CLASS/picture.jpg or "
                            "train/CLASS/picture.jpg is meant")
    return _keep(entries, store, folder, {}, say)


def read_affectnet(table, pictures, store, say=print):
    """The Samples of AffectNet's csv(s); `table` one csv or a folder with training.csv and validation.csv.

    The columns used are subDirectory_filePath, expression and the face's box where it is given.
    *None*, *uncertain* and *no face* are left out. Raises TrainingError naming file and row.
    """
    table, pictures = Path(table), Path(pictures)
    tables = ([path for name in ("training.csv", "validation.csv") if (path := table / name).is_file()]
              if table.is_dir() else [table])
    entries, left_out = [], {}
    for path in tables:
        split = SPLIT_WORDS.get(path.stem.lower(), "Training")
        for place, label, box in _affectnet_rows(path, left_out):
            entries.append((pictures / place, split, label, box))
    if not entries:
        raise TrainingError(f"{table}: no rows; AffectNet's training.csv and validation.csv are meant")
    return _keep(entries, store, table, left_out, say)


def _place(folder, path):
    parts = path.relative_to(folder).parts[:-1]
    if not parts:
        return None
    split = SPLIT_WORDS.get(parts[0].lower())
    if split and len(parts) < 2:
        return None
    name = parts[1 if split else 0].lower().strip()
    return path, split or "Training", SYNONYMS.get(name, name), None


def _affectnet_rows(path, left_out):
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            for column in ("subDirectory_filePath", "expression"):
                if column not in (reader.fieldnames or ()):
                    raise TrainingError(f"{path}: no column {column!r}; AffectNet's csv is meant")
            for number, row in enumerate(reader, 1):
                try:
                    code = int(row["expression"])
                    label = (*AFFECTNET, *AFFECTNET_PRUNED)[code] if code >= 0 else None
                    box = [int(float(row[name])) for name in ("face_x", "face_y", "face_width", "face_height")
                           if row.get(name)]
                except (TypeError, ValueError, IndexError):
                    label = None
                if label is None:
                    raise TrainingError(f"{path}: row {number}: expression {row['expression']!r} is not one of 0-10, "
                                        "or the face's box is not numbers")
                if label in AFFECTNET_PRUNED:
                    left_out[label] = left_out.get(label, 0) + 1
                else:
                    yield row["subDirectory_filePath"], label, box if len(box) == 4 else None
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read ({error})") from None


def _keep(entries, store, source, left_out, say):
    """Read the pictures of `entries` (path, split, label, box or None) into `store`: Samples."""
    store = Path(store)
    store.mkdir(parents=True, exist_ok=True)
    images = np.lib.format.open_memmap(store / "images.partial.npy", "w+", np.uint8, (len(entries), SIZE, SIZE))
    kept = []
    for path, split, label, box in entries:
        picture = _square(path, box)
        if picture is None:
            left_out["unreadable"] = left_out.get("unreadable", 0) + 1
            continue
        images[len(kept)] = picture
        kept.append((split, label))
    if not kept:
        raise TrainingError(f"{source}: none of its {len(entries)} pictures can be read")
    images.flush()
    if len(kept) < len(entries):
        say(f"{len(entries) - len(kept)} pictures could not be read and are left out")
    np.save(store / "images.npy", images[:len(kept)])
    del images
    (store / "images.partial.npy").unlink()
    split_names = tuple(name for name in ("Training", "Validation", "Test") if any(name == split for split, _ in kept))
    label_names = tuple(sorted({label for _, label in kept}))
    (store / "source.json").write_text(json.dumps({"source": str(source), "rows": len(kept)}))
    return Samples(
        np.load(store / "images.npy", mmap_mode="r"),
        np.array([label_names.index(label) for _, label in kept], np.uint8), label_names,
        np.array([split_names.index(split) for split, _ in kept], np.uint8), split_names,
        source="your own pictures", left_out=left_out)


def _square(path, box):
    try:
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error):
        return None
    if picture is None:
        return None
    height, width = picture.shape
    if box:
        left, top, wide, tall = box
        cut = picture[max(0, top):top + tall, max(0, left):left + wide]
        picture = cut if cut.size else picture
        height, width = picture.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return cv2.resize(picture[top:top + side, left:left + side], (SIZE, SIZE),
                      interpolation=cv2.INTER_AREA if side > SIZE else cv2.INTER_LINEAR)
