"""A convolutional .tflite written as a TF.js graph model, operator by operator.

Only what the face detector is made of: convolutions, depth-wise convolutions, channel padding,
pooling, addition, ReLU, bilinear doubling, reshaping. A convolution takes its bias, and the ReLU
that follows it, into the fused operator TF.js runs fastest. Doubling asks the picture for its size
when the model runs, so one model serves pictures of any size. Weights are stored as float16, as in
the .tflite, so nothing is lost.
"""

import base64
import json

import numpy as np
from ai_edge_litert import schema_py_generated as schema

FILES = ("model.json", "weights.bin")
_KINDS = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
_DTYPES = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.FLOAT16: np.float16,
           schema.TensorType.INT32: np.int32}
_RELU = schema.ActivationFunctionType.RELU


def kind(model, operator):
    """Name of an operator of a parsed .tflite, such as CONV_2D."""
    code = model.operatorCodes[operator.opcodeIndex]
    return _KINDS[max(code.builtinCode, code.deprecatedBuiltinCode)]


def write(model, folder):
    """Write the parsed .tflite `model` as `model.json` and `weights.bin` into `folder`.

    Input `image`: float32 (1, height, width, 3). Outputs `boxes` (1, cells, 16), `scores` (1, cells, 1).
    """
    graph = _GraphModel(model)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.bin").write_bytes(b"".join(data.tobytes() for data in graph.data))
    (folder / "model.json").write_text(json.dumps(graph.description(), separators=(",", ":")))


class _GraphModel:
    """Nodes and weights of the TF.js graph; `names` maps a tensor of the .tflite to its node."""

    def __init__(self, model):
        self.model, self.graph = model, model.subgraphs[0]
        self.nodes, self.weights, self.data = [], [], []
        self.constants, self.names = {}, {}
        self._read_constants()
        self._node("Placeholder", "image", [], dtype=_FLOAT, shape=_shape([1, -1, -1, 3]))
        self.names[self.graph.inputs[0]] = "image"
        for operator in self.graph.operators:
            self._translate(operator)

    def description(self):
        """The content of model.json."""
        numbers = {int(self.graph.tensors[index].shape[-1]): self.names[index] for index in self.graph.outputs}
        return {
            "format": "graph-model", "generatedBy": "emoscope", "convertedBy": None,
            "signature": {
                "inputs": {"image": {"name": "image:0", "dtype": "DT_FLOAT",
                                     "tensorShape": _shape([1, -1, -1, 3])["shape"]}},
                "outputs": {"boxes": {"name": f"{numbers[16]}:0", "dtype": "DT_FLOAT"},
                            "scores": {"name": f"{numbers[1]}:0", "dtype": "DT_FLOAT"}}},
            "modelTopology": {"node": self.nodes, "versions": {"producer": 1395}},
            "weightsManifest": [{"paths": ["weights.bin"], "weights": self.weights}],
        }

    def _read_constants(self):
        for index, tensor in enumerate(self.graph.tensors):
            data = self.model.buffers[tensor.buffer].data
            if data is not None:
                self.constants[index] = np.frombuffer(bytes(data), _DTYPES[tensor.type]).reshape(tensor.shape)

    def _translate(self, operator):
        name = kind(self.model, operator)
        inputs, output = [int(index) for index in operator.inputs], int(operator.outputs[0])
        if name == "DEQUANTIZE":
            self.constants[output] = self.constants[inputs[0]]
            return
        self.names[output] = getattr(self, f"_{name.lower()}")(f"{name.lower()}_{output}", inputs,
                                                               operator.builtinOptions)

    def _conv_2d(self, name, inputs, options):
        weights = self.constants[inputs[1]].transpose(1, 2, 3, 0)
        return self._convolution("_FusedConv2D", name, inputs, weights, options)

    def _depthwise_conv_2d(self, name, inputs, options):
        weights = self.constants[inputs[1]].transpose(1, 2, 3, 0)     # (1, h, w, c) to (h, w, c, 1)
        return self._convolution("FusedDepthwiseConv2dNative", name, inputs, weights, options)

    def _convolution(self, op, name, inputs, weights, options):
        operands = [self.names[inputs[0]], self._weight(f"{name}/w", weights),
                    self._weight(f"{name}/b", self.constants[inputs[2]])]
        fused = ["BiasAdd"] + (["Relu"] if options.fusedActivationFunction == _RELU else [])
        return self._node(op, name, operands, T=_FLOAT, num_args={"i": "1"}, epsilon={"f": 0},
                          strides=_integers([1, options.strideH, options.strideW, 1]),
                          dilations=_integers([1, 1, 1, 1]), padding=_padding(options), data_format=_string("NHWC"),
                          fused_ops={"list": {"s": [_base64(one) for one in fused]}})

    def _relu(self, name, inputs, options):
        """A convolution that nothing else reads takes the ReLU in; else a node of its own."""
        source = next(node for node in self.nodes if node["name"] == self.names[inputs[0]])
        readers = sum(inputs[0] in operator.inputs for operator in self.graph.operators)
        if source["op"] == "_FusedConv2D" and readers == 1:
            source["attr"]["fused_ops"]["list"]["s"].append(_base64("Relu"))
            return source["name"]
        return self._node("Relu", name, [source["name"]], T=_FLOAT)

    def _add(self, name, inputs, options):
        return self._node("AddV2", name, [self.names[index] for index in inputs], T=_FLOAT)

    def _pad(self, name, inputs, options):
        paddings = self._weight(f"{name}/paddings", self.constants[inputs[1]])
        return self._node("Pad", name, [self.names[inputs[0]], paddings], T=_FLOAT, Tpaddings=_INTEGER)

    def _max_pool_2d(self, name, inputs, options):
        return self._node("MaxPool", name, [self.names[inputs[0]]], T=_FLOAT, padding=_padding(options),
                          data_format=_string("NHWC"), strides=_integers([1, options.strideH, options.strideW, 1]),
                          ksize=_integers([1, options.filterHeight, options.filterWidth, 1]))

    def _resize_bilinear(self, name, inputs, options):
        """Twice the size, whatever the size is: the .tflite states a number, which holds for 192x192 only."""
        source = self.names[inputs[0]]
        shape = self._node("Shape", f"{name}/shape", [source], T=_FLOAT, out_type=_INTEGER)
        begin, end, step, two = (self._weight(f"{name}/{part}", np.asarray(value, np.int32)) for part, value in
                                 (("begin", [1]), ("end", [3]), ("step", [1]), ("two", 2)))
        size = self._node("StridedSlice", f"{name}/size", [shape, begin, end, step], T=_INTEGER, Index=_INTEGER,
                          **{f"{mask}_mask": {"i": "0"} for mask in
                             ("begin", "end", "ellipsis", "new_axis", "shrink_axis")})
        double = self._node("Mul", f"{name}/double", [size, two], T=_INTEGER)
        return self._node("ResizeBilinear", name, [source, double], T=_FLOAT,
                          align_corners={"b": bool(options.alignCorners)},
                          half_pixel_centers={"b": bool(options.halfPixelCenters)})

    def _reshape(self, name, inputs, options):
        shape = self._weight(f"{name}/shape", np.asarray(options.newShape, np.int32))
        return self._node("Reshape", name, [self.names[inputs[0]], shape], T=_FLOAT, Tshape=_INTEGER)

    def _node(self, op, name, inputs, **attributes):
        self.nodes.append({"name": name, "op": op, "input": inputs, "attr": attributes})
        return name

    def _weight(self, name, value):
        """A constant node and its place in weights.bin; float16 where the value came as that."""
        value = np.ascontiguousarray(value)
        is_float = value.dtype != np.int32
        described = {"name": name, "shape": list(value.shape), "dtype": "float32" if is_float else "int32"}
        if value.dtype == np.float16:
            described["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
        self.weights.append(described)
        self.data.append(value)
        return self._node("Const", name, [], dtype=_FLOAT if is_float else _INTEGER)


_FLOAT, _INTEGER = {"type": "DT_FLOAT"}, {"type": "DT_INT32"}


def _base64(text):
    return base64.b64encode(text.encode()).decode()


def _string(text):
    return {"s": _base64(text)}


def _padding(options):
    return _string("SAME" if options.padding == schema.Padding.SAME else "VALID")


def _integers(values):
    return {"list": {"i": [str(int(value)) for value in values]}}


def _shape(sizes):
    return {"shape": {"dim": [{"size": str(size)} for size in sizes]}}
