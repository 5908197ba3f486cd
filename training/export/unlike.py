"""The sign *unlike the training data*: a second output of an exported network, and its threshold for the card.

The second output is the distance of a face's features to the nearest of some prototypes of training faces
(docs/outside.md, measured there against other scores).
"""

import numpy as np

from webapp.vision.keras_networks import FEATURES

from ..errors import TrainingError
from ..evaluate import novelty
from ..evaluate.predictions import evaluation_rows, keras_logits, litert_outputs

FACES = 6000        # of Training, that the prototypes stand for
SEED = 0
FLAGGED = 0.01      # fraction of PublicTest's faces above the threshold
NOT_A_FACE = 9      # column of the votes


def prototypes(network, faces, label_set, count, seed=SEED):
    """`count` prototypes of the features of `network`, image -> logits: float (count, d).

    faces: the data set whose Training rows they are taken from. seed: of k-means. Raises TrainingError for a network
    without a layer called FEATURES.
    """
    import keras
    if FEATURES not in [layer.name for layer in network.layers]:
        raise TrainingError(f"the network has no layer {FEATURES!r}, whose output the prototypes are made of; "
                            "export it without --prototypes")
    body = keras.Model(network.inputs, network.get_layer(FEATURES).output)
    rows = training_rows(faces, label_set)
    return novelty.Prototypes(keras_logits(body, faces.images[rows]), count, seed).centers


def training_rows(faces, label_set):
    """The rows of Training that distances are measured from, int64 (FACES,) or fewer."""
    rows = evaluation_rows(faces, label_set, "Training")
    return np.sort(np.random.default_rng(SEED).choice(rows, min(FACES, len(rows)), replace=False))


def choose(litert, faces, count):
    """The card's `unlike`, from a LiteRT file's bytes with a distance to `count` prototypes, on PublicTest's faces."""
    rows = faces.rows("PublicTest")
    if faces.votes is not None:
        rows = rows[faces.votes[rows][:, NOT_A_FACE] == 0]
    threshold = novelty.threshold(litert_outputs(litert, faces.images[rows])[1][:, 0], FLAGGED)
    return {"threshold": threshold, "prototypes": count, "chosen_on": "PublicTest", "flagged": FLAGGED,
            "rule": f"unlike the training data if the distance of the features, scaled to length 1, to the nearest of "
                    f"{count} prototypes (k-means of {FACES:,} training faces) is above the threshold, which "
                    f"{100 * FLAGGED:g} % of the faces are"}
