"""TF.js graph models: the quantized weights preserve the predictions."""

import json

import keras
import numpy as np
import pytest

from training.errors import TrainingError
from training.export import graph_model, tfjs
from training.export.litert import convert, write_litert
from training.networks.residual import residual

DTYPES = {"float32": np.float32, "uint8": np.uint8, "uint16": np.uint16, "int32": np.int32}


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(1)
    model = residual({"ferplus": 8})
    return keras.Model(model.input, model.output["ferplus"])


@pytest.fixture(scope="module")
def written(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "tfjs"
    images = np.random.default_rng(0).integers(0, 256, (160, 48, 48), np.uint8)
    write_litert(network, images, folder.with_name("model.tflite"))
    return folder, tfjs.write(network, images, folder, folder.with_name("model.tflite").read_bytes())


def test_probabilities_stay_within_the_parity(written):
    _, parity = written
    assert parity["pictures"] == 160
    assert 0 < parity["largest_difference"] <= tfjs.PARITY


def test_server_file_of_another_network_is_rejected(network, tmp_path):
    """The server's file is of another network, so no quantization is within the parity."""
    keras.utils.set_random_seed(2)
    other = residual({"ferplus": 8})
    images = np.random.default_rng(0).integers(0, 256, (16, 48, 48), np.uint8)
    write_litert(keras.Model(other.input, other.output["ferplus"]), images, tmp_path / "model.tflite")
    with pytest.raises(TrainingError, match="no quantization"):
        tfjs.write(network, images, tmp_path / "tfjs", (tmp_path / "model.tflite").read_bytes())


def test_weights_file_contains_every_weight(written):
    folder, _ = written
    described = json.loads((folder / "model.json").read_text())
    weights = described["weightsManifest"][0]["weights"]
    sizes = [int(np.prod(one["shape"])) * np.dtype(DTYPES[one.get("quantization", one)["dtype"]]).itemsize
             for one in weights]
    assert sum(sizes) == (folder / "weights.bin").stat().st_size
    names = {node["name"] for node in described["modelTopology"]["node"]}
    assert {one["name"] for one in weights} <= names
    assert described["signature"]["inputs"]["image"]["tensorShape"]["dim"][0] == {"size": "-1"}


def test_quantized_weights_restore_within_half_a_step():
    values = np.random.default_rng(0).normal(size=4096).astype(np.float32)
    numbers, entry = tfjs._quantize(values, 2 ** -6, 4096)
    restored = numbers * entry["scale"] + entry["min"]
    assert np.abs(restored - values).max() <= entry["scale"] * 0.501
    assert numbers.dtype == np.uint16
    assert tfjs._quantize(values[:100], 2 ** -6, 4096)[1] is None     # small tensors are not quantized


def test_unsupported_operator_is_named(tmp_path):
    entry = keras.Input((8, 8, 1))
    model = keras.Model(entry, keras.ops.cumsum(entry, axis=1))
    parsed = tfjs._parse(convert(model))
    with pytest.raises(TrainingError, match="operator CUMSUM"):
        graph_model.write(parsed, tmp_path, (-1, 8, 8, 1), {"logits": parsed.subgraphs[0].outputs[0]})
