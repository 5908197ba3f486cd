"""Valero's networks for AffectNet's eight expressions at 224x224, grey, divided by 255.

Stated: the baseline's layers and 102.83 million parameters (102,830,056 as built here); the enhanced
one, 102,830,856; *X.Cao* 6,970,728; its two streams 7,509,672; a fractal network 26,399,016; GoogLeNet
23,851,784; MobileNet 4,253,864. Inferred, the diagrams being lost:

- X.Cao: a dense layer of 1024 on a map of 7x7x128 and normalised outputs leave 538,944 for the
  convolutions. One convolution a pooling, 32-64-128-192-128, the first 11x11 as in AlexNet, gives
  that number; others do too, and this is the simplest found. The two streams are that stack twice
  before one dense layer of the same size, so their maps must be added, not joined.
- GoogLeNet is Keras's InceptionV3 and MobileNet its MobileNet, both with their 1000 ImageNet outputs
  left as they were: only so are the counts those stated. Here the labels have the first eight columns.
- Fractal: Larsson, Maire and Shakhnarovich 2017, "FractalNet", by its rule of three columns. The widths were
  searched for: some hundred arrangements give the count, none stands out, and this one was taken because it
  normalises each layer and ends as X.Cao does. The paper's drop-path is left out.
"""

from keras import Input, Model, applications, layers

from .layers import answer, convolve, dense, in_colour, shrink


def baseline(heads, size=224):
    """Two pairs of convolutions (32, 64), each with pooling, dense 512: 102,830,056 parameters.

    Input here and below: float32 (n, size, size, 1), grey 0-255; at another `size` the counts are
    others. Output: {label set: logits, float32 (n, labels)}.
    """
    return _plain("valero_baseline", heads, size)


def enhanced(heads, size=224):
    """The baseline with batch normalisation after each convolution and before the softmax: 102,830,856."""
    return _plain("valero_enhanced", heads, size, norm=True, dropouts=(0.25, 0.25, 0.5))


def cao(heads, size=224):
    """X.Cao: five convolutions, each with pooling, dense 1024, normalised outputs: 6,970,728."""
    image = Input((size, size, 1), name="image")
    x = _cao_stack(layers.Rescaling(1 / 255)(image))
    x = dense(layers.Flatten()(x), 1024, dropout=0.5)
    return Model(image, answer(x, heads, norm=True), name="valero_cao")


def cao_two_streams(heads, size=224):
    """Two X.Cao stacks on the same picture, their maps added: 7,509,672.

    What set the streams apart is lost; here the second sees the picture's negative.
    """
    image = Input((size, size, 1), name="image")
    x = layers.Add()([_cao_stack(layers.Rescaling(1 / 255)(image)),
                      _cao_stack(layers.Rescaling(-1 / 255, offset=1)(image))])
    x = dense(layers.Flatten()(x), 1024, dropout=0.5)
    return Model(image, answer(x, heads, norm=True), name="valero_cao_two_streams")


def googlenet(heads, size=224):
    """InceptionV3 (Szegedy et al. 2016), untrained, with 1000 outputs: 23,851,784."""
    return _imagenet(applications.InceptionV3, heads, size)


def mobilenet(heads, size=224):
    """MobileNet (Howard et al. 2017), width 1, untrained, with 1000 outputs: 4,253,864."""
    return _imagenet(applications.MobileNet, heads, size)


def fractal(heads, size=224):
    """FractalNet of three columns in six blocks, each with pooling, dense 1024, normalised outputs: 26,399,016."""
    image = Input((size, size, 1), name="image")
    x = convolve(layers.Rescaling(1 / 255)(image), 64, norm=True, bias=False)
    for width in (16, 64, 192, 256, 384, 384):
        x = shrink(layers.Average()(_columns(x, width, 3)))
    x = dense(layers.Flatten()(x), 1024, norm=True, dropout=0.5)
    return Model(image, answer(x, heads, norm=True), name="valero_fractal")


def _columns(x, width, columns):
    """The ends of `columns` columns: one convolution beside two fractals of one column fewer, one after the other."""
    short = convolve(x, width, norm=True, bias=False)
    if columns == 1:
        return [short]
    halfway = _columns(x, width, columns - 1)
    halfway = layers.Average()(halfway) if len(halfway) > 1 else halfway[0]
    return [short, *_columns(halfway, width, columns - 1)]


def _plain(name, heads, size, norm=False, dropouts=(0, 0, 0)):
    image = Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 255)(image)
    for width, dropout in zip((32, 64), dropouts, strict=False):
        x = convolve(x, width, norm=norm)
        x = convolve(x, width, norm=norm)
        x = shrink(x, dropout)
    x = dense(layers.Flatten()(x), 512, dropout=dropouts[2])
    return Model(image, answer(x, heads, norm=norm), name=name)


def _cao_stack(x):
    for width, kernel in ((32, 11), (64, 3), (128, 3), (192, 3), (128, 3)):
        x = shrink(convolve(x, width, kernel))
    return x


def _imagenet(application, heads, size):
    image = Input((size, size, 1), name="image")
    x = in_colour(layers.Rescaling(1 / 127.5, offset=-1)(image))
    scores = application(include_top=True, weights=None, input_shape=(size, size, 3), classes=1000,
                         classifier_activation=None)(x)
    logits, start = {}, 0
    for name, labels in heads.items():
        crop = layers.Cropping1D((start, 1000 - start - labels))(layers.Reshape((1000, 1))(scores))
        logits[name] = layers.Flatten(name=name, dtype="float32")(crop)
        start += labels
    return Model(image, logits, name=f"valero_{application.__name__.lower()}")
