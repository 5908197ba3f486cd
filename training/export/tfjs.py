"""Convert a network to a TF.js graph model with the coarsest weight quantization that preserves its predictions.

The large tensorflowjs package is not required: TensorFlow's LiteRT converter folds the normalization layers,
and `graph_model.py` writes the result. A large weight tensor is quantized to integers with one step size;
TF.js restores `number * scale + min`. The step is a fraction of the tensor's standard deviation that grows
with the square root of its number of values. This minimizes the total number of bits for a given total noise:
the bits are proportional to the number of values, the noise to the square of the step. Few distinct integers
compress well with gzip and Brotli, so the download is small.
"""

import zlib
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from ..errors import TrainingError
from ..evaluate.metrics import softmax
from ..evaluate.predictions import keras_outputs, litert_outputs
from . import graph_model
from .litert import DISTANCE_PARITY, convert, largest_differences

#: No probability may differ by more than .002 between server and browser; the margin is for images not tested.
PARITY = 1.4e-3
#: Step sizes of the largest tensor, in its standard deviations, from coarse to fine.
STEPS = tuple(2.0 ** -k for k in (4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 9, 10))
OUTPUTS = ("logits", "distance")
LARGE = 512             # a tensor with at least so many values is quantized


def write(model, images, folder, served, temperature=1.0):
    """Write the Keras `model` as a TF.js graph model into `folder`; its parity on `images`, uint8 (n, h, w).

    Input `image`: float32 (n, h, w, 1), n free; outputs `logits` and, if the model has it, `distance`. The weights use
    the coarsest of STEPS with which every probability, softmax(logits / temperature), is within PARITY of the Keras
    model's and of the server's, `served`, the bytes of model.tflite, and every distance within DISTANCE_PARITY. Raises
    TrainingError if no step is fine enough.
    """
    def scaled(outputs):
        return [softmax(outputs[0] / temperature), *outputs[1:]]

    expected = [scaled(keras_outputs(model, images)), scaled(litert_outputs(served, images))]
    content = convert(model)

    most = max(values.size for _, values in _weights(_parse(content)))

    def differences(step, batch):
        """The largest of the probabilities, and of the distances where the model has them."""
        found = scaled(litert_outputs(_quantized(content, step, most), batch))
        return np.max([largest_differences(found, [each[:len(batch)] for each in outputs]) for outputs in expected],
                      axis=0).tolist()

    def fine(largest, *of_distance):
        return largest <= PARITY and max(of_distance, default=0) <= DISTANCE_PARITY

    for step in STEPS:
        if not fine(*differences(step, images[:128])):      # a quick test on few images saves the full one
            continue
        largest, *of_distance = differences(step, images)
        if fine(largest, *of_distance):
            break
    else:
        raise TrainingError(f"no quantization of the weights keeps the browser's probabilities "
                            f"within {PARITY} of the server's")
    parsed = _parse(content)
    outputs = dict(zip(OUTPUTS, parsed.subgraphs[0].outputs, strict=False))
    graph_model.write(parsed, Path(folder), (-1, *model.input.shape[1:]), outputs,
                      lambda values: _quantize(values, step, most))
    gzipped = sum(len(zlib.compress((Path(folder) / name).read_bytes(), 9)) for name in graph_model.FILES)
    return {"largest_difference": largest, "pictures": len(images), "bytes_gzipped": gzipped,
            "weights": f"integers, steps of at most {step:.4f} standard deviations",
            **({"largest_difference_of_distance": of_distance[0]} if of_distance else {})}


def _parse(content):
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def _weights(model):
    """(buffer, float32 values) of each weight tensor of a parsed .tflite."""
    for tensor in model.subgraphs[0].tensors:
        buffer = model.buffers[tensor.buffer]
        if tensor.type == schema.TensorType.FLOAT32 and buffer.data is not None:
            yield buffer, np.frombuffer(bytes(buffer.data), np.float32)


def _quantized(content, step, most):
    """The .tflite `content` (bytes, float32 weights) with the weights that the browser restores."""
    model = _parse(content)
    for buffer, values in _weights(model):
        numbers, entry = _quantize(values, step, most)
        if entry:
            restored = (numbers * entry["scale"] + entry["min"]).astype(np.float32)
            buffer.data = np.frombuffer(restored.tobytes(), np.uint8)
    builder = flatbuffers.Builder(len(content) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _quantize(values, step, most):
    """(array to store, TF.js's quantization entry or None) for float32 weights.

    step: step size of a tensor with `most` values, in its standard deviations.
    """
    scale, least = float(values.std()) * step * (values.size / most) ** 0.5, float(values.min())
    if values.size < LARGE or not scale:
        return values, None
    numbers = np.round((values.astype(np.float64) - least) / scale)
    if numbers.max() >= 65536:
        return values, None
    dtype = np.uint8 if numbers.max() < 256 else np.uint16
    return numbers.astype(dtype), {"dtype": np.dtype(dtype).name, "scale": scale, "min": least,
                                   "original_dtype": "float32"}
