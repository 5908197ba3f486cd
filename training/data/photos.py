"""Photos in folders named after their label, processed like the site's: decoded, face detected, cropped."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from webapp.vision.crops import crop
from webapp.vision.faces import PHOTO_LONG_SIDES, Face
from webapp.vision.images import ImageError, decode
from webapp.vision.reading import OVERSAMPLING

from ..errors import TrainingError
from .image_folders import SUFFIXES, SYNONYMS

THRESHOLD = 0.4        # minimum score of a face: the default of the site's setting `photo_threshold`


@dataclass(frozen=True)
class Photos:
    """The readable photos of a folder. n is their number.

    folder: its name. labels: tuple of n str, each photo's label in the project's vocabulary. faces: int64 (n,), faces
    found in each. crops: {CropSpec: float32 (n, size, size)}, gray 0-255, of the largest face; zeros where none was
    found. border: width of the black border that the detector saw around each photo, as a fraction of its side.
    unreadable: number of files that are no image.
    """

    folder: str
    labels: tuple
    faces: np.ndarray
    crops: dict
    border: float
    unreadable: int

    @property
    def found(self):
        """bool (n,): photos with at least one face."""
        return self.faces > 0

    @property
    def counts(self):
        """{label: number of photos}, in alphabetical order."""
        return dict(sorted(Counter(self.labels).items()))


def read(folder, detector, specs, border=0.0):
    """The Photos of LABEL/photo.jpg under `folder`.

    detector: webapp.vision.faces.FaceDetector. specs: the CropSpecs to crop the faces with. border: width of a black
    border, as a fraction of the photo's side, that the detector sees around it; faces that fill a photo are found
    more often then. The crop is taken from the photo without it. Raises TrainingError for a folder without photos in
    folders of labels.
    """
    entries = labeled_files(folder)
    specs = tuple(dict.fromkeys(specs))
    crops = {spec: np.zeros((len(entries), spec.size, spec.size), np.float32) for spec in specs}
    faces, labels, unreadable = [], [], 0
    for path, label in entries:
        try:
            image = decode(path.read_bytes(), reduce_to=OVERSAMPLING * max(PHOTO_LONG_SIDES)).pixels
        except (OSError, ImageError):
            unreadable += 1
            continue
        found, largest = _crops(image, find(image, detector, border), specs)
        for spec, seen in largest.items():
            crops[spec][len(labels)] = seen
        faces.append(found)
        labels.append(label)
    if not labels:
        raise TrainingError(f"{folder}: none of its {len(entries)} photos can be read")
    crops = {spec: seen[:len(labels)] for spec, seen in crops.items()}
    return Photos(Path(folder).resolve().name, tuple(labels), np.array(faces), crops, border, unreadable)


def labeled_files(folder):
    """[(path, label)] of the image files in `folder`/LABEL, sorted; synonyms of a label become the label."""
    folder = Path(folder)
    entries = [(path, label_name(path.parent.name)) for path in sorted(folder.glob("*/*"))
               if path.suffix.lower() in SUFFIXES and path.is_file()]
    if not entries:
        raise TrainingError(f"{folder}: no photos; must be a folder of LABEL/photo.jpg")
    return entries


def label_name(word):
    """The project's word for the label that a folder is named after."""
    word = word.lower().strip()
    return SYNONYMS.get(word, word)


def find(image, detector, border=0.0):
    """The faces of a photo, uint8 (h, w, 3), as the site searches it, or with a black border around it (see `read`)."""
    if not border:
        return detector.detect(image, PHOTO_LONG_SIDES, THRESHOLD)
    height, width = image.shape[:2]
    top, left = round(border * height), round(border * width)
    bordered = cv2.copyMakeBorder(image, top, top, left, left, cv2.BORDER_CONSTANT)
    return [_without_border(face, left, top, width, height, width + 2 * left, height + 2 * top)
            for face in detector.detect(bordered, PHOTO_LONG_SIDES, THRESHOLD)]


def _crops(image, faces, specs):
    """(number of faces, {CropSpec: crop of the largest}), without faces whose landmarks make no face."""
    height, width = image.shape[:2]
    found = []
    for face in faces:
        try:
            found.append((face.box[2] * width * face.box[3] * height,
                          {spec: crop(image, face, spec) for spec in specs}))
        except ValueError:
            continue
    return len(found), max(found, key=lambda each: each[0])[1] if found else {}


def _without_border(face, left, top, width, height, outer_width, outer_height):
    """`face` in fractions of the photo, from fractions of the photo with its border; arguments in pixels."""
    def inside(x, y):
        return (x * outer_width - left) / width, (y * outer_height - top) / height

    x, y, box_width, box_height = face.box
    box = (*inside(x, y), box_width * outer_width / width, box_height * outer_height / height)
    return Face(box, {name: inside(*point) for name, point in face.landmarks.items()}, face.score)
