"""Two face recognition networks, adapted to expression recognition.

Pre-training on face recognition follows EmotiEffLib (Savchenko 2021, "Facial expression and attributes recognition
based on multi-task learning of lightweight neural networks"). `training/networks/pretrained.py` loads the published
weights from an npm package by the layer names used here. Batch normalization is folded into the convolutions, and the
first kernel is summed over the three color channels, which is equivalent for a gray image.
"""

from keras import Input, Model, layers

from .layers import classification_heads


def dlib_resnet(heads, enlarge=2, dropout=0.3, size=48):
    """The 29 convolutions of dlib's face recognition network (King 2017, dlib_face_recognition_resnet_model_v1).

    After He et al. 2016, with half the channels, and shortcuts that are average-pooled and zero-padded. heads:
    {label set: number of labels}. enlarge: upsampling factor of the image; it was pre-trained on 150 pixels.
    Input: float32 (n, size, size, 1), gray 0-255. Output: {label set: logits, float32 (n, labels)}.
    """
    image, x = _upsampled(size, enlarge, 115.0, 256.0)
    x = layers.ReLU()(layers.Conv2D(32, 7, strides=2, padding="same", name="conv32_down")(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for width, names in ((32, "123"), (64, "d123"), (128, "d12"), (256, "d12o")):
        for block in names:
            name = {"d": f"conv{width}_down", "o": f"conv{width}_down_out"}.get(block, f"conv{width}_{block}")
            x = _residual(x, width, name, downsample=block in "do")
    return _model(image, x, heads, dropout, "dlib_resnet")


def mobilenet(heads, enlarge=2, dropout=0.3, size=48):
    """MobileNet (Howard et al. 2017) as pre-trained on VGGFace2 by Savchenko 2019 (PeerJ Computer Science 5:e197).

    heads: {label set: number of labels}. enlarge: upsampling factor of the image; it was pre-trained on 224
    pixels. Input: float32 (n, size, size, 1), gray 0-255. Output: {label set: logits, float32 (n, labels)}.
    """
    image, x = _upsampled(size, enlarge, 115.0, 1.0)
    x = layers.ReLU(6)(layers.Conv2D(32, 3, strides=2, padding="same", name="conv1")(x))
    widths = (64, 128, 128, 256, 256, *[512] * 6, 1024, 1024)
    for block, width in enumerate(widths, 1):
        strides = 2 if block in (2, 4, 6, 12) else 1
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", name=f"conv_dw_{block}")(x)
        x = layers.Conv2D(width, 1, name=f"conv_pw_{block}")(layers.ReLU(6)(x))
        x = layers.ReLU(6)(x)
    return _model(image, x, heads, dropout, "mobilenet")


def _upsampled(size, factor, mean, scale):
    image = Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / scale, -mean / scale, dtype="float32")(image)
    return image, layers.UpSampling2D(factor, interpolation="bilinear", dtype="float32")(x)


def _residual(x, width, name, downsample):
    shortcut = x
    if downsample:
        shortcut = layers.AveragePooling2D(2, padding="same")(x)
        if x.shape[-1] != width:
            shortcut = layers.Concatenate()([shortcut, layers.Rescaling(0.0)(shortcut)])     # zero padding
    x = layers.Conv2D(width, 3, strides=2 if downsample else 1, padding="same", name=f"{name}_conv1")(x)
    x = layers.Conv2D(width, 3, padding="same", name=f"{name}_conv2")(layers.ReLU()(x))
    return layers.ReLU()(layers.Add()([x, shortcut]))


def _model(image, x, heads, dropout, name):
    x = layers.GlobalAveragePooling2D(name="embedding")(x)
    return Model(image, classification_heads(layers.Dropout(dropout)(x), heads), name=name)
