"""Razzano's networks: *neutral or not*, and a first CNN for FER2013.

Stated: the first network whole (150x150x3, convolution of 32, pooling, dense 128, one sigmoid);
of the second only that it is a Keras CNN that reached 53 % on FER2013, its data read with pandas.
Inferred: the second's layers, the plain stack of two convolutions a Keras tutorial of that time
shows. No parameter count is stated for either.
"""

from keras import Input, Model, layers

from .layers import answer, convolve, dense, in_colour, shrink


def neutral_or_not(heads, size=150):
    """Convolution 32 (valid), pooling, dense 128, one output a label set: 22,430,849 parameters for one output.

    heads: {label set: number of labels}; the document's sigmoid is one logit against zero, so two
    labels are a softmax over that logit and zero, which is the same function. Input: float32
    (n, size, size, 1), grey 0-255, repeated over three channels. Output: {label set: logits (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = in_colour(layers.Rescaling(1 / 255)(image))
    x = shrink(convolve(x, 32, padding="valid"))
    x = dense(layers.Flatten()(x), 128)
    logits = {}
    for name, labels in heads.items():
        if labels != 2:
            raise ValueError(f"{name}: {labels} labels; this network tells two apart")
        other = layers.Dense(1, dtype="float32", name=f"{name}_not_neutral")(x)
        logits[name] = layers.ZeroPadding1D((1, 0), name=f"{name}_both")(layers.Reshape((1, 1))(other))
        logits[name] = layers.Flatten(name=name, dtype="float32")(logits[name])
    return Model(image, logits, name="razzano_neutral_or_not")


def cnn(heads, size=48):
    """Two convolutions (32, 64) with pooling, dense 128, dropout; layers inferred, see the module.

    Input: float32 (n, size, size, 1), grey 0-255. Output: {label set: logits, float32 (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 255)(image)
    x = shrink(convolve(x, 32, padding="valid"))
    x = shrink(convolve(x, 64, padding="valid"), dropout=0.25)
    x = dense(layers.Flatten()(x), 128, dropout=0.5)
    return Model(image, answer(x, heads), name="razzano")
