"""FER2013 as a yardstick: its faces, which of them are twins, how the site's detector crops them."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..data.fer2013 import Faces
from ..data.near_duplicates import with_twin


@dataclass(frozen=True)
class TestSet:
    """faces: Faces. store: folder that keeps what took minutes to find out, or None."""

    faces: Faces
    store: Path | None = None
    __test__ = False        # pytest takes the name for a test's

    @cached_property
    def twins(self):
        """bool (n,): rows outside Training that have a twin in it."""
        return with_twin(self.faces, self.store)

    def serving(self, card, split):
        """The split's pictures as the site would crop them: uint8 (m, size, size), and found, bool (m,).

        Raises TrainingError where the detector's files are not made yet.
        """
        from webapp.vision.crops import CropSpec

        from ..data import alignment
        how = CropSpec.from_card(card)
        mark = hashlib.sha256(json.dumps([self.faces.md5, split, how.size, how.points]).encode()).hexdigest()[:16]
        path = None if self.store is None else Path(self.store) / f"serving-{mark}.npz"
        if path is not None and path.exists():
            with np.load(path) as kept:
                return kept["crops"], kept["found"]
        images = self.faces.images[self.faces.rows(split)]
        crops, found = alignment.serving_crops(images, alignment.open_detector(), how)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(path, crops=crops, found=found)
        return crops, found
