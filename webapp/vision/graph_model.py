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
    weights = dict(_weights(model, (folder / "weights.bin").read_bytes()))
    nodes = [node for node in model["modelTopology"]["node"] if node["op"] != "Const"]
    _fold_biases(nodes, weights)
    constants = {name: tf.constant(value) for name, value in weights.items()}
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


def _fold_biases(nodes, weights):
    """Move the bias of a depthwise convolution into that of the 1 x 1 convolution after it: one pass over memory less.

    The two have no activation between them: `(x + b) W + c = x W + (b W + c)`.
    """
    by_name = {node["name"]: node for node in nodes}
    for node in nodes:
        source = by_name.get(node["input"][0]) if node["op"] == "_FusedConv2D" else None
        if (source and source["op"] == "FusedDepthwiseConv2dNative" and _fused(source["attr"]) == ["BiasAdd"]
                and weights[node["input"][1]].shape[:2] == (1, 1)
                and sum(source["name"] in each["input"] for each in nodes) == 1):
            kernel, bias = weights[node["input"][1]][0, 0], source["input"].pop()
            weights[node["input"][2]] = weights[node["input"][2]] + weights.pop(bias) @ kernel


def _operators(tf):
    """{operator: function of (attributes, *inputs)}."""
    def convolution(function):
        def run(attributes, x, weights, bias=None):
            result = function(x, weights, _integers(attributes["strides"]), _text(attributes["padding"]))
            if bias is not None:        # see _fold_biases
                result = tf.nn.bias_add(result, bias)
            for name in _fused(attributes)[1:]:
                result = {"Relu": tf.nn.relu, "Relu6": tf.nn.relu6}[name](result)
            return result
        return run

    def resize(attributes, x, size):
        return tf.raw_ops.ResizeBilinear(images=x, size=size, align_corners=attributes["align_corners"]["b"],
                                         half_pixel_centers=attributes["half_pixel_centers"]["b"])

    def max_pool(attributes, x):
        return tf.nn.max_pool2d(x, _integers(attributes["ksize"]), _integers(attributes["strides"]),
                                _text(attributes["padding"]))

    return {
        "_FusedConv2D": convolution(tf.nn.conv2d),
        "FusedDepthwiseConv2dNative": convolution(tf.nn.depthwise_conv2d),
        "MaxPool": max_pool, "ResizeBilinear": resize,
        "AddV2": lambda _, a, b: a + b, "Mul": lambda _, a, b: a * b, "Relu": lambda _, x: tf.nn.relu(x),
        "Pad": lambda _, x, paddings: tf.pad(x, paddings), "Shape": lambda _, x: tf.shape(x),
        "StridedSlice": lambda _, x, begin, end, step: tf.strided_slice(x, begin, end, step),
        "Reshape": lambda _, x, shape: tf.reshape(x, tf.concat([tf.shape(x)[:1], shape[1:]], 0)),
    }


def _fused(attributes):
    return [base64.b64decode(name).decode() for name in attributes["fused_ops"]["list"]["s"]]


def _integers(attribute):
    return [int(value) for value in attribute["list"]["i"]]


def _text(attribute):
    return base64.b64decode(attribute["s"]).decode()
