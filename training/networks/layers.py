"""What the documents' networks share: a convolution with what may follow it, and the heads."""

from keras import layers


def convolve(x, width, kernel=3, norm=False, activation="relu", padding="same", bias=True):
    """Convolution of stride 1, batch normalisation where `norm`, activation."""
    x = layers.Conv2D(width, kernel, padding=padding, use_bias=bias)(x)
    if norm:
        x = layers.BatchNormalization()(x)
    return layers.Activation(activation)(x)


def shrink(x, dropout=0.0):
    """Max-pooling by two, then dropout of the share `dropout`."""
    x = layers.MaxPooling2D(2)(x)
    return layers.Dropout(dropout)(x) if dropout else x


def dense(x, width, norm=False, activation="relu", dropout=0.0):
    """Dense layer, batch normalisation where `norm`, activation, dropout of the share `dropout`."""
    x = layers.Dense(width)(x)
    if norm:
        x = layers.BatchNormalization()(x)
    x = layers.Activation(activation)(x)
    return layers.Dropout(dropout)(x) if dropout else x


def answer(x, heads, norm=False):
    """{label set: logits float32 (n, labels)}: a dense layer a label set, normalised where `norm`.

    heads: {label set: number of labels}. The softmax the documents end with is outside the network.
    """
    logits = {}
    for name, labels in heads.items():
        if norm:
            scores = layers.Dense(labels, name=f"{name}_scores", dtype="float32")(x)
            logits[name] = layers.BatchNormalization(name=name, dtype="float32")(scores)
        else:
            logits[name] = layers.Dense(labels, name=name, dtype="float32")(x)
    return logits


def in_colour(image):
    """A grey picture repeated over three channels, for networks that were given colour."""
    return layers.Concatenate()([image, image, image])
