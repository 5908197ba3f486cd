"""Blocks that the networks share: convolution, pooling and dense blocks, and the classification heads."""

from keras import layers


def conv_block(x, width, kernel=3, norm=False, activation="relu", padding="same", bias=True):
    """Convolution of stride 1, batch normalization if `norm`, activation."""
    x = layers.Conv2D(width, kernel, padding=padding, use_bias=bias)(x)
    if norm:
        x = layers.BatchNormalization()(x)
    return layers.Activation(activation)(x)


def max_pool(x, dropout=0.0):
    """2x2 max-pooling, then dropout at the rate `dropout`."""
    x = layers.MaxPooling2D(2)(x)
    return layers.Dropout(dropout)(x) if dropout else x


def dense_block(x, width, norm=False, activation="relu", dropout=0.0):
    """Dense layer, batch normalization if `norm`, activation, dropout at the rate `dropout`."""
    x = layers.Dense(width)(x)
    if norm:
        x = layers.BatchNormalization()(x)
    x = layers.Activation(activation)(x)
    return layers.Dropout(dropout)(x) if dropout else x


def classification_heads(x, heads, norm=False):
    """{label set: logits float32 (n, labels)}: one dense layer per label set, batch-normalized if `norm`.

    heads: {label set: number of labels}. The final softmax of the source documents is not part of the network.
    """
    logits = {}
    for name, labels in heads.items():
        if norm:
            scores = layers.Dense(labels, name=f"{name}_scores", dtype="float32")(x)
            logits[name] = layers.BatchNormalization(name=name, dtype="float32")(scores)
        else:
            logits[name] = layers.Dense(labels, name=name, dtype="float32")(x)
    return logits


def to_rgb(image):
    """A gray image repeated over three channels, for networks that take color images."""
    return layers.Concatenate()([image, image, image])
