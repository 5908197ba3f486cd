"""A small synthetic data set of drawn faces in the file format of FER2013, and its bundle."""

import csv
from unittest.mock import patch

import cv2
import numpy as np

from training.data import average_faces, bundle, fer2013
from training.data.labels import FER2013, FERPLUS
from training.data.predictions import ModelPredictions
from training.data.samples import from_fer2013

ROWS = 240
#: (rise of the mouth's corners, height of the mouth, drop of the inner brows), in px.
SHAPES = {"anger": (-3, 1, 3), "disgust": (-4, 2, 2), "fear": (-2, 4, -3), "happiness": (5, 2, 0),
         "sadness": (-5, 1, -2), "surprise": (0, 7, -4), "neutral": (0, 1, 0)}


def face(label, rng):
    """A drawn face, uint8 (48, 48)."""
    corner_rise, mouth_height, brow_drop = SHAPES[label]
    image = np.full((48, 48), int(rng.integers(20, 90)), np.uint8)
    skin = int(rng.integers(150, 240))
    x, y = rng.integers(-2, 3, 2) + 24
    cv2.ellipse(image, (int(x), int(y)), (17, 21), 0, 0, 360, skin, -1)
    for side in (-1, 1):
        eye = int(x + side * 7), int(y - 5)
        cv2.circle(image, eye, 2, 30, -1)
        cv2.line(image, (eye[0] - side * 3, eye[1] - 6 + brow_drop), (eye[0] + side * 3, eye[1] - 6), 60, 1)
    corners = np.array([[x - 7, y + 10 - corner_rise], [x, y + 10], [x + 7, y + 10 - corner_rise]], np.int32)
    cv2.polylines(image, [corners], False, 40, max(1, mouth_height // 2))
    noise = rng.normal(0, 4, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def write(folder, rows=ROWS, seed=0):
    """Write fer2013.csv and fer2013new.csv of drawn faces to `folder`; returns the two paths.

    Row 1 duplicates row 0, and the last row, in PrivateTest, duplicates row 2. Row 3 is a constant
    image. Row 4 has an incorrect label.
    """
    rng = np.random.default_rng(seed)
    table, votes = folder / "fer2013.csv", folder / "fer2013new.csv"
    images = []
    with open(table, "w", newline="") as file, open(votes, "w", newline="") as votes_file:
        labels, ballots = csv.writer(file, lineterminator="\n"), csv.writer(votes_file, lineterminator="\n")
        labels.writerow(["emotion", "pixels", "Usage"])
        ballots.writerow(["Usage", "Image name", *fer2013.VOTE_COLUMNS])
        for row in range(rows):
            label = FER2013[row % 7]
            usage = "Training" if row < rows * 2 // 3 else "PublicTest" if row < rows * 5 // 6 else "PrivateTest"
            image = face(label, rng)
            if row == 1:
                image = images[0]
            if row == rows - 1:
                image = images[2]
            if row == 3:
                image = np.full((48, 48), 90, np.uint8)
            images.append(image)
            written = "surprise" if row == 4 else label
            labels.writerow([FER2013.index(written), " ".join(map(str, image.ravel().tolist())), usage])
            counts = dict.fromkeys(fer2013.VOTE_COLUMNS, 0) | {label: 10 - row % 6}
            counts["neutral" if label != "neutral" else "sadness"] += row % 6
            ballots.writerow([usage, f"fer{row:07}.png", *(counts[name] for name in fer2013.VOTE_COLUMNS)])
    return table, votes


def predictions(samples, name, labels, label_set, seed):
    """ModelPredictions of a simulated model that is correct more often than not."""
    rng = np.random.default_rng(seed)
    targets = np.array([labels.index(samples.label_names[label]) for label in samples.labels])
    logits = rng.normal(0, 1, (len(samples), len(labels)))
    logits[np.arange(len(samples)), targets] += 2
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    card = {"name": name, "title": name, "version": "1.0.0", "label_set": label_set, "labels": list(labels),
            "parameters": 1000, "unsure": {"threshold": 0.3}}
    curve = [{"epoch": epoch, "loss": 2 / epoch, "public_fer2013_accuracy": 0.5 + epoch / 20} for epoch in range(1, 6)]
    return ModelPredictions(card, probabilities.astype(np.float32), logits.astype(np.float32), "0" * 64, curve)


def unaligned(images):
    """The images as they are, for tests that need no detector."""
    return images, np.ones(len(images), bool)


def build(folder, seed=0):
    """Build the bundle and the image store under `folder`; returns (folder of bundles, folder of stores)."""
    table, votes = write(folder, seed=seed)
    stores = folder / "stores"
    samples = from_fer2013(fer2013.load(table, votes, stores / "drawn", any_md5=True))
    models = [predictions(samples, "jury-drawn", FERPLUS, "ferplus", 1),
              predictions(samples, "seven-drawn", FER2013, "fer2013", 2)]
    # Drawn faces differ less than photos do, and show nobody.
    with patch.object(average_faces, "ALIKE", 0.99), patch.object(average_faces, "LIMIT", 1):
        bundle.build(samples, models, folder / "bundles" / "drawn", "drawn", "Drawn faces",
                     "python -m training dataset build --data fer2013.csv", report=lambda line: None, align=unaligned)
    return folder / "bundles", stores


def build_without(files, folder):
    """Build bundles of the CSV in `files`: *plain* without votes and models, *novotes* without votes, *nomodels*
    without models."""
    for name, has_votes, has_models in (("plain", False, False), ("novotes", False, True), ("nomodels", True, False)):
        votes = files / "fer2013new.csv" if has_votes else None
        samples = from_fer2013(fer2013.load(files / "fer2013.csv", votes, any_md5=True))
        models = [predictions(samples, "jury-drawn", FERPLUS, "ferplus", 1)] if has_models else []
        bundle.build(samples, models, folder / name, name, name, "python -m training dataset build --data own",
                     report=lambda line: None)
