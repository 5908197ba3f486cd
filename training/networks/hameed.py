"""Hameed's network for FER2013.

Stated: 6 convolutions, 7 batch normalisations, 5 max-poolings, 7 dropouts, 3 dense layers, 1 flatten;
5,810,183 parameters, 5,805,191 of them trainable. Inferred: the widths. Five blocks and two hidden
dense layers use up the seven normalisations and dropouts, so the first block holds two of the six
convolutions; the 4,992 moving values are 2,496 channels = 64 + 128 + 512 + 512 + 512 + 256 + 512;
with a first convolution of 32 and one of 5x5 the count is met exactly.
"""

from keras import Input, Model, layers

from .layers import answer, convolve, dense, shrink


def cnn(heads, size=48):
    """5,810,183 parameters (4,992 not trainable) for seven labels.

    Input: float32 (n, size, size, 1), grey 0-255. Output: {label set: logits, float32 (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 255)(image)
    x = convolve(x, 32)
    for width, kernel in ((64, 3), (128, 5), (512, 3), (512, 3), (512, 3)):
        x = convolve(x, width, kernel, norm=True)
        x = shrink(x, dropout=0.25)
    x = layers.Flatten()(x)
    for width in (256, 512):
        x = dense(x, width, norm=True, dropout=0.25)
    return Model(image, answer(x, heads), name="hameed")
