import json

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from training.errors import TrainingError
from training.export import detector


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detector")
    detector.make(folder, say=lambda line: None)
    return folder


def _run(path, pixels):
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
    interpreter.invoke()
    outputs = [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]
    return sorted(outputs, key=lambda output: -output.shape[-1])


def _noise(width, height):
    return np.random.default_rng(0).uniform(-1, 1, (1, height, width, 3)).astype(np.float32)


def test_at_its_own_size_it_is_the_original(folder):
    pixels = _noise(192, 192)
    for ours, theirs in zip(_run(folder / "full_range_192x192.tflite", pixels), _run(detector.SOURCE, pixels),
                            strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("width, height", [(256, 192), (288, 512)])
def test_at_another_size_it_has_that_many_cells(folder, width, height):
    boxes, scores = _run(folder / f"full_range_{width}x{height}.tflite", _noise(width, height))
    assert boxes.shape == (1, width * height // 16, 16) and scores.shape == (1, width * height // 16, 1)


def test_far_from_the_edges_the_size_does_not_matter(folder):
    """The net is convolutional: what lies in the middle is answered alike at another size."""
    small = _noise(256, 160)
    large = np.zeros((1, 512, 512, 3), np.float32)
    large[:, 160:320, 128:384] = small
    logits = _run(folder / "full_range_256x160.tflite", small)[1].reshape(40, 64)
    inside = _run(folder / "full_range_512x512.tflite", large)[1].reshape(128, 128)[40:80, 32:96]
    assert np.abs(logits - inside)[18:22, 26:38].max() < 0.5 * np.abs(logits).max()


def test_the_description_holds_every_file(folder):
    description = json.loads((folder / "detector.json").read_text())
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert made == set(description["files"]) | {"detector.json"}
    assert description["licence"] == "Apache-2.0"
    assert all(max(size) in (128, 192, 256, 512) and size[0] % 32 == size[1] % 32 == 0 for size in description["sizes"])


def test_what_is_whole_is_left_alone_and_what_is_not_is_made_again(folder):
    file = folder / "full_range_256x192.tflite"
    before = file.read_bytes(), file.stat().st_mtime_ns
    said = []
    detector.make(folder, say=said.append)
    assert file.stat().st_mtime_ns == before[1] and "are there" in said[0]
    file.write_bytes(b"damaged")
    detector.make(folder, say=said.append)
    assert file.read_bytes() == before[0]


def test_a_missing_package_says_what_to_do(tmp_path):
    with pytest.raises(TrainingError, match="npm ci"):
        detector.make(tmp_path, source=tmp_path / "face_detection_full_range.tflite")


def test_another_file_is_refused(tmp_path):
    (tmp_path / "other.tflite").write_bytes(b"TFL3")
    with pytest.raises(TrainingError, match="sha256.*npm ci"):
        detector.make(tmp_path / "made", source=tmp_path / "other.tflite")
    assert not (tmp_path / "made").exists()


def test_the_browsers_weights_are_all_named(folder):
    model = json.loads((folder / "tfjs" / "model.json").read_text())
    weights, = (group["weights"] for group in model["weightsManifest"])
    size = sum(int(np.prod(one["shape"])) * (2 if "quantization" in one else 4) for one in weights)
    assert size == (folder / "tfjs" / "weights.bin").stat().st_size
    names = {node["name"] for node in model["modelTopology"]["node"]}
    assert all(source in names for node in model["modelTopology"]["node"] for source in node["input"])
    assert {one["name"] for one in weights} <= names
