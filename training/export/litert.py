"""Convert a network to LiteRT, and count its multiply-adds."""

from pathlib import Path

import keras
import numpy as np

from ..errors import TrainingError
from ..evaluate.metrics import softmax
from ..evaluate.predictions import keras_logits, litert_logits

#: float16 weights halve the file; they are used if no probability changes by more than this.
PARITY = 1e-3


def select_head(model, label_set):
    """A network with several heads reduced to one of them: float32 (n, h, w, 1) -> logits (n, labels)."""
    return keras.Model(model.input, model.output[label_set], name=label_set)


def write_litert(model, images, path):
    """Write `model` as a LiteRT file with a free batch size; its parity on `images`, uint8 (n, h, w).

    Weights are float16 if the probabilities stay within PARITY of the Keras model's, else float32. Raises
    TrainingError if they do not even with float32.
    """
    import tensorflow as tf
    expected = softmax(keras_logits(model, images))
    for weights in ("float16", "float32"):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if weights == "float16":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        content = converter.convert()
        difference = float(np.abs(softmax(litert_logits(content, images, batches=(32, 1, 8, 2))) - expected).max())
        if difference <= PARITY:
            break
    else:
        raise TrainingError(f"a probability of the LiteRT file differs from the network's by {difference:.1e}; "
                            f"at most {PARITY:.0e} is allowed")
    Path(path).write_bytes(content)
    return {"largest_difference": difference, "pictures": len(images), "weights": weights}


def multiply_adds(model):
    """Multiply-adds of one image's forward pass through convolutions and dense layers."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += multiply_adds(layer)
            continue
        for name in ("kernel", "depthwise_kernel", "pointwise_kernel"):
            kernel = getattr(layer, name, None)
            if kernel is not None:      # convolution kernels are (h, w, in, out), dense ones (in, out)
                positions = int(np.prod(layer.output.shape[1:-1]))
                total += positions * int(np.prod(kernel.shape))
    return total
