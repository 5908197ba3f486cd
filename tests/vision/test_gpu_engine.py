"""The engine for a GPU, on TensorFlow's CPU: the same answers as LiteRT, shared batches, and exhausted memory."""

import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from webapp.vision import detector_networks, gpu_memory
from webapp.vision.faces import PHOTO_LONG_SIDES, DetectorMissingError, FaceDetector
from webapp.vision.gpu_memory import MemoryGuard, is_out_of_memory

tf = pytest.importorskip("tensorflow")
ROOT = Path(__file__).parents[2]
SIZES = [(128, 96), (96, 128), (128, 128), (256, 192), (160, 256), (192, 192), (512, 288)]


@pytest.fixture(scope="module")
def detector_on_tensorflow(detector):
    return FaceDetector(ROOT / "static" / "detector", engine="keras")


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
def test_network_gives_the_outputs_of_litert(detector, detector_on_tensorflow, size):
    pixels = np.random.default_rng(0).uniform(-1, 1, (1, size[1], size[0], 3)).astype(np.float32)
    values, logits = detector_on_tensorflow._networks[size].run(pixels)
    expected_values, expected_logits = detector._networks[size].run(pixels)
    np.testing.assert_allclose(values, expected_values, atol=5e-4)      # px
    np.testing.assert_allclose(logits, expected_logits, atol=5e-5)


@pytest.mark.parametrize("scale", [1, 0.5])
@pytest.mark.parametrize("angle", [0, 1])
def test_detector_finds_the_faces_of_litert(detector, detector_on_tensorflow, astronaut, scale, angle):
    size = int(512 * scale)
    image = np.ascontiguousarray(np.rot90(astronaut, angle)[:size])
    found, expected = (one.detect(image, PHOTO_LONG_SIDES, 0.4, refine=True)
                       for one in (detector_on_tensorflow, detector))
    assert expected or angle
    assert len(found) == len(expected)
    for face, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(face.box, other.box, atol=1e-4)
        assert face.score == pytest.approx(other.score, abs=1e-4)


def test_threads_share_batches_and_receive_their_own_outputs(detector_on_tensorflow, monkeypatch):
    network, batches = detector_on_tensorflow._networks[(128, 96)], []
    run, started = network.guard._run, threading.Event()

    def count(rows):
        batches.append(len(rows))
        started.wait(0.05)      # requests gather meanwhile
        return run(rows)
    monkeypatch.setattr(network.guard, "_run", count)
    inputs = [np.full((1, 96, 128, 3), value, np.float32) for value in np.linspace(-1, 1, 24)]
    with ThreadPoolExecutor(24) as threads:
        shared = list(threads.map(network.run, inputs))
    assert sum(batches) == 24 and max(batches) > 1
    for pixels, (values, logits) in zip(inputs, shared, strict=True):
        expected = run(pixels)[0]
        np.testing.assert_allclose(values, expected[:, :-1], atol=5e-4)
        np.testing.assert_allclose(logits, expected[:, -1], atol=5e-5)


def test_without_memory_for_a_row_the_cpu_gives_the_same_faces(detector, astronaut, caplog):
    exhausted = FaceDetector(ROOT / "static" / "detector", engine="keras")
    for guard in exhausted.guards:
        guard._run = _exhausted_above(0)
    with caplog.at_level(logging.WARNING):
        [face] = exhausted.detect(astronaut)
    [expected] = detector.detect(astronaut)
    assert face.box == pytest.approx(expected.box, abs=1e-6)
    used = [guard for guard in exhausted.guards if guard.errors]
    assert used and all(guard.limit == 0 for guard in used)
    assert "the face detector at 128 x 128 px runs on the CPU" in caplog.text


def test_missing_graph_names_the_command_to_run(tmp_path):
    for name in ("full_range_128x96.tflite", "detector.json"):
        (tmp_path / name).write_bytes((ROOT / "static" / "detector" / name).read_bytes())
    with pytest.raises(DetectorMissingError, match="make detector"):
        detector_networks.load(tmp_path, [(128, 96)], "keras")


def test_detector_stays_on_the_cpu_with_another_backend(monkeypatch, caplog):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    detector = FaceDetector(ROOT / "static" / "detector", engine="keras")
    assert not detector.guards and "Keras's backend is torch" in caplog.text


def test_litert_does_not_import_tensorflow():
    script = ("import sys; from webapp import bundles, settings; from webapp.readers import Readers; "
              "loaded = settings.load({'engine': 'litert'}); Readers(loaded, bundles.find(loaded.path('models'))); "
              "print('tensorflow' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


class Clock:
    """A clock that stands still until `now` is set."""

    now = 0.0

    def __call__(self):
        return self.now


def _exhausted_above(rows):
    """A function that doubles an array of at most `rows` rows."""
    def run(array):
        if len(array) > rows:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
        return array * 2
    return run


def test_batches_are_halved_until_they_fit_and_whole_ones_tried_again_later(caplog):
    clock = Clock()
    guard = MemoryGuard("a network", _exhausted_above(8), lambda rows: pytest.fail("the GPU can run it"), clock=clock)
    rows = np.arange(30.0)
    np.testing.assert_array_equal(guard(rows), rows * 2)
    assert guard.limit == 7 and guard.errors == 2       # 30, 15, 7
    assert "runs in batches of 7" in caplog.text
    np.testing.assert_array_equal(guard(rows), rows * 2)
    assert guard.errors == 2
    clock.now = gpu_memory.RETRY_SECONDS
    guard(rows[:8])
    assert guard.limit == 32 and guard.errors == 2


def test_the_cpu_runs_what_not_even_one_row_fits():
    clock = Clock()
    guard = MemoryGuard("a network", _exhausted_above(0), lambda rows: -rows, clock=clock)
    assert guard(np.ones(4)).tolist() == [-1] * 4
    assert guard.limit == 0 and guard.errors == 3       # 4, 2, 1
    clock.now = gpu_memory.RETRY_SECONDS
    guard._run = _exhausted_above(32)
    assert guard(np.ones(4)).tolist() == [2] * 4 and guard.limit == 32


def test_another_error_reaches_the_caller():
    def fail(rows):
        raise tf.errors.InvalidArgumentError(None, None, "the shapes differ")
    guard = MemoryGuard("a network", fail, lambda rows: rows)
    with pytest.raises(tf.errors.InvalidArgumentError):
        guard(np.ones(4))
    assert guard.limit == 32 and not guard.errors


@pytest.mark.parametrize("message", ["CUDA_ERROR_OUT_OF_MEMORY: out of memory", "CUDNN_STATUS_ALLOC_FAILED",
                                     "No algorithm worked!", "CUDA out of memory. Tried to allocate 20.00 MiB"])
def test_messages_of_exhausted_memory(message):
    assert is_out_of_memory(RuntimeError(message)) and not is_out_of_memory(RuntimeError("the shapes differ"))
