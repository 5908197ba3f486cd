"""Valero's networks for AffectNet's eight expressions at 224x224, gray, divided by 255.

Stated: the baseline's layers and 102.83 million parameters (102,830,056 as built here); the enhanced
one, 102,830,856; *X.Cao* 6,970,728; its two streams 7,509,672; a fractal network 26,399,016; GoogLeNet
23,851,784; MobileNet 4,253,864. Inferred, because the diagrams are lost:

- X.Cao: a dense layer of 1024 on a 7x7x128 feature map and normalized outputs leave 538,944 parameters for the
  convolutions. One convolution per pooling, 32-64-128-192-128, the first 11x11 as in AlexNet, gives
  that number; others do too, and this is the simplest found. The two streams are that stack twice
  before one dense layer of the same size, so their feature maps must be added, not concatenated.
- GoogLeNet is Keras's InceptionV3 and MobileNet is Keras's MobileNet, both with all 1000 ImageNet outputs:
  only then do the counts match those stated. Here the labels use the first eight outputs.
- Fractal: Larsson, Maire and Shakhnarovich 2017, "FractalNet", with three columns. The widths come from a
  search: about a hundred arrangements match the count and none stands out. This one normalizes each layer
  and ends like X.Cao. The paper's drop-path is omitted.
"""

from keras import Input, Model, applications, layers

from .layers import classification_heads, conv_block, dense_block, max_pool, to_rgb


def baseline(heads, size=224):
    """Two pairs of convolutions (32, 64), each with pooling, dense 512: 102,830,056 parameters.

    Input here and below: float32 (n, size, size, 1), gray 0-255. The counts hold for the default `size`.
    Output: {label set: logits, float32 (n, labels)}.
    """
    return _plain("valero_baseline", heads, size)


def enhanced(heads, size=224):
    """The baseline with batch normalization after each convolution and before the softmax: 102,830,856."""
    return _plain("valero_enhanced", heads, size, norm=True, dropouts=(0.25, 0.25, 0.5))


def cao(heads, size=224):
    """X.Cao: five convolutions, each with pooling, dense 1024, normalized outputs: 6,970,728."""
    image = Input((size, size, 1), name="image")
    x = _cao_stack(layers.Rescaling(1 / 255)(image))
    x = dense_block(layers.Flatten()(x), 1024, dropout=0.5)
    return Model(image, classification_heads(x, heads, norm=True), name="valero_cao")


def cao_two_streams(heads, size=224):
    """Two X.Cao stacks on the same image, their feature maps added: 7,509,672.

    How the two inputs differed is lost; here the second is the image's negative.
    """
    image = Input((size, size, 1), name="image")
    x = layers.Add()([_cao_stack(layers.Rescaling(1 / 255)(image)),
                      _cao_stack(layers.Rescaling(-1 / 255, offset=1)(image))])
    x = dense_block(layers.Flatten()(x), 1024, dropout=0.5)
    return Model(image, classification_heads(x, heads, norm=True), name="valero_cao_two_streams")


def googlenet(heads, size=224):
    """InceptionV3 (Szegedy et al. 2016), untrained, with 1000 outputs: 23,851,784."""
    return _imagenet(applications.InceptionV3, heads, size)


def mobilenet(heads, size=224):
    """MobileNet (Howard et al. 2017), width 1, untrained, with 1000 outputs: 4,253,864."""
    return _imagenet(applications.MobileNet, heads, size)


def fractal(heads, size=224):
    """FractalNet of three columns in six blocks, each with pooling, dense 1024, normalized outputs: 26,399,016."""
    image = Input((size, size, 1), name="image")
    x = conv_block(layers.Rescaling(1 / 255)(image), 64, norm=True, bias=False)
    for width in (16, 64, 192, 256, 384, 384):
        x = max_pool(layers.Average()(_columns(x, width, 3)))
    x = dense_block(layers.Flatten()(x), 1024, norm=True, dropout=0.5)
    return Model(image, classification_heads(x, heads, norm=True), name="valero_fractal")


def _columns(x, width, columns):
    """The outputs of `columns` columns: one convolution, parallel to two stacked fractals of one column fewer."""
    short = conv_block(x, width, norm=True, bias=False)
    if columns == 1:
        return [short]
    halfway = _columns(x, width, columns - 1)
    halfway = layers.Average()(halfway) if len(halfway) > 1 else halfway[0]
    return [short, *_columns(halfway, width, columns - 1)]


def _plain(name, heads, size, norm=False, dropouts=(0, 0, 0)):
    image = Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 255)(image)
    for width, dropout in zip((32, 64), dropouts, strict=False):
        x = conv_block(x, width, norm=norm)
        x = conv_block(x, width, norm=norm)
        x = max_pool(x, dropout)
    x = dense_block(layers.Flatten()(x), 512, dropout=dropouts[2])
    return Model(image, classification_heads(x, heads, norm=norm), name=name)


def _cao_stack(x):
    for width, kernel in ((32, 11), (64, 3), (128, 3), (192, 3), (128, 3)):
        x = max_pool(conv_block(x, width, kernel))
    return x


def _imagenet(application, heads, size):
    image = Input((size, size, 1), name="image")
    x = to_rgb(layers.Rescaling(1 / 127.5, offset=-1)(image))
    scores = application(include_top=True, weights=None, input_shape=(size, size, 3), classes=1000,
                         classifier_activation=None)(x)
    logits, first = {}, 0
    for name, labels in heads.items():
        crop = layers.Cropping1D((first, 1000 - first - labels))(layers.Reshape((1000, 1))(scores))
        logits[name] = layers.Flatten(name=name, dtype="float32")(crop)
        first += labels
    return Model(image, logits, name=f"valero_{application.__name__.lower()}")
