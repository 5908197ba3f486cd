"""Run a TF.js graph model, as training/export/graph_model.py writes it, in TensorFlow.

The file is the list of a TensorFlow graph's nodes and their weights. Two of its fused operators exist in TF.js alone,
so each node is translated to the operators they stand for. The first dimension of the input is the batch, whatever
the file states.
"""

import base64
import json
from pathlib import Path

import numpy as np

from .engines import import_tensorflow


def load(folder):
    """A function from a float32 tensor (n, h, w, channels) to {name of an output: tensor}, not compiled.

    folder: with model.json and weights.bin. Raises OSError, and ValueError for an unsupported operator.
    """
    tf = import_tensorflow()
    folder = Path(folder)
    model = json.loads((folder / "model.json").read_text())
    constants = {name: tf.constant(value) for name, value in _weights(model, (folder / "weights.bin").read_bytes())}
    nodes = [node for node in model["modelTopology"]["node"] if node["op"] != "Const"]
    operators = _operators(tf)
    if unsupported := {node["op"] for node in nodes} - set(operators) - {"Placeholder"}:
        raise ValueError(f"{folder}: operators that webapp/vision/graph_model.py does not support: "
                         f"{', '.join(sorted(unsupported))}; add them there")
    outputs = {name: output["name"].partition(":")[0] for name, output in model["signature"]["outputs"].items()}

    def run(image):
        values = dict(constants)
        for node in nodes:
            inputs = [values[name] for name in node["input"]]
            is_input = node["op"] == "Placeholder"
            values[node["name"]] = image if is_input else operators[node["op"]](node["attr"], *inputs)
        return {name: values[node] for name, node in outputs.items()}

    return run


def _weights(model, content):
    """Yield (name, array): float16 weights as float32."""
    start = 0
    for group in model["weightsManifest"]:
        for entry in group["weights"]:
            stored = np.dtype(entry.get("quantization", entry)["dtype"])
            value = np.frombuffer(content, stored, int(np.prod(entry["shape"])), start).reshape(entry["shape"])
            start += value.nbytes
            yield entry["name"], value.astype(entry["dtype"])


def _operators(tf):
    """{operator: function of (attributes, *inputs)}."""
    def fused(convolution, attributes, weights, bias):
        result = tf.nn.bias_add(convolution(weights), bias)
        names = [base64.b64decode(name).decode() for name in attributes["fused_ops"]["list"]["s"][1:]]
        for name in names:
            result = {"Relu": tf.nn.relu, "Relu6": tf.nn.relu6}[name](result)
        return result

    def conv2d(attributes, x, weights, bias):
        return fused(lambda w: tf.nn.conv2d(x, w, _integers(attributes["strides"]), _text(attributes["padding"])),
                     attributes, weights, bias)

    def depthwise(attributes, x, weights, bias):
        return fused(lambda w: tf.nn.depthwise_conv2d(x, w, _integers(attributes["strides"]),
                                                      _text(attributes["padding"])), attributes, weights, bias)

    def resize(attributes, x, size):
        return tf.raw_ops.ResizeBilinear(images=x, size=size, align_corners=attributes["align_corners"]["b"],
                                         half_pixel_centers=attributes["half_pixel_centers"]["b"])

    def max_pool(attributes, x):
        return tf.nn.max_pool2d(x, _integers(attributes["ksize"]), _integers(attributes["strides"]),
                                _text(attributes["padding"]))

    return {
        "_FusedConv2D": conv2d, "FusedDepthwiseConv2dNative": depthwise, "MaxPool": max_pool, "ResizeBilinear": resize,
        "AddV2": lambda _, a, b: a + b, "Mul": lambda _, a, b: a * b, "Relu": lambda _, x: tf.nn.relu(x),
        "Pad": lambda _, x, paddings: tf.pad(x, paddings), "Shape": lambda _, x: tf.shape(x),
        "StridedSlice": lambda _, x, begin, end, step: tf.strided_slice(x, begin, end, step),
        "Reshape": lambda _, x, shape: tf.reshape(x, tf.concat([tf.shape(x)[:1], shape[1:]], 0)),
    }


def _integers(attribute):
    return [int(value) for value in attribute["list"]["i"]]


def _text(attribute):
    return base64.b64decode(attribute["s"]).decode()
