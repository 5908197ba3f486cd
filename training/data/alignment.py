"""The alignment template, measured on FER2013, and FER2013 cropped as the site crops faces.

The template is the position of eyes, nose and mouth in the crop: the medians of the landmarks detected in
FER2013. It makes served faces look like training faces. FER2013's images are 48x48 and filled by the face,
but the detector needs context, so each image is enlarged and padded by replicating its edge.
"""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np

from webapp import vision
from webapp.vision.crops import LANDMARKS, CropSpec, crop
from webapp.vision.faces import DetectorMissingError, FaceDetector

from ..errors import TrainingError

TEMPLATE = Path(__file__).parent / "alignment.json"
DETECTOR = Path("static/detector")
DETECTION_CODE = ("boxes", "crops", "detector_networks", "faces", "letterbox", "tiles")     # modules of webapp.vision
ENLARGE = 4
BORDER = 0.5            # on each side, as a fraction of the image's side
LONG_SIDES = (192,)
THRESHOLD = 0.3         # low: every image is known to show a face
FAR = 0.2               # a detection farther from the padded image's center, as a fraction of its side, is rejected
SEED = 0


def open_detector(folder=DETECTOR):
    """The site's FaceDetector. Raises TrainingError if its files do not exist yet."""
    try:
        return FaceDetector(folder)
    except DetectorMissingError:
        raise TrainingError(f"{folder}: the face detector's files are missing; run: "
                            "python -m training detector") from None


def detector_mark(folder=DETECTOR):
    """A text that tells one version of the detection from another: 16 digits of a hash of its code and its networks.

    What is cached from detected faces is stored under it. Raises TrainingError if the detector's files do not exist
    yet.
    """
    description = Path(folder) / "detector.json"
    if not description.is_file():
        open_detector(folder)
    code = [Path(vision.__file__).with_name(f"{name}.py") for name in DETECTION_CODE]
    files = [Path(__file__), *code, description]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def measure(faces, detector, sample_size=4000):
    """The template, from a sample of Training: {"points": {name: [x, y]}, "measured_on": {…}}.

    Points are fractions of the 48x48 image: medians over each face and its mirror image. The template is
    therefore symmetric, and the crop of a mirrored face is the mirrored crop.
    """
    rows = faces.rows("Training")
    rows = np.sort(np.random.default_rng(SEED).choice(rows, min(sample_size, len(rows)), replace=False))
    found = [face for face in (find(image, detector)[1] for image in faces.images[rows]) if face]
    if not found:
        raise TrainingError(f"no face was found in any of {len(rows)} images; give FER2013's csv")
    landmarks = np.array([[face.landmarks[name] for name in LANDMARKS] for face in found])
    landmarks = landmarks * (1 + 2 * BORDER) - BORDER
    mirrored = (1, 0) + landmarks[:, [1, 0, 2, 3]] * (-1, 1)
    medians = np.median(np.concatenate([landmarks, mirrored]), axis=0)
    return {
        "points": {name: [round(float(value), 4) for value in point]
                   for name, point in zip(LANDMARKS, medians, strict=True)},
        "measured_on": {"split": "Training", "pictures": len(rows), "found": len(found), "seed": SEED,
                        "command": f"python -m training alignment --data fer2013.csv.gz --images {len(rows)}"},
    }


def write(measured, path=TEMPLATE):
    """Write the template to `path`, from which `training export` reads it; the text written."""
    text = json.dumps(measured, indent=1) + "\n"
    Path(path).write_text(text)
    return text


def aligned(images):
    """`serving_crops` of `images`, uint8 (n, 48, 48), with the site's detector and template."""
    spec = CropSpec.from_card({"input": {"size": images.shape[1]}, "crop": json.loads(TEMPLATE.read_text())})
    return serving_crops(images, open_detector(), spec)


def serving_crops(images, detector, spec):
    """FER2013's images processed like the site's: faces detected, then cropped by `spec`.

    images: uint8 (n, 48, 48). detector: FaceDetector. spec: CropSpec. Returns crops uint8 (n, size, size)
    and found, bool (n,); where no face is found the crop is the whole image, resized.
    """
    crops = np.empty((len(images), spec.size, spec.size), np.uint8)
    found = np.zeros(len(images), bool)
    for index, image in enumerate(images):
        context, face = find(image, detector)
        if face:
            crops[index] = np.round(crop(context, face, spec))
        else:
            crops[index] = cv2.resize(image, (spec.size, spec.size), interpolation=cv2.INTER_AREA)
        found[index] = face is not None
    return crops, found


def find(image, detector):
    """(padded image uint8 (h, w, 3), its Face or None) of an image, uint8 (48, 48), filled by a face.

    The Face's coordinates are fractions of the padded image.
    """
    context = padded(image)
    faces = [face for face in detector.detect(context, LONG_SIDES, THRESHOLD, refine=True)
             if max(abs(face.box[0] + face.box[2] / 2 - 0.5), abs(face.box[1] + face.box[3] / 2 - 0.5)) < FAR]
    return context, faces[0] if faces else None


def padded(image):
    """uint8 (h, w, 3): the gray image enlarged ENLARGE times and padded with BORDER of its replicated edge."""
    side = ENLARGE * len(image)
    border = round(BORDER * side)
    large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, border, border, border, border, cv2.BORDER_REPLICATE)
    return cv2.cvtColor(large, cv2.COLOR_GRAY2RGB)
