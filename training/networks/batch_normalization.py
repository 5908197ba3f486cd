"""Batch normalization as TensorFlow's single fused kernel."""

import tensorflow as tf
from keras import layers


class FusedBatchNormalization(layers.BatchNormalization):
    """Keras's layer over the last of four axes, with the same weights, computed by `FusedBatchNormV3`."""

    def call(self, inputs, training=None, mask=None):
        moving_mean = tf.convert_to_tensor(self.moving_mean)
        moving_variance = tf.convert_to_tensor(self.moving_variance)
        scale = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones_like(moving_mean)
        offset = tf.convert_to_tensor(self.beta) if self.center else tf.zeros_like(moving_mean)
        if not (training and self.trainable):
            return _kernel(inputs, scale, offset, epsilon=self.epsilon, is_training=False,
                           mean=moving_mean, variance=moving_variance)[0]
        outputs, mean, variance = _kernel(inputs, scale, offset, epsilon=self.epsilon, is_training=True)
        size = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), variance.dtype)
        variance *= (size - 1) / size      # the kernel returns the unbiased variance, Keras uses the biased one
        self.moving_mean.assign(moving_mean * self.momentum + mean * (1 - self.momentum))
        self.moving_variance.assign(moving_variance * self.momentum + variance * (1 - self.momentum))
        return outputs


_kernel = tf.compat.v1.nn.fused_batch_norm
