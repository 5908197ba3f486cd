"""Data sets of image files: one folder per class, or AffectNet's csv with its image folder.

Every image must be a cropped face. Images are converted to gray, center-cropped to a square, resized by
area averaging and stored in the instance folder, outside the repository.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from ..errors import TrainingError
from . import affectnet
from .fer2013 import SPLITS, Faces
from .labels import AFFECTNET, FER2013, LABEL_SETS, NEUTRAL_OR_NOT
from .preprocessing import stratified_subset
from .samples import Samples

SIZE = 48
VALIDATION_FRACTION = 0.1
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".pgm"})
#: Other data sets' words for the labels used here.
SYNONYMS = {"angry": "anger", "happy": "happiness", "sad": "sadness", "surprised": "surprise", "disgusted": "disgust",
            "fearful": "fear", "afraid": "fear", "scared": "fear", "calm": "neutral"}
SPLIT_WORDS = {"train": "Training", "training": "Training", "val": "Validation", "valid": "Validation",
               "validation": "Validation", "test": "Test"}
#: Splits of a folder as splits of FER2013.
ROLES = {"Training": "Training", "Validation": "PublicTest", "Test": "PrivateTest"}


def load(folder, store, size=48, seed=0, report=print):
    """The images under `folder` as Faces: CLASS/image, or train/CLASS, validation/CLASS, test/CLASS.

    Validation becomes PublicTest, which choices are made on; test becomes PrivateTest. Without a validation
    folder a stratified tenth of the training images is used. Frames of one video may then be in both splits,
    so a folder cut from videos needs its own validation folder. Images are stored in `store`, `size` pixels
    square. Raises TrainingError for a class that is not an expression.
    """
    samples = read_folder(folder, store, report, size)
    label_set = _label_set(folder, samples.label_names)
    index = np.array([LABEL_SETS[label_set].index(name) for name in samples.label_names], np.uint8)
    split = np.array([SPLITS.index(ROLES[name]) for name in samples.split_names], np.uint8)[samples.split]
    labels = index[samples.labels]
    if "Validation" not in samples.split_names:
        validation = stratified_subset(labels, np.flatnonzero(split == 0), VALIDATION_FRACTION, seed)
        split[validation] = SPLITS.index("PublicTest")
    digest = hashlib.md5(samples.images, usedforsecurity=False)
    digest.update(labels.tobytes() + split.tobytes())
    return Faces(samples.images, labels, split, None, digest.hexdigest(), label_set)


def read_folder(folder, store, report=print, size=SIZE):
    """The Samples of CLASS/image or SPLIT/CLASS/image under `folder`; the images are stored in `store`.

    Without splits every row is Training. Class names are mapped to the labels used here where
    they are synonyms. Raises TrainingError for a folder without images; an image that cannot be
    read is skipped and counted.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder; give a folder with one folder per class, or with train/CLASS "
                            "and test/CLASS")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    entries = [entry for path in files if (entry := _entry(folder, path))]
    if not entries:
        raise TrainingError(f"{folder}: no images in class folders; arrange them as CLASS/image.jpg or "
                            "train/CLASS/image.jpg")
    return _store(entries, store, folder, {}, size, report)


def read_affectnet(table, images, store, report=print):
    """The Samples of AffectNet; `table` and `images` as in `affectnet.annotations`.

    *None*, *uncertain* and *no face* are left out. Raises TrainingError naming file and row.
    """
    found, left_out = affectnet.annotations(table, images)
    return _store([(each.path, each.split, each.label, each.box) for each in found], store, table, left_out, SIZE,
                  report)


def _label_set(folder, names):
    for label_set, labels in (("fer2013", FER2013), ("affectnet", AFFECTNET), ("neutral-or-not", NEUTRAL_OR_NOT)):
        if set(names) <= set(labels):
            return label_set
    unknown = sorted(set(names) - set(AFFECTNET) - set(NEUTRAL_OR_NOT))
    raise TrainingError(f"{folder}: class {(unknown or sorted(names))[0]!r} is not an expression; name the class "
                        f"folders {', '.join(AFFECTNET)}; or {' and '.join(NEUTRAL_OR_NOT)}")


def _entry(folder, path):
    """(path, split, label, None) of an image file, or None where its folder does not name a class."""
    parts = path.relative_to(folder).parts[:-1]
    if not parts:
        return None
    split = SPLIT_WORDS.get(parts[0].lower())
    if split and len(parts) < 2:
        return None
    name = parts[1 if split else 0].lower().strip()
    return path, split or "Training", SYNONYMS.get(name, name), None


def _store(entries, store, source, left_out, size, report):
    """Read the images of `entries` (path, split, label, box or None) into `store`; their Samples."""
    store = Path(store)
    store.mkdir(parents=True, exist_ok=True)
    images = np.lib.format.open_memmap(store / "images.partial.npy", "w+", np.uint8, (len(entries), size, size))
    stored = []
    for path, split, label, box in entries:
        image = affectnet.read_square(path, box, size)
        if image is None:
            left_out["unreadable"] = left_out.get("unreadable", 0) + 1
            continue
        images[len(stored)] = image
        stored.append((split, label))
    if not stored:
        raise TrainingError(f"{source}: none of its {len(entries)} images can be read; give readable image files")
    images.flush()
    if len(stored) < len(entries):
        report(f"skipped {len(entries) - len(stored)} images that could not be read")
    np.save(store / "images.npy", images[:len(stored)])
    del images
    (store / "images.partial.npy").unlink()
    split_names = tuple(name for name in ("Training", "Validation", "Test")
                        if any(name == split for split, _ in stored))
    label_names = tuple(sorted({label for _, label in stored}))
    (store / "source.json").write_text(json.dumps({"source": str(source), "rows": len(stored)}))
    return Samples(
        np.load(store / "images.npy", mmap_mode="r"),
        np.array([label_names.index(label) for _, label in stored], np.uint8), label_names,
        np.array([split_names.index(split) for split, _ in stored], np.uint8), split_names,
        source="your own images", left_out=left_out)
