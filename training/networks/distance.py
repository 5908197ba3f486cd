"""A second output of a network: how far the features of a face are from those of the training data."""

import keras
import numpy as np
from keras import ops

FEATURES = "embedding"      # the layer whose output the heads get
SMALLEST = 1e-12            # of a squared norm


def with_distance(network, centers):
    """`network`, float32 (n, h, w, 1) -> logits (n, labels), with a second output: distance, float32 (n, 1).

    The distance is that of the features, scaled to length 1, to the nearest of `centers`, float (k, d), as
    `evaluate.novelty.Prototypes` computes it. The network must have a layer called FEATURES.
    """
    head = _distance(np.asarray(centers, np.float32))
    return keras.Model(network.input, [network.outputs[0], head(network.get_layer(FEATURES).output)], name=network.name)


def _distance(centers):
    """features, float32 (n, d) -> distance, float32 (n, 1); a network of its own, so that no layer's name is taken."""
    features = keras.Input((centers.shape[1],), name="features")
    squared_norm = ops.mean(ops.square(features), axis=-1, keepdims=True) * centers.shape[1]
    unit = features / ops.sqrt(squared_norm + SMALLEST)
    # |u - c|^2 = 1 - 2 u.c + |c|^2, one dense layer for all centers
    prototypes = keras.layers.Dense(len(centers), name="prototypes")
    squares = prototypes(unit)
    prototypes.set_weights([-2 * centers.T, 1 + (centers ** 2).sum(1)])
    return keras.Model(features, ops.sqrt(ops.maximum(ops.min(squares, axis=-1, keepdims=True), 0.0)), name="distance")
