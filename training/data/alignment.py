"""Where FER2013's pictures have the eyes, nose and mouth, and FER2013 as the site would crop it.

The pictures are 48x48 and filled by the face, while the detector wants surroundings: each is enlarged
and given a border of its own edge. The medians of the landmarks found are the points of the crop, so
that a face reaches the network in the site as it did in training.
"""

import json
from pathlib import Path

import cv2
import numpy as np

from webapp.vision.crops import LANDMARKS, crop
from webapp.vision.faces import DetectorMissing, FaceDetector

from ..errors import TrainingError
from ..export import detector as detector_files

CROP = Path(__file__).parent / "alignment.json"
ENLARGE = 4
BORDER = 0.5            # on each side, in sides of the picture
LONG_SIDES = (192,)
THRESHOLD = 0.3         # low: that there is a face is known
FAR = 0.2               # a face whose centre is farther from the picture's, in shares of the framed one, is none
SEED = 0


def open_detector(folder=detector_files.FOLDER):
    """The site's FaceDetector. Raises TrainingError when its files are not made yet."""
    try:
        return FaceDetector(folder)
    except DetectorMissing:
        raise TrainingError(f"{folder}: the face detector's files are missing; run: "
                            "python -m training detector") from None


def measure(faces, detector, pictures=4000):
    """The crop's points, from a sample of Training: {"points": {name: [x, y]}, "measured_on": {…}}.

    Points are medians of fractions of the 48x48 picture, over each face and its mirror image, since
    training mirrors at random: the crop of a mirrored face is the mirrored crop.
    """
    rows = faces.rows("Training")
    rows = np.sort(np.random.default_rng(SEED).choice(rows, min(pictures, len(rows)), replace=False))
    found = [face for face in (find(image, detector)[1] for image in faces.images[rows]) if face]
    if not found:
        raise TrainingError("no face was found in any of the pictures")
    places = np.array([[face.landmarks[name] for name in LANDMARKS] for face in found])
    places = places * (1 + 2 * BORDER) - BORDER
    mirrored = (1, 0) + places[:, [1, 0, 2, 3]] * (-1, 1)
    medians = np.median(np.concatenate([places, mirrored]), axis=0)
    return {
        "points": {name: [round(float(value), 4) for value in point]
                   for name, point in zip(LANDMARKS, medians, strict=True)},
        "measured_on": {"split": "Training", "pictures": len(rows), "found": len(found), "seed": SEED,
                        "command": f"python -m training eyes --data fer2013.csv.gz --pictures {len(rows)}"},
    }


def write(measured, path=CROP):
    """Keep the points where `training export` finds them; the text written."""
    text = json.dumps(measured, indent=1) + "\n"
    Path(path).write_text(text)
    return text


def serving_crops(images, detector, how):
    """FER2013's pictures as the site would see them: found by the detector, cropped by `how`.

    images: uint8 (n, 48, 48). detector: FaceDetector. how: CropSpec. Returns crops uint8 (n, size, size)
    and found, bool (n,); where no face is found the crop is the picture itself, scaled to the size.
    """
    crops = np.empty((len(images), how.size, how.size), np.uint8)
    found = np.zeros(len(images), bool)
    for index, image in enumerate(images):
        picture, face = find(image, detector)
        if face:
            crops[index] = np.round(crop(picture, face, how))
        else:
            crops[index] = cv2.resize(image, (how.size, how.size), interpolation=cv2.INTER_AREA)
        found[index] = face is not None
    return crops, found


def find(image, detector):
    """(framed picture uint8 (h, w, 3), its Face or None) for a picture, uint8 (48, 48), that a face fills.

    The Face's fractions are of the framed picture.
    """
    picture = framed(image)
    faces = [face for face in detector.detect(picture, LONG_SIDES, THRESHOLD, refine=True)
             if max(abs(face.box[0] + face.box[2] / 2 - 0.5), abs(face.box[1] + face.box[3] / 2 - 0.5)) < FAR]
    return picture, faces[0] if faces else None


def framed(image):
    """uint8 (h, w, 3): the grey picture enlarged ENLARGE times, its edge repeated BORDER around it."""
    side = ENLARGE * len(image)
    border = round(BORDER * side)
    large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, border, border, border, border, cv2.BORDER_REPLICATE)
    return cv2.cvtColor(large, cv2.COLOR_GRAY2RGB)
