"""Can the networks tell what is no photo of a face? The table of docs/outside.md, 'Unlike the training data'.

    python -m benchmarks.novelty FER2013_CSV PHOTOS BUNDLE … [--cache FOLDER]

Faces are FER2013's PublicTest and those found on PHOTOS, a folder of LABEL/photo.jpg. Against them are crops that a
detector could give by mistake: FER2013's images that all ten raters call no face, random crops of scikit-image's
photos without people, textures and noise; faces drawn by code; and the photos' faces under heavy blur. AUROC is the
chance that such a crop scores higher than a face. A threshold flags 1 % of PublicTest.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import keras
import numpy as np
from skimage import data as images_of
from sklearn.metrics import roc_auc_score

from benchmarks.outside import read_photos
from training.data import fer2013
from training.data.alignment import find, open_detector
from training.evaluate import novelty
from training.evaluate.bundles import read_bundle
from training.evaluate.predictions import evaluated, keras_logits, litert_outputs
from training.export.unlike import training_rows
from webapp.vision.crops import CropSpec

SIZE, COUNT, SEED = 48, 400, 0
FLAGGED = 0.01
FEW = 20                # images below which no AUROC is given
NOT_A_FACE = 9          # column of the votes


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("csv", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("bundles", type=Path, nargs="+")
    parser.add_argument("--border", type=float, default=0.0)
    parser.add_argument("--cache", type=Path, help="folder that keeps crops and logits, outside the repository")
    options = parser.parse_args()
    bundles = [read_bundle(folder) for folder in options.bundles]
    faces = fer2013.load(options.csv, options.csv.with_name("fer2013new.csv"),
                         options.cache and options.cache / "fer2013")
    seen = read_photos(options.photos, bundles, options.border, options.cache)
    wild = seen.crops[CropSpec.from_card(bundles[0].card)][seen.found]
    public = faces.rows("PublicTest")
    home = faces.images[public[faces.votes[public][:, NOT_A_FACE] == 0]]
    others = unlike(faces, wild)
    detector = open_detector()
    found = {name: np.array([find(np.rint(image).astype(np.uint8), detector)[1] is not None for image in images])
             for name, images in others.items()}
    print(f"{len(home)} faces of PublicTest, {len(wild)} of the photos; "
          + ", ".join(f"{len(each)} {name}" for name, each in others.items()))
    print("taken for a face by the detector: " + ", ".join(f"{100 * each.mean():.1f} % of {name}"
                                                           for name, each in found.items()) + "\n")
    for bundle in bundles:
        _tables(bundle, faces, home, wild, others, found)


def unlike(faces, wild):
    """{what: crops (n, 48, 48), gray 0-255} of images that are no photo of a face, or hardly."""
    rng = np.random.default_rng(SEED)
    blurred = {f"photos' faces blurred, sigma {sigma}": np.stack([cv2.GaussianBlur(face, (0, 0), sigma)
                                                                   for face in wild]) for sigma in (2, 4)}
    return {"FER2013's no-faces": faces.images[faces.votes[:, NOT_A_FACE] == 10],
            "crops of photos": np.stack([_crop(rng) for _ in range(COUNT)]),
            "noise": np.stack([_noise(rng) for _ in range(COUNT)]),
            "drawn faces": np.stack([drawn_face(rng) for _ in range(COUNT)])} | blurred


def _crop(rng):
    """A random square of a photo without people, or of a texture."""
    names = ("coffee", "chelsea", "rocket", "brick", "grass", "gravel", "coins", "text", "page", "moon", "clock")
    image = getattr(images_of, names[rng.integers(len(names))])()
    gray = image if image.ndim == 2 else cv2.cvtColor(image[..., :3], cv2.COLOR_RGB2GRAY)
    side = int(rng.uniform(0.2, 0.8) * min(gray.shape))
    top, left = (int(rng.integers(limit - side + 1)) for limit in gray.shape)
    return cv2.resize(gray[top:top + side, left:left + side], (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def _noise(rng):
    """Grey noise, from fine to coarse."""
    noise = cv2.GaussianBlur(rng.normal(0, 1, (SIZE, SIZE)), (0, 0), rng.uniform(0.3, 6))
    return np.clip(128 + 60 * noise / noise.std(), 0, 255).astype(np.uint8)


def drawn_face(rng):
    """A cartoon: oval, eyes, brows, nose and mouth where the crop has them, in a few gray levels."""
    scale = 8
    canvas = np.full((SIZE * scale,) * 2, rng.integers(120, 256), np.uint8)
    side, line = SIZE * scale, int(rng.integers(4, 12))
    skin, ink = int(rng.integers(150, 256)), int(rng.integers(0, 70))

    def at(x, y):
        return int((x + rng.normal(0, 0.01)) * side), int((y + rng.normal(0, 0.01)) * side)

    axes = int(rng.uniform(0.36, 0.46) * side), int(rng.uniform(0.44, 0.54) * side)
    cv2.ellipse(canvas, at(0.5, 0.52), axes, 0, 0, 360, skin, -1)
    cv2.ellipse(canvas, at(0.5, 0.52), axes, 0, 0, 360, ink, line)
    radius, tilt = int(rng.uniform(0.03, 0.09) * side), rng.uniform(-0.05, 0.05)
    for x, sign in ((0.32, 1), (0.68, -1)):
        cv2.circle(canvas, at(x, 0.4), radius, 255, -1)
        cv2.circle(canvas, at(x, 0.4), radius, ink, line)
        cv2.circle(canvas, at(x, 0.4), max(2, radius // 3), ink, -1)
        cv2.line(canvas, at(x - 0.1, 0.28 - sign * tilt), at(x + 0.1, 0.28 + sign * tilt), ink, line)
    cv2.line(canvas, at(0.5, 0.5), at(0.5, 0.61), ink, line)
    height = int(rng.uniform(0.01, 0.14) * side)
    start = (0, 180, 0)[rng.integers(3)]
    cv2.ellipse(canvas, at(0.5, 0.77), (int(rng.uniform(0.08, 0.2) * side), height), 0, start, start + 180, ink, line)
    return cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def _tables(bundle, faces, home, wild, others, found):
    network = keras.saving.load_model(bundle.folder / "model.keras", compile=False)
    member = next((layer for layer in network.layers if layer.name == "member_0"), network)
    body = keras.Model(member.inputs, member.get_layer("embedding").output)
    scores, groups = _scores(bundle, faces, body), {"PublicTest": home, "photos": wild} | others
    served = (bundle.folder / "model.tflite").read_bytes()
    outputs = {name: (litert_outputs(served, images), keras_logits(body, images)) for name, images in groups.items()}
    if "unlike" in bundle.card:
        scores["64 prototypes, the network's second output"] = lambda found, _: found[1][:, 0]
    values = {name: {group: score(*output) for group, output in outputs.items()} for name, score in scores.items()}
    _head(f"{bundle.card['name']}: AUROC against PublicTest / against the photos' faces", others)
    for name, each in values.items():
        _row(name, (f"{_auroc(each['PublicTest'], each[group]):.3f} / {_auroc(each['photos'], each[group]):.3f}"
                    for group in others))
    _head("The same of those that the detector takes for a face, against PublicTest",
          (f"{name} ({rows.sum()})" for name, rows in found.items()))
    for name, each in values.items():
        _row(name, (f"{_auroc(each['PublicTest'], each[group][rows]):.3f}" if rows.sum() >= FEW else "–"
                    for group, rows in found.items()))
    _head(f"Flagged, in per cent, above the threshold that flags {100 * FLAGGED:g} % of PublicTest",
          ("threshold", "photos", *others))
    for name, each in values.items():
        limit = novelty.threshold(each["PublicTest"], FLAGGED)
        _row(name, (f"{limit:.3f}", *(f"{100 * (each[group] > limit).mean():.1f}" for group in ("photos", *others))))


def _head(title, columns):
    columns = list(columns)
    print(f"\n{title}\n\n| score | " + " | ".join(columns) + " |\n|---|" + "--:|" * len(columns))


def _row(name, cells):
    print(f"| {name} | " + " | ".join(cells) + " |")


def _scores(bundle, faces, body):
    """{name: function of the network's outputs and its features}."""
    rows = training_rows(faces, bundle.label_set)
    features = keras_logits(body, faces.images[rows])
    labels = evaluated(faces, bundle.label_set, rows, np.zeros((len(rows), len(bundle.card["labels"])))).truth
    distance, near = novelty.Mahalanobis(features, labels), novelty.NearestNeighbors(features)
    prototypes = novelty.Prototypes(features)
    return {"largest probability (the site's *unsure*)": lambda found, _: novelty.max_probability(
                found[0], bundle.temperature),
            "energy": lambda found, _: novelty.energy(found[0], bundle.temperature),
            "largest logit": lambda found, _: novelty.max_logit(found[0]),
            "Mahalanobis, features": lambda _, features: distance(features),
            "50th nearest neighbor, features": lambda _, features: near(features),
            "64 prototypes, features": lambda _, features: prototypes(features)}


def _auroc(faces, others):
    return roc_auc_score(np.r_[np.zeros(len(faces)), np.ones(len(others))], np.r_[faces, others])


if __name__ == "__main__":
    main()
