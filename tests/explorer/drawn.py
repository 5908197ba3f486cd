"""A small data set of drawn faces in FER2013's own files, and its bundle: no picture of a person is needed."""

import csv

import cv2
import numpy as np

from training.data import bundle, fer2013
from training.data.labels import FER2013, FERPLUS
from training.data.predictions import ModelPredictions
from training.data.samples import from_fer2013

ROWS = 240
#: mouth: how far its corners rise; open: its height; brows: how far the inner ends sink.
LOOKS = {"anger": (-3, 1, 3), "disgust": (-4, 2, 2), "fear": (-2, 4, -3), "happiness": (5, 2, 0),
         "sadness": (-5, 1, -2), "surprise": (0, 7, -4), "neutral": (0, 1, 0)}


def face(label, rng):
    """A drawn face, uint8 (48, 48)."""
    rise, gape, frown = LOOKS[label]
    picture = np.full((48, 48), int(rng.integers(20, 90)), np.uint8)
    light = int(rng.integers(150, 240))
    x, y = rng.integers(-2, 3, 2) + 24
    cv2.ellipse(picture, (int(x), int(y)), (17, 21), 0, 0, 360, light, -1)
    for side in (-1, 1):
        eye = int(x + side * 7), int(y - 5)
        cv2.circle(picture, eye, 2, 30, -1)
        cv2.line(picture, (eye[0] - side * 3, eye[1] - 6 + frown), (eye[0] + side * 3, eye[1] - 6), 60, 1)
    corners = np.array([[x - 7, y + 10 - rise], [x, y + 10], [x + 7, y + 10 - rise]], np.int32)
    cv2.polylines(picture, [corners], False, 40, max(1, gape // 2))
    noise = rng.normal(0, 4, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def write(folder, rows=ROWS, seed=0):
    """FER2013's and FER+'s files of drawn faces in `folder`; the two paths.

    Row 1 is a copy of row 0; the last row, a PrivateTest one, a copy of row 2; row 3 is of one grey
    level; row 4 carries a wrong label.
    """
    rng = np.random.default_rng(seed)
    table, votes = folder / "fer2013.csv", folder / "fer2013new.csv"
    pictures = []
    with open(table, "w", newline="") as file, open(votes, "w", newline="") as judged:
        lines, ballots = csv.writer(file, lineterminator="\n"), csv.writer(judged, lineterminator="\n")
        lines.writerow(["emotion", "pixels", "Usage"])
        ballots.writerow(["Usage", "Image name", *fer2013.VOTE_COLUMNS])
        for row in range(rows):
            label = FER2013[row % 7]
            usage = "Training" if row < rows * 2 // 3 else "PublicTest" if row < rows * 5 // 6 else "PrivateTest"
            picture = face(label, rng)
            if row == 1:
                picture = pictures[0]
            if row == rows - 1:
                picture = pictures[2]
            if row == 3:
                picture = np.full((48, 48), 90, np.uint8)
            pictures.append(picture)
            told = "surprise" if row == 4 else label
            lines.writerow([FER2013.index(told), " ".join(map(str, picture.ravel().tolist())), usage])
            counts = dict.fromkeys(fer2013.VOTE_COLUMNS, 0) | {label: 10 - row % 6}
            counts["neutral" if label != "neutral" else "sadness"] += row % 6
            ballots.writerow([usage, f"fer{row:07}.png", *(counts[name] for name in fer2013.VOTE_COLUMNS)])
    return table, votes


def answers(samples, name, labels, label_set, seed):
    """The ModelPredictions of a made model, right more often than not."""
    rng = np.random.default_rng(seed)
    wanted = np.array([labels.index(samples.label_names[label]) for label in samples.labels])
    logits = rng.normal(0, 1, (len(samples), len(labels)))
    logits[np.arange(len(samples)), wanted] += 2
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    card = {"name": name, "title": name, "version": "1.0.0", "label_set": label_set, "labels": list(labels),
            "parameters": 1000, "unsure": {"threshold": 0.3}}
    curve = [{"epoch": epoch, "loss": 2 / epoch, "public_fer2013_accuracy": 0.5 + epoch / 20} for epoch in range(1, 6)]
    return ModelPredictions(card, probabilities.astype(np.float32), logits.astype(np.float32), "0" * 64, curve)


def build(folder, seed=0):
    """Bundle and store of drawn faces under `folder`; (bundle folder, folder of stores)."""
    table, votes = write(folder, seed=seed)
    stores = folder / "stores"
    samples = from_fer2013(fer2013.load(table, votes, stores / "drawn", any_md5=True))
    models = [answers(samples, "jury-drawn", FERPLUS, "ferplus", 1),
              answers(samples, "seven-drawn", FER2013, "fer2013", 2)]
    bundle.build(samples, models, folder / "bundles" / "drawn", "drawn", "Drawn faces",
                 "python -m training dataset build --data fer2013.csv", report=lambda line: None)
    return folder / "bundles", stores


def build_without(files, folder):
    """Bundles under `folder` of the csv in `files`: *plain* without votes and models, *unjudged* without votes,
    *unasked* without models."""
    for name, judged, asked in (("plain", False, False), ("unjudged", False, True), ("unasked", True, False)):
        votes = files / "fer2013new.csv" if judged else None
        samples = from_fer2013(fer2013.load(files / "fer2013.csv", votes, any_md5=True))
        models = [answers(samples, "jury-drawn", FERPLUS, "ferplus", 1)] if asked else []
        bundle.build(samples, models, folder / name, name, name, "python -m training dataset build --data own",
                     report=lambda line: None)
