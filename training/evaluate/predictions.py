"""A model bundle as it is judged, and its answers on one split beside what people said."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..data.labels import LABEL_SETS, translate
from ..errors import TrainingError
from ..export import card as cards
from .metrics import log_softmax


@dataclass(frozen=True)
class Bundle:
    """What judging needs of a bundle. folder: Path. card: dict, checked."""

    folder: Path
    card: dict

    @property
    def label_set(self):
        return self.card["label_set"]

    @property
    def temperature(self):
        return self.card["calibration"]["temperature"]

    @property
    def unsure_threshold(self):
        return self.card["unsure"]["threshold"]


@dataclass(frozen=True)
class Answers:
    """One split's faces. Rows without a vote for an expression are left out where raters judge.

    rows: int64 (n,), indices into the data set. logits: float32 (n, labels). shares: float64
    (n, labels), rows sum to 1: the votes on the expressions, or FER2013's label as one-hot.
    truth: int64 (n,): the raters' first choice (the first of equals), or FER2013's label.
    votes: int64 (n, 10) in the order of the votes' columns, or None.
    """

    rows: np.ndarray
    logits: np.ndarray
    shares: np.ndarray
    truth: np.ndarray
    votes: np.ndarray | None


def read_bundle(folder):
    """The Bundle in `folder`. Raises TrainingError for one that is missing, damaged or of a wrong card."""
    folder = Path(folder)
    path = folder / "card.json"
    if not path.is_file():
        raise TrainingError(f"{folder}: no model bundle (no card.json); make one: python -m training export RUN …")
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: not JSON ({error}); export the bundle again") from None
    cards.check(card, path)
    if card["label_set"] not in LABEL_SETS or tuple(card["labels"]) != LABEL_SETS[card["label_set"]]:
        raise TrainingError(f"{path}: label set {card['label_set']!r} is not one judged here: {', '.join(LABEL_SETS)}")
    for name, meant in card["files"].items():
        if not (folder / name).is_file():
            raise TrainingError(f"{folder / name}: missing, though the card names it; export the bundle again")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != meant["sha256"]:
            raise TrainingError(f"{folder / name}: not the file the card describes (sha256); export the bundle again")
    return Bundle(folder, card)


def answers(run, faces, label_set, split, views=None):
    """Answers of the function `run` (uint8 (n, h, w) -> logits of `label_set`) on the split called `split`.

    views: a function from pictures to a list of such pictures, each another view of the same faces, as
    `mirror_views` and `ten_crops`; the logarithms of the probabilities of all are averaged.
    """
    rows = judged_rows(faces, label_set, split)
    if not len(rows):
        raise TrainingError(f"the data set has no rows of {split} to judge {label_set} on")
    if views is None:
        return judged(faces, label_set, rows, run(faces.images[rows]))
    seen = views(faces.images[rows])
    return judged(faces, label_set, rows, sum(log_softmax(run(each)) for each in seen) / len(seen))


def mirror_views(images):
    """Pictures uint8 (n, h, w) and their mirror images."""
    return [images, images[:, :, ::-1]]


def ten_crops(images, margin=4):
    """Corners and centre of pictures uint8 (n, h, w), `margin` px cut off in all, enlarged again, and mirrored.

    Krizhevsky et al. 2012; margin 4 of 48 px is what the VGG nets of FER2013's usual recipes were judged with.
    """
    height, width = images.shape[1:]
    corners = [(0, 0), (0, margin), (margin, 0), (margin, margin), (margin // 2, margin // 2)]
    crops = [np.stack([cv2.resize(image[top:height - margin + top, left:width - margin + left], (width, height))
                       for image in images]) for top, left in corners]
    return [view for crop in crops for view in mirror_views(crop)]


def judged(faces, label_set, rows, logits):
    """Answers from `logits`, float (n, labels), of the data set's `rows`."""
    labels = len(LABEL_SETS[label_set])
    if label_set == "ferplus":
        votes = faces.votes[rows].astype(np.int64)
        counts = votes[:, :labels]
        return Answers(rows, logits, counts / counts.sum(1, keepdims=True), counts.argmax(1), votes)
    truth = translate(faces.labels[rows], faces.label_set, label_set)
    return Answers(rows, logits, np.eye(labels)[truth], truth, None)


def judged_rows(faces, label_set, split):
    """The split's rows that `label_set` judges: with FER+ those with a vote for an expression."""
    rows = faces.rows(split)
    return rows[faces.expression_votes[rows].sum(1) > 0] if label_set == "ferplus" else rows


def forward(bundle):
    """A function from pictures, uint8 or float (n, h, w), to logits float32: the LiteRT file's, else the network's."""
    if "model.tflite" in bundle.card["files"]:
        content = (bundle.folder / "model.tflite").read_bytes()
        return lambda images: litert_logits(content, images)
    import keras
    model = keras.saving.load_model(bundle.folder / "model.keras", compile=False)
    return lambda images: keras_logits(model, images)


def keras_logits(model, images):
    """Logits float32 (n, labels) of a Keras model for `images`, uint8 or float (n, h, w)."""
    return np.concatenate([model.predict(np.asarray(images[at:at + 1024], np.float32)[..., None],
                                         batch_size=256, verbose=0) for at in range(0, len(images), 1024)])


def litert_logits(content, images, batches=(32,)):
    """Logits of a LiteRT file's bytes for `images`, uint8 or float (n, h, w), in batches of these sizes in turn."""
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_content=content, num_threads=1)
    entry, out = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    found, at, turn, shape = [], 0, 0, None
    while at < len(images):
        part = np.asarray(images[at:at + batches[turn % len(batches)]], np.float32)[..., None]
        if part.shape != shape:
            shape = part.shape
            interpreter.resize_tensor_input(entry, shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(entry, part)
        interpreter.invoke()
        found.append(interpreter.get_tensor(out).copy())
        at, turn = at + len(part), turn + 1
    return np.concatenate(found)
