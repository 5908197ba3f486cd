"""Build the face detector's files from the published model.

BlazeFace full-range (MediaPipe, Apache-2.0; Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond
Neural Face Detection on Mobile GPUs") is distributed in an npm package, as a .tflite fixed at 192x192.
Only the tensor shapes in the file and the sizes of its two upsampling layers depend on that size. The
same weights therefore work at any size that is a multiple of 32: one LiteRT file per size for the
server, one TF.js graph model of any size (`graph_model.py`) for the browser.
"""

import hashlib
import json
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from ..data.alignment import DETECTOR as FOLDER
from ..errors import TrainingError
from . import graph_model

PACKAGE = "@mediapipe/face_detection"
SOURCE = Path("node_modules") / PACKAGE / "face_detection_full_range.tflite"
SOURCE_SHA256 = "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3"
# Width and height. Long side 128 or 256 for live frames, also 512 for photos, and 64 for tiles of them; 192 to refine
# one face.
SIZES = ((192, 192), (64, 64),
         (128, 96), (96, 128), (128, 128),
         (256, 160), (160, 256), (256, 192), (192, 256), (256, 256),
         (512, 288), (288, 512), (512, 384), (384, 512), (512, 512))
VERSION = 3         # increment when this module builds different files from the same source


def build(folder=FOLDER, source=SOURCE, report=print):
    """Build the detector's files in `folder`, unless they are complete and intact.

    Raises TrainingError if the source is missing or is another file.
    """
    folder = Path(folder)
    if is_complete(folder):
        report(f"{folder}: the detector's files are up to date")
        return
    original = _read_source(Path(source))
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in SIZES:
        (folder / f"full_range_{width}x{height}.tflite").write_bytes(resized(original, width, height))
    parsed = _parse(original)
    graph_model.write(parsed, folder / "tfjs", (1, -1, -1, 3), _outputs(parsed.subgraphs[0]))
    (folder / "detector.json").write_text(json.dumps(_description(folder), indent=1) + "\n")
    report(f"{folder}: built the detector in {len(SIZES)} sizes, and for the browser")


def is_complete(folder):
    """Whether `folder` contains this version's files, each with its recorded hash."""
    try:
        description = json.loads((folder / "detector.json").read_text())
        return (description["version"] == VERSION and description["sizes"] == [list(size) for size in SIZES]
                and all(_sha256(folder / name) == file["sha256"] for name, file in description["files"].items()))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def resized(original, width, height):
    """The .tflite `original` (bytes) rewritten for images of `width` x `height`, multiples of 32; bytes.

    Every feature map is scaled, and so are the target sizes of the two bilinear upsampling layers.
    """
    model = _parse(original)
    graph = model.subgraphs[0]
    _, base_height, base_width, _ = graph.tensors[graph.inputs[0]].shape
    constant = _constants(model, graph)
    for index, tensor in enumerate(graph.tensors):
        if index in constant:
            continue
        if len(tensor.shape) == 4:
            batch, rows, columns, channels = tensor.shape
            tensor.shape = [batch, rows * height // base_height, columns * width // base_width, channels]
        else:
            batch, cells, values = tensor.shape
            tensor.shape = [batch, cells * height * width // (base_height * base_width), values]
    for operator in graph.operators:
        if graph_model.kind(model, operator) == "RESIZE_BILINEAR":
            output = graph.tensors[operator.outputs[0]]
            target = model.buffers[graph.tensors[operator.inputs[1]].buffer]
            target.data = np.frombuffer(np.asarray(output.shape[1:3], np.int32).tobytes(), np.uint8)
    builder = flatbuffers.Builder(2 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _outputs(graph):
    """The network's two outputs by name, distinguished by their last dimension: 16 values per cell, or one."""
    by_width = {int(graph.tensors[index].shape[-1]): index for index in graph.outputs}
    return {"boxes": by_width[16], "scores": by_width[1]}


def _constants(model, graph):
    """Indices of the weight tensors, stored (float16) and dequantized (float32)."""
    stored = {index for index, tensor in enumerate(graph.tensors) if model.buffers[tensor.buffer].data is not None}
    dequantized = {int(operator.outputs[0]) for operator in graph.operators
                if graph_model.kind(model, operator) == "DEQUANTIZE"}
    return stored | dequantized


def _parse(original):
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(original, 0))


def _read_source(source):
    if not source.is_file():
        raise TrainingError(f"{source}: no such file; it is part of the npm package {PACKAGE}: run `npm ci`")
    data = source.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != SOURCE_SHA256:
        raise TrainingError(f"{source}: sha256 must be {SOURCE_SHA256}, got {digest}; "
                            "run `npm ci` to download it again")
    return data


def _description(folder):
    files = {f"full_range_{width}x{height}.tflite": {"width": width, "height": height} for width, height in SIZES}
    files |= {f"tfjs/{name}": {} for name in graph_model.FILES}
    for name, file in files.items():
        file |= {"bytes": (folder / name).stat().st_size, "sha256": _sha256(folder / name)}
    return {
        "version": VERSION,
        "name": "BlazeFace full-range",
        "origin": f"MediaPipe; npm {PACKAGE}, {SOURCE.name}",
        "licence": "Apache-2.0",
        "source_sha256": SOURCE_SHA256,
        "sizes": [list(size) for size in SIZES],
        "stride": 4,
        "tfjs": {"model": "tfjs/model.json", "multiple_of": 32,
                 "input": "image: float32 (1, height, width, 3), RGB / 127.5 - 1",
                 "outputs": {"boxes": "float32 (1, cells, 16)", "scores": "float32 (1, cells, 1), logits"}},
        "files": files,
    }


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
