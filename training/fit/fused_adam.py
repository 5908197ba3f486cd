"""Adam in one pass over the memory on TensorFlow.

Keras's Adam is a dozen operations, each of which reads and writes whole arrays. On a CPU that is much of a step
of a network with a large dense layer. TensorFlow's kernel `ResourceApplyAdam` computes the same update at once.
"""

import keras


class FusedAdam(keras.optimizers.Adam):
    """Keras's Adam with its update as one kernel; otherwise the same, its variables and its arithmetic included.

    For Keras on TensorFlow in one process, without AMSGrad. Kingma and Ba 2015, "Adam: A Method for Stochastic
    Optimization".
    """

    def update_step(self, gradient, variable, learning_rate):
        import tensorflow as tf
        step = tf.cast(tf.convert_to_tensor(self.iterations) + 1, variable.dtype)
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=self._momentums[index].handle, v=self._velocities[index].handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), step),
            lr=tf.cast(learning_rate, variable.dtype), beta1=self.beta_1, beta2=self.beta_2, epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype))
