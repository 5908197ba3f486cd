import json

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from training.errors import TrainingError
from training.export import detector


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detector")
    detector.build(folder, report=lambda line: None)
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


def test_original_size_gives_the_original_outputs(folder):
    pixels = _noise(192, 192)
    for actual, expected in zip(_run(folder / "full_range_192x192.tflite", pixels), _run(detector.SOURCE, pixels),
                            strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("width, height", [(256, 192), (288, 512)])
def test_other_sizes_have_the_matching_number_of_cells(folder, width, height):
    boxes, scores = _run(folder / f"full_range_{width}x{height}.tflite", _noise(width, height))
    assert boxes.shape == (1, width * height // 16, 16) and scores.shape == (1, width * height // 16, 1)


def test_scores_far_from_the_edges_do_not_depend_on_the_size(folder):
    """The network is convolutional: the same content in the middle gets similar scores at another size."""
    small = _noise(256, 160)
    large = np.zeros((1, 512, 512, 3), np.float32)
    large[:, 160:320, 128:384] = small
    logits = _run(folder / "full_range_256x160.tflite", small)[1].reshape(40, 64)
    inside = _run(folder / "full_range_512x512.tflite", large)[1].reshape(128, 128)[40:80, 32:96]
    assert np.abs(logits - inside)[18:22, 26:38].max() < 0.5 * np.abs(logits).max()


def test_description_lists_every_file(folder):
    description = json.loads((folder / "detector.json").read_text())
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == set(description["files"]) | {"detector.json"}
    assert description["licence"] == "Apache-2.0"
    assert all(max(size) in (64, 128, 192, 256, 512) and size[0] % 32 == size[1] % 32 == 0
               for size in description["sizes"])


def test_intact_files_stay_and_damaged_files_are_rebuilt(folder):
    file = folder / "full_range_256x192.tflite"
    before = file.read_bytes(), file.stat().st_mtime_ns
    lines = []
    detector.build(folder, report=lines.append)
    assert file.stat().st_mtime_ns == before[1] and "up to date" in lines[0]
    file.write_bytes(b"damaged")
    detector.build(folder, report=lines.append)
    assert file.read_bytes() == before[0]


def test_missing_package_names_the_command_to_run(tmp_path):
    with pytest.raises(TrainingError, match="npm ci"):
        detector.build(tmp_path, source=tmp_path / "face_detection_full_range.tflite")


def test_other_source_file_is_rejected(tmp_path):
    (tmp_path / "other.tflite").write_bytes(b"TFL3")
    with pytest.raises(TrainingError, match="sha256.*npm ci"):
        detector.build(tmp_path / "built", source=tmp_path / "other.tflite")
    assert not (tmp_path / "built").exists()


def test_graph_model_lists_all_weights(folder):
    model = json.loads((folder / "tfjs" / "model.json").read_text())
    weights, = (group["weights"] for group in model["weightsManifest"])
    size = sum(int(np.prod(one["shape"])) * (2 if "quantization" in one else 4) for one in weights)
    assert size == (folder / "tfjs" / "weights.bin").stat().st_size
    names = {node["name"] for node in model["modelTopology"]["node"]}
    assert all(source in names for node in model["modelTopology"]["node"] for source in node["input"])
    assert {one["name"] for one in weights} <= names
