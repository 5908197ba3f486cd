"""A folder of pictures a class, as data to train on: your own, or what `dataset from-videos` made."""

import hashlib

import numpy as np

from ..errors import TrainingError
from .fer2013 import SPLITS, Faces
from .image_folders import read_folder
from .labels import AFFECTNET, FER2013, LABEL_SETS, NEUTRAL_OR_NOT
from .preprocessing import proportional

ROLES = {"Training": "Training", "Validation": "PublicTest", "Test": "PrivateTest"}
VALIDATION_SHARE = 0.1


def load(folder, store, size=48, seed=0, say=print):
    """The pictures under `folder` as Faces: CLASS/picture, or train/CLASS, validation/CLASS, test/CLASS.

    Validation is what choices are made on (PublicTest), test the PrivateTest. Where there is no
    validation a tenth of the training pictures is, the same share of each class: frames of one film
    must then not be in the folder, or the same person stands on both sides. Pictures are kept in
    `store`, `size` pixels square. Raises TrainingError for classes that are no expressions.
    """
    samples = read_folder(folder, store, say, size)
    label_set = _label_set(folder, samples.label_names)
    number = np.array([LABEL_SETS[label_set].index(name) for name in samples.label_names], np.uint8)
    split = np.array([SPLITS.index(ROLES[name]) for name in samples.split_names], np.uint8)[samples.split]
    labels = number[samples.labels]
    if "Validation" not in samples.split_names:
        split[proportional(labels, np.flatnonzero(split == 0), VALIDATION_SHARE, seed)] = SPLITS.index("PublicTest")
    digest = hashlib.md5(samples.images, usedforsecurity=False)
    digest.update(labels.tobytes() + split.tobytes())
    return Faces(samples.images, labels, split, None, digest.hexdigest(), label_set)


def _label_set(folder, names):
    for label_set, labels in (("fer2013", FER2013), ("affectnet", AFFECTNET), ("neutral-or-not", NEUTRAL_OR_NOT)):
        if set(names) <= set(labels):
            return label_set
    unknown = sorted(set(names) - set(AFFECTNET) - set(NEUTRAL_OR_NOT))
    raise TrainingError(f"{folder}: class {(unknown or sorted(names))[0]!r} is no expression; the classes there are: "
                        f"{', '.join(AFFECTNET)}; or {' and '.join(NEUTRAL_OR_NOT)}")
