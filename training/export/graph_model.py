"""Convert a .tflite with floating-point operators to a TF.js graph model, operator by operator.

The normalization layers of both the networks and the detector are already folded into the convolutions. A
convolution, its bias and a following ReLU become one fused operator, the fastest in TF.js. Upsampling computes
its target size at run time, so that one detector accepts images of any size. float16 weights are stored
unchanged; the caller chooses how others are stored.
"""

import base64
import json

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from ..errors import TrainingError

FILES = ("model.json", "weights.bin")
_KINDS = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
_DTYPES = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.FLOAT16: np.float16,
           schema.TensorType.INT32: np.int32}
_ACTIVATIONS = {schema.ActivationFunctionType.NONE: [], schema.ActivationFunctionType.RELU: ["Relu"],
                schema.ActivationFunctionType.RELU6: ["Relu6"]}
# Operators without options, and their names in TF.js.
_SIMPLE = {"MUL": "Mul", "SUB": "Sub", "DIV": "RealDiv", "ADD": "AddV2", "SQUARED_DIFFERENCE": "SquaredDifference",
          "NEG": "Neg", "RSQRT": "Rsqrt", "SQRT": "Sqrt", "SQUARE": "Square", "EXP": "Exp", "LOGISTIC": "Sigmoid",
          "TANH": "Tanh", "RELU": "Relu", "RELU6": "Relu6", "ELU": "Elu", "SOFTMAX": "Softmax",
          "MAXIMUM": "Maximum", "MINIMUM": "Minimum", "LOG_SOFTMAX": "LogSoftmax"}


def kind(model, operator):
    """Name of an operator of a parsed .tflite, such as CONV_2D."""
    code = model.operatorCodes[operator.opcodeIndex]
    return _KINDS[max(code.builtinCode, code.deprecatedBuiltinCode)]


def write(model, folder, shape, outputs, store=None):
    """Write the parsed .tflite `model` as `model.json` and `weights.bin` into `folder`.

    The single input is called `image` and has `shape`, -1 for a free dimension. outputs: {name: index
    of the tensor}. store(value) -> (array to store, TF.js's quantization entry or None) for float32
    weights; default: unchanged. Raises TrainingError for an unsupported operator.
    """
    graph = _GraphModel(model, shape, store or (lambda value: (value, None)))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.bin").write_bytes(b"".join(data.tobytes() for data in graph.data))
    (folder / "model.json").write_text(json.dumps(graph.description(outputs), separators=(",", ":")))


class _GraphModel:
    """Nodes and weights of the TF.js graph; `names` maps a .tflite tensor to its node."""

    def __init__(self, model, shape, store):
        self.model, self.graph, self.shape, self.store = model, model.subgraphs[0], shape, store
        self.nodes, self.weights, self.data = [], [], []
        self.constants, self.names = {}, {}
        self._read_constants()
        self._node("Placeholder", "image", [], dtype=_FLOAT, shape=_shape(shape))
        self.names[self.graph.inputs[0]] = "image"
        for operator in self.graph.operators:
            self._translate(operator)

    def description(self, outputs):
        """The content of model.json."""
        return {
            "format": "graph-model", "generatedBy": "emoscope", "convertedBy": None,
            "signature": {
                "inputs": {"image": {"name": "image:0", "dtype": "DT_FLOAT",
                                     "tensorShape": _shape(self.shape)["shape"]}},
                "outputs": {name: {"name": f"{self.names[index]}:0", "dtype": "DT_FLOAT"}
                            for name, index in outputs.items()}},
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
        translate = getattr(self, f"_{name.lower()}", None)
        if not translate and name not in _SIMPLE:
            raise TrainingError(f"the network uses the operator {name}, which "
                                "training/export/graph_model.py does not support; add it there")
        node, options = f"{name.lower()}_{output}", operator.builtinOptions
        self.names[output] = (translate(node, inputs, options) if translate
                              else self._simple(name, node, inputs, options))

    def _simple(self, kind, name, inputs, options):
        operands = [self._operand(f"{name}/{i}", index) for i, index in enumerate(inputs)]
        activation = _ACTIVATIONS[getattr(options, "fusedActivationFunction", 0)]
        node = self._node(_SIMPLE[kind], name, operands, T=_FLOAT)
        return self._node(activation[0], f"{name}/activated", [node], T=_FLOAT) if activation else node

    def _operand(self, name, index):
        """The node of a tensor; the node of a weight is created on first use."""
        if index not in self.names:
            self.names[index] = self._weight(name, self.constants[index])
        return self.names[index]

    def _conv_2d(self, name, inputs, options):
        weights = self.constants[inputs[1]].transpose(1, 2, 3, 0)
        return self._convolution("_FusedConv2D", name, inputs, weights, options)

    def _depthwise_conv_2d(self, name, inputs, options):
        weights = self.constants[inputs[1]].transpose(1, 2, 3, 0)     # (1, h, w, c) to (h, w, c, 1)
        return self._convolution("FusedDepthwiseConv2dNative", name, inputs, weights, options)

    def _convolution(self, op, name, inputs, weights, options):
        operands = [self.names[inputs[0]], self._weight(f"{name}/w", weights),
                    self._weight(f"{name}/b", self.constants[inputs[2]])]
        fused = ["BiasAdd", *_ACTIVATIONS[options.fusedActivationFunction]]
        return self._node(op, name, operands, T=_FLOAT, num_args={"i": "1"}, epsilon={"f": 0},
                          strides=_integers([1, options.strideH, options.strideW, 1]),
                          dilations=_integers([1, 1, 1, 1]), padding=_padding(options), data_format=_string("NHWC"),
                          fused_ops={"list": {"s": [_base64(one) for one in fused]}})

    def _relu(self, name, inputs, options):
        """Fuse the ReLU into a convolution with no other reader; otherwise add a node."""
        source = next(node for node in self.nodes if node["name"] == self.names[inputs[0]])
        readers = sum(inputs[0] in operator.inputs for operator in self.graph.operators)
        fused = source["attr"].get("fused_ops", {}).get("list", {}).get("s")
        if source["op"] == "_FusedConv2D" and readers == 1 and fused == [_base64("BiasAdd")]:
            fused.append(_base64("Relu"))
            return source["name"]
        return self._node("Relu", name, [source["name"]], T=_FLOAT)

    def _fully_connected(self, name, inputs, options):
        weights = self._weight(f"{name}/w", self.constants[inputs[1]].T)
        fused = ["BiasAdd", *_ACTIVATIONS[options.fusedActivationFunction]]
        bias = self.constants[inputs[2]] if inputs[2] >= 0 else np.zeros(self.constants[inputs[1]].shape[0], np.float32)
        return self._node("_FusedMatMul", name, [self.names[inputs[0]], weights, self._weight(f"{name}/b", bias)],
                          T=_FLOAT, transpose_a={"b": False}, transpose_b={"b": False}, num_args={"i": "1"},
                          epsilon={"f": 0}, fused_ops={"list": {"s": [_base64(one) for one in fused]}})

    def _mean(self, name, inputs, options):
        axes = self._weight(f"{name}/axes", self.constants[inputs[1]])
        return self._node("Mean", name, [self.names[inputs[0]], axes], T=_FLOAT, Tidx=_INTEGER,
                          keep_dims={"b": bool(options.keepDims)})

    def _reduce_min(self, name, inputs, options):
        axes = self._weight(f"{name}/axes", self.constants[inputs[1]])
        return self._node("Min", name, [self.names[inputs[0]], axes], T=_FLOAT, Tidx=_INTEGER,
                          keep_dims={"b": bool(options.keepDims)})

    def _concatenation(self, name, inputs, options):
        axis = self._weight(f"{name}/axis", np.asarray(options.axis, np.int32))
        parts = [self._operand(f"{name}/{i}", index) for i, index in enumerate(inputs)]
        return self._node("ConcatV2", name, [*parts, axis], T=_FLOAT, Tidx=_INTEGER, N={"i": str(len(parts))})

    def _reverse_v2(self, name, inputs, options):
        axes = self._weight(f"{name}/axes", self.constants[inputs[1]])
        return self._node("ReverseV2", name, [self.names[inputs[0]], axes], T=_FLOAT, Tidx=_INTEGER)

    def _pad(self, name, inputs, options):
        paddings = self._weight(f"{name}/paddings", self.constants[inputs[1]])
        return self._node("Pad", name, [self.names[inputs[0]], paddings], T=_FLOAT, Tpaddings=_INTEGER)

    def _max_pool_2d(self, name, inputs, options):
        return self._pool("MaxPool", name, inputs, options)

    def _average_pool_2d(self, name, inputs, options):
        return self._pool("AvgPool", name, inputs, options)

    def _pool(self, op, name, inputs, options):
        return self._node(op, name, [self.names[inputs[0]]], T=_FLOAT, padding=_padding(options),
                          data_format=_string("NHWC"), strides=_integers([1, options.strideH, options.strideW, 1]),
                          ksize=_integers([1, options.filterHeight, options.filterWidth, 1]))

    def _resize_bilinear(self, name, inputs, options):
        """Upsample by the .tflite's scale factor at any size; the .tflite itself states a target size in pixels."""
        source = self.names[inputs[0]]
        before, after = self.graph.tensors[inputs[0]].shape, self.constants[inputs[1]]
        if any(after % before[1:3]):
            raise TrainingError(f"upsampling must be by an integer factor, got {before[1:3]} to {after}")
        shape = self._node("Shape", f"{name}/shape", [source], T=_FLOAT, out_type=_INTEGER)
        begin, end, step, factor = (self._weight(f"{name}/{part}", np.asarray(value, np.int32)) for part, value in
                                   (("begin", [1]), ("end", [3]), ("step", [1]), ("factor", after // before[1:3])))
        size = self._node("StridedSlice", f"{name}/size", [shape, begin, end, step], T=_INTEGER, Index=_INTEGER,
                          **{f"{mask}_mask": {"i": "0"} for mask in
                             ("begin", "end", "ellipsis", "new_axis", "shrink_axis")})
        larger = self._node("Mul", f"{name}/larger", [size, factor], T=_INTEGER)
        return self._node("ResizeBilinear", name, [source, larger], T=_FLOAT,
                          align_corners={"b": bool(options.alignCorners)},
                          half_pixel_centers={"b": bool(options.halfPixelCenters)})

    def _reshape(self, name, inputs, options):
        target = self.constants[inputs[1]] if options is None else options.newShape
        shape = self._weight(f"{name}/shape", np.asarray(target, np.int32))
        return self._node("Reshape", name, [self.names[inputs[0]], shape], T=_FLOAT, Tshape=_INTEGER)

    def _node(self, op, name, inputs, **attributes):
        self.nodes.append({"name": name, "op": op, "input": inputs, "attr": attributes})
        return name

    def _weight(self, name, value):
        """Add a constant node and its entry in weights.bin; float16 values stay float16."""
        value = np.ascontiguousarray(value)
        is_float = value.dtype != np.int32
        entry = {"name": name, "shape": list(value.shape), "dtype": "float32" if is_float else "int32"}
        quantization = None
        if value.dtype == np.float16:
            quantization = {"dtype": "float16", "original_dtype": "float32"}
        elif is_float:
            value, quantization = self.store(value)
        if quantization:
            entry["quantization"] = quantization
        self.weights.append(entry)
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
