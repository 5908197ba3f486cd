"""FER2013 as a test set: its faces, near-duplicates in Training, and crops by the site's detector."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from webapp.vision.crops import CropSpec

from ..data import alignment
from ..data.duplicates import near_duplicate_in_training
from ..data.fer2013 import Faces


@dataclass(frozen=True)
class TestSet:
    """faces: Faces. cache: folder that stores what takes minutes to compute, or None."""

    faces: Faces
    cache: Path | None = None
    __test__ = False        # not a pytest class

    @cached_property
    def near_duplicates(self):
        """bool (n,): rows outside Training with an exact or near-duplicate in Training."""
        return near_duplicate_in_training(self.faces, self.cache)

    def serving_crops(self, card, split):
        """The split's images as the site crops them: uint8 (m, size, size), and found, bool (m,).

        They are stored per version of the detection. Raises TrainingError if the detector's files do not exist yet.
        """
        spec = CropSpec.from_card(card)
        key = [self.faces.md5, split, spec.size, spec.points, alignment.detector_mark()]
        key = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
        path = None if self.cache is None else Path(self.cache) / f"serving-{key}.npz"
        if path is not None and path.exists():
            with np.load(path) as cached:
                return cached["crops"], cached["found"]
        images = self.faces.images[self.faces.rows(split)]
        crops, found = alignment.serving_crops(images, alignment.open_detector(), spec)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(path, crops=crops, found=found)
        return crops, found
