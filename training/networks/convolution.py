"""Convolution of images with one channel, as grayscale faces are."""

from keras import layers, ops


class OneChannelConv2D(layers.Conv2D):
    """Keras's layer over images with one channel, with the same weights, as a convolution over many channels.

    A CPU computes at least 16 channels at once, so that most of its work on one channel is lost. Here the pixels that
    a row of the kernel sees become channels, by an identity matrix as a kernel, and the kernel itself becomes a column:
    (height, width, 1, filters) is (height, 1, width, filters). The gradient of an 11x11 kernel then takes a fraction of
    the time.
    """

    def convolution_op(self, inputs, kernel):
        height, width, _, filters = kernel.shape
        identity = ops.reshape(ops.eye(width, dtype=inputs.dtype), (1, width, 1, width))
        rows = ops.conv(inputs, identity, strides=(1, self.strides[1]), padding=self.padding)
        return ops.conv(rows, ops.reshape(kernel, (height, 1, width, filters)), strides=(self.strides[0], 1),
                        padding=self.padding)
