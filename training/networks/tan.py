"""The networks of Tan, Bruni, Yang and Zheng for FER2013 as 48x48x3, and their MLP.

Stated: an MLP with one hidden layer of 300; a *default* CNN trained with RMSprop 1e-4 and decay
1e-6; an *improved* one (batch normalization, more layers, Adam 1e-4, decay 1e-7); the same with
dropout .4; with more dropout; and with Swish (Ramachandran et al. 2017) instead of ReLU.
Inferred: the layers. The default's settings are those of the CIFAR-10 example in Keras's repository,
so it is assumed to be that network. The improved one adds a third pair of convolutions and normalizes
each. No parameter count is stated.
"""

from keras import Input, Model, layers

from .layers import classification_heads, conv_block, dense_block, max_pool, to_rgb
from .residual import standardize


def default(heads, size=48):
    """Two pairs of convolutions (32, 64), dense 512: the CIFAR-10 example of Keras.

    Input: float32 (n, size, size, 1), gray 0-255, repeated over three channels. Output: {label set: logits}.
    """
    image = Input((size, size, 1), name="image")
    x = to_rgb(layers.Rescaling(1 / 255)(image))
    for width in (32, 64):
        x = conv_block(x, width)
        x = conv_block(x, width, padding="valid")
        x = max_pool(x, dropout=0.25)
    x = dense_block(layers.Flatten()(x), 512, dropout=0.5)
    return Model(image, classification_heads(x, heads), name="tan_default")


def improved(heads, size=48, dropout=0.0, between=0.0, activation="relu", standardized=False):
    """Three pairs of batch-normalized convolutions (32, 64, 128), dense 512.

    dropout: before the last layer (the document's .4). between: after each pooling (*more dropout*).
    activation: "relu" or "swish". standardized: standardize each image to zero mean and unit variance
    instead of scaling to 0-1. Input: float32 (n, size, size, 1), gray 0-255.
    Output: {label set: logits, float32 (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = to_rgb(standardize(image) if standardized else layers.Rescaling(1 / 255)(image))
    for width in (32, 64, 128):
        x = conv_block(x, width, norm=True, activation=activation)
        x = conv_block(x, width, norm=True, activation=activation)
        x = max_pool(x, dropout=between)
    x = dense_block(layers.Flatten()(x), 512, norm=True, activation=activation, dropout=dropout)
    return Model(image, classification_heads(x, heads), name="tan_improved")


def mlp(seed=0, **changes):
    """The untrained scikit-learn MLPClassifier: one hidden layer of 300, otherwise scikit-learn's defaults.

    Input: float (n, 2304), gray 0-1, and integer labels. changes: arguments of MLPClassifier.
    """
    from sklearn.neural_network import MLPClassifier
    return MLPClassifier(hidden_layer_sizes=(300,), random_state=seed, **changes)
