"""Convert a network to LiteRT, and count its multiply-adds."""

from pathlib import Path

import keras
import numpy as np

from ..errors import TrainingError
from ..evaluate.metrics import softmax
from ..evaluate.predictions import keras_outputs, litert_outputs

#: float16 weights halve the file; they are used if no probability changes by more than this.
PARITY = 1e-3
#: Distances are coarser: a threshold on them flags one face in a hundred.
DISTANCE_PARITY = 5e-3


def select_head(model, label_set):
    """A network with several heads reduced to one of them: float32 (n, h, w, 1) -> logits (n, labels)."""
    return keras.Model(model.input, model.output[label_set], name=label_set)


def write_litert(model, images, path):
    """Write `model` as a LiteRT file with a free batch size; its parity on `images`, uint8 (n, h, w).

    Weights are float16 if the probabilities stay within PARITY of the Keras model's, else float32. Raises
    TrainingError if they do not even with float32.
    """
    expected, *distances = keras_outputs(model, images)
    expected = softmax(expected)
    for weights in ("float16", "float32"):
        content = convert(model, weights == "float16")
        found, *others = litert_outputs(content, images, batches=(32, 1, 8, 2))
        difference = float(np.abs(softmax(found) - expected).max())
        coarse = largest_differences(others, distances)
        if difference <= PARITY and max(coarse, default=0) <= DISTANCE_PARITY:
            break
    else:
        raise TrainingError(f"a probability of the LiteRT file differs from the network's by {difference:.1e}, a "
                            f"distance by {max(coarse, default=0):.1e}; at most {PARITY:.0e} and {DISTANCE_PARITY:.0e} "
                            "are allowed")
    Path(path).write_bytes(content)
    parity = {"largest_difference": difference, "pictures": len(images), "weights": weights}
    if distances:
        parity["largest_difference_of_distance"], = coarse
    return parity


def convert(model, float16=False):
    """The bytes of a .tflite with a free batch size, its outputs as `logits_first` orders them.

    float16: store the weights as such, else as float32. The graph is traced here: `from_keras_model` writes a
    SavedModel in between, which costs time and yields the same graph.
    """
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec(model.input.shape, tf.float32, "image")], autograph=False)
    def predict(images):
        return model(images, training=False)

    converter = tf.lite.TFLiteConverter.from_concrete_functions([predict.get_concrete_function()], model)
    converter.experimental_lower_to_saved_model = False
    if float16:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    return logits_first(converter.convert())


def largest_differences(found, expected):
    """[largest absolute difference] of each pair of arrays in two lists."""
    return [float(np.abs(one - other).max()) for one, other in zip(found, expected, strict=True)]


def logits_first(content):
    """The bytes of a .tflite, `content`, with the logits as its first output and the distance, if any, as its second.

    The converter keeps no order of several outputs. The distance is the one of width 1.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    graph = model.subgraphs[0]
    ordered = sorted(graph.outputs, key=lambda index: -graph.tensors[index].shape[-1])
    if list(graph.outputs) == ordered:
        return content
    graph.outputs = ordered
    builder = flatbuffers.Builder(len(content) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


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
