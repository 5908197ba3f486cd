"""The networks of Tan, Bruni, Yang and Zheng for FER2013 as 48x48x3, and their multilayer perceptron.

Stated: a perceptron with one hidden layer of 300; a *default* CNN trained with RMSprop 1e-4 and decay
1e-6; an *improved* one (batch normalisation, more layers, Adam 1e-4, decay 1e-7); the same with
dropout .4; with more dropout; and that with Swish (Ramachandran et al. 2017) instead of ReLU.
Inferred: the layers. The default's settings are those of the CIFAR-10 example that came with Keras,
so it is taken to be that network; the improved one adds a third pair of convolutions and normalises
each. No parameter count is stated.
"""

from keras import Input, Model, layers

from .layers import answer, convolve, dense, in_colour, shrink
from .residual import standardise


def default(heads, size=48):
    """Two pairs of convolutions (32, 64), dense 512: the CIFAR-10 example of Keras.

    Input: float32 (n, size, size, 1), grey 0-255, repeated over three channels. Output: {label set: logits}.
    """
    image = Input((size, size, 1), name="image")
    x = in_colour(layers.Rescaling(1 / 255)(image))
    for width in (32, 64):
        x = convolve(x, width)
        x = convolve(x, width, padding="valid")
        x = shrink(x, dropout=0.25)
    x = dense(layers.Flatten()(x), 512, dropout=0.5)
    return Model(image, answer(x, heads), name="tan_default")


def improved(heads, size=48, dropout=0.0, between=0.0, activation="relu", normalised=False):
    """Three pairs of normalised convolutions (32, 64, 128), dense 512.

    dropout: before the labels (the document's .4). between: after each pooling too (*more dropout*).
    activation: "relu" or "swish". normalised: each picture to zero mean and unit variance instead of
    0-1. Input: float32 (n, size, size, 1), grey 0-255. Output: {label set: logits, float32 (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = in_colour(standardise(image) if normalised else layers.Rescaling(1 / 255)(image))
    for width in (32, 64, 128):
        x = convolve(x, width, norm=True, activation=activation)
        x = convolve(x, width, norm=True, activation=activation)
        x = shrink(x, dropout=between)
    x = dense(layers.Flatten()(x), 512, norm=True, activation=activation, dropout=dropout)
    return Model(image, answer(x, heads), name="tan_improved")


def perceptron(seed=0, **changes):
    """The untrained scikit-learn perceptron: one hidden layer of 300, all else scikit-learn's defaults.

    It takes float (n, 2304), grey 0-1, and integer labels; `changes` go to MLPClassifier.
    """
    from sklearn.neural_network import MLPClassifier
    return MLPClassifier(hidden_layer_sizes=(300,), random_state=seed, **changes)
