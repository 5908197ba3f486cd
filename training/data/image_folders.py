"""Data sets of picture files: a folder a class, or AffectNet's csv beside its pictures.

Every picture is taken to be a face already cut out; it is kept grey, squared to its middle and
shrunk by area averaging, in a local store beside the others (outside the repository).
"""

import json
from pathlib import Path

import numpy as np

from ..errors import TrainingError
from . import affectnet
from .samples import Samples

SIZE = 48
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".pgm"})
#: Words that other data sets use for the labels of ours.
SYNONYMS = {"angry": "anger", "happy": "happiness", "sad": "sadness", "surprised": "surprise", "disgusted": "disgust",
            "fearful": "fear", "afraid": "fear", "scared": "fear", "calm": "neutral"}
SPLIT_WORDS = {"train": "Training", "training": "Training", "val": "Validation", "valid": "Validation",
               "validation": "Validation", "test": "Test"}


def read_folder(folder, store, say=print, size=SIZE):
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
    return _keep(entries, store, folder, {}, size, say)


def read_affectnet(table, pictures, store, say=print):
    """The Samples of AffectNet; `table` and `pictures` as `affectnet.annotations`.

    *None*, *uncertain* and *no face* are left out. Raises TrainingError naming file and row.
    """
    found, left_out = affectnet.annotations(table, pictures)
    return _keep([(each.path, each.split, each.label, each.box) for each in found], store, table, left_out, SIZE, say)


def _place(folder, path):
    parts = path.relative_to(folder).parts[:-1]
    if not parts:
        return None
    split = SPLIT_WORDS.get(parts[0].lower())
    if split and len(parts) < 2:
        return None
    name = parts[1 if split else 0].lower().strip()
    return path, split or "Training", SYNONYMS.get(name, name), None


def _keep(entries, store, source, left_out, size, say):
    """Read the pictures of `entries` (path, split, label, box or None) into `store`: Samples."""
    store = Path(store)
    store.mkdir(parents=True, exist_ok=True)
    images = np.lib.format.open_memmap(store / "images.partial.npy", "w+", np.uint8, (len(entries), size, size))
    kept = []
    for path, split, label, box in entries:
        picture = affectnet.square(path, box, size)
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
