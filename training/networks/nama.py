"""Nama's two networks for FER2013 with disgust merged into anger.

Stated: a CNN of 32-64-128 with batch normalization, ReLU, max-pooling and dropout, 730,855
parameters, 640 of them not trainable; mini-XCEPTION, 57,270 for six classes (55,798 / 1,472).
Inferred for the CNN: two 3x3 convolutions per width, one batch normalization per width and one after a
dense layer of 96 (32 + 64 + 128 + 96 = 320 normalized channels, 640 moving statistics), and **seven**
outputs: with six, no choice of even widths gives an odd count, so the merged label most likely
still had its unused output. Both parameter counts match exactly. mini-XCEPTION is Arriaga, Valdenegro-Toro and
Ploeger 2017, "Real-time Convolutional Neural Networks for Emotion and Gender Classification".
"""

from keras import Input, Model, layers

from .layers import classification_heads, conv_block, dense_block, max_pool


def cnn(heads, size=48):
    """The 32-64-128 network: 730,855 parameters (640 not trainable) for seven outputs.

    Input: float32 (n, size, size, 1), gray 0-255. Output: {label set: logits, float32 (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 255)(image)
    for width in (32, 64, 128):
        x = conv_block(x, width)
        x = conv_block(x, width, norm=True)
        x = max_pool(x, dropout=0.25)
    x = dense_block(layers.Flatten()(x), 96, norm=True, dropout=0.5)
    return Model(image, classification_heads(x, heads), name="nama_cnn")


def mini_xception(heads, size=48):
    """mini-XCEPTION: 57,270 parameters for six labels, 58,423 for seven (1,472 not trainable).

    Global average pooling of one feature map per label replaces the dense layer. Input: float32
    (n, size, size, 1), gray 0-255, scaled to -1..1. Output: {label set: logits, float32 (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1)(image)
    for _ in range(2):
        x = conv_block(x, 8, norm=True, padding="valid", bias=False)
    for width in (16, 32, 64, 128):
        x = _separable_block(x, width)
    logits = {}
    for name, labels in heads.items():
        maps = layers.Conv2D(labels, 3, padding="same", name=f"{name}_maps")(x)
        logits[name] = layers.GlobalAveragePooling2D(name=name, dtype="float32")(maps)
    return Model(image, logits, name="mini_xception")


def _separable_block(x, width):
    shortcut = layers.Conv2D(width, 1, strides=2, padding="same", use_bias=False)(x)
    shortcut = layers.BatchNormalization()(shortcut)
    x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    return layers.Add()([x, shortcut])
