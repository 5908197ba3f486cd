"""A network's predictions on one split, with the votes or labels they are evaluated on."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..data.labels import LABEL_SETS, translate
from ..errors import TrainingError
from .metrics import log_softmax


@dataclass(frozen=True)
class Predictions:
    """Predictions on the evaluation rows of one split.

    rows: int64 (n,), indices into the data set. logits: float32 (n, labels). targets: float64
    (n, labels), rows sum to 1: the fractions of the votes for each expression, or FER2013's label
    as one-hot. truth: int64 (n,): the raters' plurality label (the first of equals), or FER2013's
    label. votes: int64 (n, 10) in the order of the votes' columns, or None.
    """

    rows: np.ndarray
    logits: np.ndarray
    targets: np.ndarray
    truth: np.ndarray
    votes: np.ndarray | None


def predict(run, faces, label_set, split, views=None):
    """Predictions of the function `run` (uint8 (n, h, w) -> logits of `label_set`) on the split called `split`.

    views: a function from images to a list of augmented images of the same faces, such as `mirror_views` or
    `ten_crops`; their log-probabilities are averaged.
    """
    rows = evaluation_rows(faces, label_set, split)
    if not len(rows):
        raise TrainingError(f"the data set has no {split} rows to evaluate {label_set} on; give a data set that does")
    if views is None:
        return evaluated(faces, label_set, rows, run(faces.images[rows]))
    augmented = views(faces.images[rows])
    return evaluated(faces, label_set, rows, sum(log_softmax(run(each)) for each in augmented) / len(augmented))


def mirror_views(images):
    """Images uint8 (n, h, w) and their mirror images."""
    return [images, images[:, :, ::-1]]


def ten_crops(images, margin=4):
    """The four corner crops and the center crop of images uint8 (n, h, w), resized to (h, w), and their mirror images.

    A crop is `margin` px smaller than the image. Krizhevsky et al. 2012; the usual VGG recipes for FER2013
    are evaluated with a margin of 4 of 48 px.
    """
    height, width = images.shape[1:]
    corners = [(0, 0), (0, margin), (margin, 0), (margin, margin), (margin // 2, margin // 2)]
    crops = [np.stack([cv2.resize(image[top:height - margin + top, left:width - margin + left], (width, height))
                       for image in images]) for top, left in corners]
    return [view for crop in crops for view in mirror_views(crop)]


def evaluated(faces, label_set, rows, logits):
    """Predictions from `logits`, float (n, labels), of the data set's `rows`."""
    labels = len(LABEL_SETS[label_set])
    if label_set == "ferplus":
        votes = faces.votes[rows].astype(np.int64)
        counts = votes[:, :labels]
        return Predictions(rows, logits, counts / counts.sum(1, keepdims=True), counts.argmax(1), votes)
    truth = translate(faces.labels[rows], faces.label_set, label_set)
    return Predictions(rows, logits, np.eye(labels)[truth], truth, None)


def evaluation_rows(faces, label_set, split):
    """The split's rows that `label_set` is evaluated on; for FER+ those with a vote for an expression."""
    rows = faces.rows(split)
    return rows[faces.expression_votes[rows].sum(1) > 0] if label_set == "ferplus" else rows


def forward(bundle):
    """A function from images, uint8 or float (n, h, w), to float32 logits of the bundle's LiteRT or Keras file."""
    if "model.tflite" in bundle.card["files"]:
        content = (bundle.folder / "model.tflite").read_bytes()
        return lambda images: litert_logits(content, images)
    import keras
    model = keras.saving.load_model(bundle.folder / "model.keras", compile=False)
    return lambda images: keras_logits(model, images)


def keras_logits(model, images):
    """Logits float32 (n, labels) of a Keras model for `images`, uint8 or float (n, h, w)."""
    return keras_outputs(model, images)[0]


def keras_outputs(model, images):
    """Every output of a Keras model, float32 (n, d), for `images`, uint8 or float (n, h, w)."""
    parts = []
    for start in range(0, len(images), 1024):
        part = np.asarray(images[start:start + 1024], np.float32)[..., None]
        found = model.predict(part, batch_size=256, verbose=0)
        parts.append(found if isinstance(found, list) else [found])
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def litert_logits(content, images, batches=(32,)):
    """Logits of a LiteRT file's bytes for `images`, uint8 or float (n, h, w), cycling through the batch sizes."""
    return litert_outputs(content, images, batches)[0]


def litert_outputs(content, images, batches=(32,)):
    """Every output of a LiteRT file, as `litert_logits` its first."""
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_content=content, num_threads=1)
    input_index = interpreter.get_input_details()[0]["index"]
    indices = [output["index"] for output in interpreter.get_output_details()]
    outputs, start, turn, shape = [], 0, 0, None
    while start < len(images):
        part = np.asarray(images[start:start + batches[turn % len(batches)]], np.float32)[..., None]
        if part.shape != shape:
            shape = part.shape
            interpreter.resize_tensor_input(input_index, shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(input_index, part)
        interpreter.invoke()
        outputs.append([interpreter.get_tensor(index).copy() for index in indices])
        start, turn = start + len(part), turn + 1
    return [np.concatenate(each) for each in zip(*outputs, strict=True)]
