"""How the network of a bundle is put together in Keras: ensemble, mirror image, and the distance as a second output.

Both the export of a bundle and the server's engine `keras` use it. It imports Keras; the engine `litert` does not
import it.
"""

import io
from pathlib import Path

import keras
import numpy as np
from keras import Input, Model, ops

FEATURES = "embedding"              # the layer whose output the heads get
PROTOTYPES = "prototypes.npz"       # a bundle's file; older bundles have a second network instead:
WITH_DISTANCE = "distance.keras"
SMALLEST = 1e-12                    # of a squared norm


def load_network(bundle, card, read=Path.read_bytes):
    """The Keras network of the folder `bundle`: float32 (n, h, w, 1) -> logits (n, labels).

    If the card has `unlike`, a second output is the distance, float32 (n, 1), from the training data. read: returns the
    bytes of a file or raises ValueError if it is damaged. Raises OSError for a missing file and ValueError for code in
    the file (Keras's safe mode).
    """
    older = "unlike" in card and (bundle / WITH_DISTANCE).is_file()
    path = bundle / (WITH_DISTANCE if older else "model.keras")
    read(path)
    network = keras.models.load_model(path, compile=False, safe_mode=True)
    if older or "unlike" not in card:
        return network
    with np.load(io.BytesIO(read(bundle / PROTOTYPES))) as stored:
        centers = list(stored.values())
    return with_distances(network, centers, card["training"].get("mirrored", False))


def write_prototypes(centers, folder):
    """Write the prototypes of a bundle's members, one float (k, d) of each, into its folder."""
    np.savez(folder / PROTOTYPES, *(np.asarray(each, np.float32) for each in centers))


def members(network):
    """The networks that a bundle's `network` averages over; the network itself if it is no ensemble."""
    return [layer for layer in network.layers if isinstance(layer, Model)] or [network]


def combined(networks, mirrored, name="ensemble"):
    """The network of a bundle of `networks`: the only one, or an ensemble."""
    return ensemble(networks, mirrored, name) if mirrored or len(networks) > 1 else networks[0]


def ensemble(networks, mirrored=False, name="ensemble"):
    """A network whose logits are the mean of the members' log-probabilities.

    networks: the members, which map float32 (n, h, w, 1) to logits (n, labels), of one image size and one order of
    labels. mirrored: average over the image and its mirror image. The mean of log-probabilities is the geometric mean
    of the probabilities, the "logarithmic opinion pool" (Heskes 1998). Of a single member that is not mirrored,
    the probabilities are the member's own. If the members have a distance as their second output, so has the ensemble:
    its mean over members and views.
    """
    height, width, channels = networks[0].input.shape[1:]
    outputs = networks[0].outputs
    image = Input((height, width, channels), name="image")
    # One batch of both images, so that a converted file contains the weights once.
    batch = ops.concatenate([image, ops.flip(image, axis=2)], axis=0) if mirrored else image
    named = [Model(member.input, member.outputs if len(outputs) > 1 else member.outputs[0], name=f"member_{index}")
             for index, member in enumerate(networks)]
    found = [member(batch) for member in named]
    found = list(zip(*found, strict=True)) if len(outputs) > 1 else [found]
    found[0] = [ops.log_softmax(logits, axis=-1) for logits in found[0]]
    means = [_mean(values, mirrored) for values in found]
    return Model(image, means if len(outputs) > 1 else means[0], name=name)


def with_distances(network, centers, mirrored):
    """A bundle's `network` with the mean distance of its members and views as a second output.

    centers: the prototypes of each member, in the order of `members`, float (k, d). mirrored: as in `ensemble`.
    """
    return combined([with_distance(*each) for each in zip(members(network), centers, strict=True)], mirrored,
                    network.name)


def with_distance(network, centers):
    """`network`, float32 (n, h, w, 1) -> logits (n, labels), with a second output: distance, float32 (n, 1).

    The distance is that of the features, scaled to length 1, to the nearest of `centers`, float (k, d), as
    training.evaluate.novelty.Prototypes computes it. The network must have a layer called FEATURES.
    """
    head = _distance(np.asarray(centers, np.float32))
    return Model(network.input, [network.outputs[0], head(network.get_layer(FEATURES).output)], name=network.name)


def _mean(values, mirrored):
    """The mean of the tensors `values`, (n, d) or, if mirrored, (2n, d), over them and the views."""
    mean = values[0] if len(values) == 1 else sum(values[1:], values[0]) / len(values)
    return ops.mean(ops.reshape(mean, (2, -1, mean.shape[-1])), axis=0) if mirrored else mean


def _distance(centers):
    """features, float32 (n, d) -> distance, float32 (n, 1); a network of its own, so that no layer's name is taken."""
    features = Input((centers.shape[1],), name="features")
    squared_norm = ops.mean(ops.square(features), axis=-1, keepdims=True) * centers.shape[1]
    unit = features / ops.sqrt(squared_norm + SMALLEST)
    # |u - c|^2 = 1 - 2 u.c + |c|^2, one dense layer for all centers
    prototypes = keras.layers.Dense(len(centers), name="prototypes")
    squares = prototypes(unit)
    prototypes.set_weights([-2 * centers.T, 1 + (centers ** 2).sum(1)])
    return Model(features, ops.sqrt(ops.maximum(ops.min(squares, axis=-1, keepdims=True), 0.0)), name="distance")
