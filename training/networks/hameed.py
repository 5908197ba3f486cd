"""Hameed's network for FER2013.

Stated: 6 convolutions, 7 batch normalizations, 5 max-poolings, 7 dropouts, 3 dense layers, 1 flatten;
5,810,183 parameters, 5,805,191 of them trainable. Inferred: the widths. Five blocks and two hidden
dense layers account for the seven normalizations and dropouts, so the first block has two of the six
convolutions. The 4,992 moving statistics are 2,496 channels = 64 + 128 + 512 + 512 + 512 + 256 + 512.
With a first convolution of width 32 and one 5x5 kernel the parameter count matches exactly.
"""

from keras import Input, Model, layers

from .layers import classification_heads, conv_block, dense_block, max_pool


def cnn(heads, size=48):
    """5,810,183 parameters (4,992 not trainable) for seven labels.

    Input: float32 (n, size, size, 1), gray 0-255. Output: {label set: logits, float32 (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 255)(image)
    x = conv_block(x, 32)
    for width, kernel in ((64, 3), (128, 5), (512, 3), (512, 3), (512, 3)):
        x = conv_block(x, width, kernel, norm=True)
        x = max_pool(x, dropout=0.25)
    x = layers.Flatten()(x)
    for width in (256, 512):
        x = dense_block(x, width, norm=True, dropout=0.25)
    return Model(image, classification_heads(x, heads), name="hameed")
