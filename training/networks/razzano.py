"""Razzano's networks: *neutral or not*, and a first CNN for FER2013.

Stated: the complete first network (150x150x3, convolution of 32, pooling, dense 128, one sigmoid);
of the second only that it is a Keras CNN that reached 53 % on FER2013, its data read with pandas.
Inferred: the second's layers, the plain stack of two convolutions in Keras tutorials of that time.
No parameter count is stated for either.
"""

from keras import Input, Model, layers

from .layers import classification_heads, conv_block, dense_block, max_pool, to_rgb


def neutral_or_not(heads, size=150):
    """Convolution 32 (valid), pooling, dense 128, one output per label set: 22,430,849 parameters for one output.

    heads: {label set: number of labels}; the document's sigmoid of one logit equals a
    softmax over zero and that logit, so two labels give the same function. Input: float32
    (n, size, size, 1), gray 0-255, repeated over three channels. Output: {label set: logits (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = to_rgb(layers.Rescaling(1 / 255)(image))
    x = max_pool(conv_block(x, 32, padding="valid"))
    x = dense_block(layers.Flatten()(x), 128)
    logits = {}
    for name, labels in heads.items():
        if labels != 2:
            raise ValueError(f"{name}: this network needs 2 labels, got {labels}")
        logit = layers.Dense(1, dtype="float32", name=f"{name}_not_neutral")(x)
        logits[name] = layers.ZeroPadding1D((1, 0), name=f"{name}_both")(layers.Reshape((1, 1))(logit))
        logits[name] = layers.Flatten(name=name, dtype="float32")(logits[name])
    return Model(image, logits, name="razzano_neutral_or_not")


def cnn(heads, size=48):
    """Two convolutions (32, 64) with pooling, dense 128, dropout; inferred layers, see the module docstring.

    Input: float32 (n, size, size, 1), gray 0-255. Output: {label set: logits, float32 (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 255)(image)
    x = max_pool(conv_block(x, 32, padding="valid"))
    x = max_pool(conv_block(x, 64, padding="valid"), dropout=0.25)
    x = dense_block(layers.Flatten()(x), 128, dropout=0.5)
    return Model(image, classification_heads(x, heads), name="razzano")
