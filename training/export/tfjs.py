"""The browser's form of a network: a TF.js graph model with the coarsest weights that change no answer.

The heavy tensorflowjs package is not needed: TensorFlow's own LiteRT converter folds the
normalisations, and `graph_model.py` writes what it leaves. A large weight tensor is stored as whole
numbers, steps of one size (TF.js restores `number * scale + min`). The step is a fraction of the
tensor's standard deviation, and that fraction grows with the root of the tensor's number of values:
with the noise of all tensors adding up, this spends the fewest bits (the bits go by the number of
values, the noise by the square of the step). Few distinct numbers are what gzip and Brotli then make
small: the size that counts is the one that travels.
"""

import json
import zlib
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from ..errors import TrainingError
from ..evaluate.metrics import softmax
from . import card, graph_model

#: No probability may differ by more than .002 between server and browser; the rest is left to pictures not tried.
PARITY = 1.4e-3
#: Of the largest tensor, in its standard deviations, coarse to fine.
STEPS = tuple(2.0 ** -k for k in (4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 9, 10))
LARGE = 512             # values from which a tensor is worth rounding


def write(model, images, folder, served, temperature=1.0):
    """Write the Keras `model` as a TF.js graph model into `folder`; its parity on `images`, uint8 (n, h, w).

    Input `image`: float32 (n, h, w, 1), n free; output `logits`. The weights have the coarsest of STEPS
    with which no probability, softmax(logits / temperature), is farther than PARITY from the network's own
    or from that of `served`, the bytes of model.tflite, by which the server answers. Raises TrainingError
    where not even the finest is so near.
    """
    import tensorflow as tf

    from ..evaluate.predictions import keras_logits, litert_logits
    wanted = [softmax(logits / temperature) for logits in (keras_logits(model, images), litert_logits(served, images))]
    content = tf.lite.TFLiteConverter.from_keras_model(model).convert()

    most = max(values.size for _, values in _weights(_parse(content)))

    def difference(step, some):
        found = softmax(litert_logits(_rounded(content, step, most), some) / temperature)
        return max(float(np.abs(found - one[:len(some)]).max()) for one in wanted)

    for step in STEPS:
        if difference(step, images[:128]) > PARITY:      # a quick look spares the long one
            continue
        largest = difference(step, images)
        if largest <= PARITY:
            break
    else:
        raise TrainingError(f"no rounding of the weights keeps the probabilities within {PARITY} for the browser")
    parsed = _parse(content)
    graph_model.write(parsed, Path(folder), (-1, *model.input.shape[1:]), {"logits": parsed.subgraphs[0].outputs[0]},
                      lambda values: _stored(values, step, most))
    gzipped = sum(len(zlib.compress((Path(folder) / name).read_bytes(), 9)) for name in graph_model.FILES)
    return {"largest_difference": largest, "pictures": len(images), "bytes_gzipped": gzipped,
            "weights": f"whole numbers, steps from {step:.4f} standard deviations down"}


def add_to_bundle(folder, images):
    """Make the `tfjs/` of the bundle `folder` from its model.keras, and enter it in the card; the parity.

    images: uint8 (n, h, w), as `write`. Raises TrainingError where there is no such bundle.
    """
    import keras

    from .bundle import described
    folder = Path(folder)
    for name in ("model.keras", "model.tflite", "card.json"):
        if not (folder / name).is_file():
            raise TrainingError(f"{folder}: no {name} there; make the bundle first: python -m training export RUN")
    content = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    model = keras.models.load_model(folder / "model.keras", compile=False)
    served, temperature = (folder / "model.tflite").read_bytes(), content["calibration"]["temperature"]
    parity = write(model, images, folder / "tfjs", served, temperature)
    content["files"] = described(folder)
    content["parity"]["tfjs"] = parity
    card.write(content, folder)
    return parity


def _parse(content):
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def _weights(model):
    """(buffer, float32 values) of each tensor of weights of a parsed .tflite."""
    for tensor in model.subgraphs[0].tensors:
        buffer = model.buffers[tensor.buffer]
        if tensor.type == schema.TensorType.FLOAT32 and buffer.data is not None:
            yield buffer, np.frombuffer(bytes(buffer.data), np.float32)


def _rounded(content, step, most):
    """The .tflite `content` (bytes, float32 weights) with its weights at what the browser restores."""
    model = _parse(content)
    for buffer, values in _weights(model):
        numbers, how = _stored(values, step, most)
        if how:
            restored = (numbers * how["scale"] + how["min"]).astype(np.float32)
            buffer.data = np.frombuffer(restored.tobytes(), np.uint8)
    builder = flatbuffers.Builder(len(content) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _stored(values, step, most):
    """(array to store, TF.js's quantization entry or None) for float32 weights.

    step: of a tensor with `most` values, in its standard deviations.
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
