"""A small residual network for 48x48 gray faces.

He et al. 2016, "Deep Residual Learning for Image Recognition", with early downsampling so that two CPU cores can train
it: a 5x5 stem of stride 2, or several 3x3 convolutions instead (after ResNet-C of He, Tong et al. 2019, "Bag of Tricks
for Image Classification"), one stage per width, max-pooling between stages, global average pooling, and one linear
head per label set on the shared trunk. All convolutions are full ones, not depthwise.
"""

from keras import Input, Model, layers


def residual(heads, widths=(48, 96, 192), blocks=(1, 1, 1), stem=24, dropout=0.2, size=48):
    """Build the network, untrained.

    heads: {label set: number of labels}. widths, blocks: channels and residual blocks of each stage. stem: channels
    of one 5x5 convolution, or a tuple for several 3x3 ones, the last of which has stride 2.
    Input: float32 (n, size, size, 1), gray 0-255. Output: {label set: logits, float32 (n, labels)}.
    """
    image = Input((size, size, 1), name="image")
    x = standardize(image)
    *first, last = stem if isinstance(stem, tuple) else (stem,)
    for channels, strides in [*((each, 1) for each in first), (last, 2)]:
        x = layers.Conv2D(channels, 3 if first else 5, strides=strides, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
    for stage, (width, depth) in enumerate(zip(widths, blocks, strict=True)):
        if stage:
            x = layers.MaxPooling2D(2)(x)
        for _ in range(depth):
            x = _block(x, width)
    x = layers.GlobalAveragePooling2D(name="embedding")(x)
    x = layers.Dropout(dropout)(x)
    logits = {name: layers.Dense(labels, name=name, dtype="float32")(x) for name, labels in heads.items()}
    return Model(image, logits, name="residual")


def standardize(image):
    """Standardize each image, gray 0-255, to zero mean and unit variance.

    An epsilon of (8 gray levels) squared is added to the variance, so that a uniform image stays uniform.
    """
    x = layers.Rescaling(1 / 255, dtype="float32")(image)
    return layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False, epsilon=1e-3,
                                     dtype="float32", name="standardize")(x)


def _block(x, width):
    shortcut = x
    if x.shape[-1] != width:
        shortcut = layers.Conv2D(width, 1, use_bias=False)(x)
        shortcut = layers.BatchNormalization()(shortcut)
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(layers.Add()([x, shortcut]))
