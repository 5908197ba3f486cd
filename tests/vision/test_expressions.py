import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from training.export.litert import convert
from webapp.vision import engines
from webapp.vision.expressions import largest_remainder, load


@pytest.fixture(scope="module")
def network(bundle):
    return load(bundle, engine="litert")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 32, 33, 70])
def test_probabilities_have_one_row_per_crop(network, noise, count):
    found = network.probabilities(noise(count))
    assert found.shape == (count, 8) and found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_probabilities_do_not_depend_on_the_batch(network, noise):
    crops = noise(11)
    alone = np.concatenate([network.probabilities(one[None]) for one in crops])
    np.testing.assert_allclose(network.probabilities(crops), alone, atol=1e-5)


def test_uint8_and_float_crops_give_equal_probabilities(network, noise):
    crops = np.round(noise(2))
    np.testing.assert_array_equal(network.probabilities(crops), network.probabilities(crops.astype(np.uint8)))


def test_temperature_divides_the_logits(network, noise):
    scaled = network.logits(noise(4)) / 2
    expected = np.exp(scaled) / np.exp(scaled).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(network.probabilities(noise(4)), expected, rtol=1e-4)


def test_keras_and_litert_engines_agree(bundle, network, noise):
    keras = load(bundle, engine="keras")
    assert keras.engine == "keras"
    np.testing.assert_allclose(keras.probabilities(noise(5)), network.probabilities(noise(5)), atol=1e-4)


def test_classifier_exposes_the_card(network):
    assert (network.name, network.version, network.label_set) == ("tiny", "1.0.0", "ferplus")
    assert network.engine == "litert" and network.labels[1] == "happiness" and network.crop.size == 48


@pytest.mark.parametrize("probabilities, expected", [
    ([1, 0, 0], [10, 0, 0]),
    ([0.5, 0.5, 0], [5, 5, 0]),
    ([1 / 3, 1 / 3, 1 / 3], [4, 3, 3]),                     # all equal: the earlier label
    ([0.35, 0.25, 0.4], [4, 2, 4]),                         # equal fractions: the more probable label
    ([0.45, 0.45, 0.1], [5, 4, 1]),
    ([0.04, 0.04, 0.92], [1, 0, 9]),
    ([0.7, 0.2, 0.1], [7, 2, 1]),
    ([0.125] * 8, [2, 2, 1, 1, 1, 1, 1, 1]),
])
def test_largest_remainder(probabilities, expected):
    assert largest_remainder(np.array(probabilities, np.float32)).tolist() == expected
    assert largest_remainder(probabilities).tolist() == expected


def test_votes_sum_to_ten_and_stay_within_one_of_the_quota(noise):
    random = np.random.default_rng(0)
    for probabilities in random.dirichlet(np.full(8, 0.3), 2000).astype(np.float32):
        votes = largest_remainder(probabilities)
        assert votes.sum() == 10 and (votes >= 0).all()
        assert np.abs(votes - 10 * probabilities).max() < 1


def test_votes_are_keyed_by_label(network):
    assert network.votes([0.1, 0.8, 0.1, 0, 0, 0, 0, 0]) == {"neutral": 1, "happiness": 8, "surprise": 1}


def test_label_set_without_raters_has_no_votes(bundle, tmp_path):
    network = load(_changed(bundle, tmp_path, raters=None), engine="litert")
    assert network.votes(np.full(8, 0.125)) is None


def test_unsure_below_the_threshold(network):
    assert network.unsure([0.39, 0.31, 0.3, 0, 0, 0, 0, 0])
    assert not network.unsure([0.4, 0.3, 0.3, 0, 0, 0, 0, 0])


def test_unknown_engine_raises_value_error(bundle):
    with pytest.raises(ValueError, match="litert, keras, got 'onnx'"):
        load(bundle, engine="onnx")


def test_missing_model_file_raises_os_error(bundle, tmp_path):
    folder = _changed(bundle, tmp_path)
    (folder / "model.tflite").unlink()
    with pytest.raises(OSError, match="model.tflite"):
        load(folder, engine="litert")


def test_auto_without_gpu_selects_litert_and_does_not_import_tensorflow(bundle):
    script = ("import sys; from webapp.vision import engines, expressions; engines.has_gpu = lambda: False; "
              f"print(expressions.load({str(bundle)!r}).engine, 'tensorflow' in sys.modules, 'keras' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["litert", "False", "False"]


def test_auto_with_gpu_selects_keras(bundle, monkeypatch):
    monkeypatch.setattr(engines, "has_gpu", lambda: True)
    monkeypatch.setattr(engines, "_keras_sees_gpu", lambda: True)
    assert load(bundle).engine == "keras"


def test_has_gpu_is_false_when_cuda_devices_are_hidden(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert engines.has_gpu() is False


def _changed(bundle, tmp_path, **changes):
    folder = tmp_path / "changed"
    shutil.copytree(bundle, folder)
    card = json.loads((folder / "card.json").read_text()) | changes
    (folder / "card.json").write_text(json.dumps(card))
    return folder


@pytest.mark.parametrize("engine, name", [("litert", "model.tflite"), ("keras", "model.keras")])
def test_file_that_differs_from_its_hash_is_not_loaded(tmp_path, bundle, engine, name):
    card, content = json.loads((bundle / "card.json").read_text()), (bundle / name).read_bytes()
    card["files"] = {name: {"sha256": hashlib.sha256(content).hexdigest()}}
    (tmp_path / "card.json").write_text(json.dumps(card))
    (tmp_path / name).write_bytes(content)
    load(tmp_path, engine)
    (tmp_path / name).write_bytes(content + b"changed")
    with pytest.raises(ValueError, match="SHA-256"):
        load(tmp_path, engine)


def test_keras_file_with_code_is_not_loaded(tmp_path, bundle):
    keras = pytest.importorskip("keras")
    shutil.copy(bundle / "card.json", tmp_path)
    inputs = keras.Input((48, 48, 1))
    outputs = keras.layers.Lambda(lambda crops: crops[:, 0, :8, 0], output_shape=(8,))(inputs)
    keras.Model(inputs, outputs).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="unsafe|safe_mode|Lambda|lambda"):
        load(tmp_path, "keras")


def test_balanced_prediction_adds_the_offsets_to_the_log_probabilities(bundle, tmp_path):
    offsets = [-0.5, 0.2, 0.3, 0, 0, 0, 0, 0]
    network = load(_changed(bundle, tmp_path, balanced={"offsets": offsets}), engine="litert")
    balanced = network.balanced([0.5, 0.3, 0.1, 0.1, 0, 0, 0, 0])
    np.testing.assert_allclose(balanced[:2] / balanced[3], np.array([0.5, 0.3]) / 0.1 * np.exp(offsets[:2]), rtol=1e-9)
    assert balanced.sum() == pytest.approx(1) and load(bundle, engine="litert").balanced(np.full(8, 0.125)) is None


@pytest.fixture(scope="module")
def distant(bundle, tmp_path_factory):
    """The bundle with a distance, half the crops' mean gray level / 255, as a second output."""
    keras = pytest.importorskip("keras")
    folder = tmp_path_factory.mktemp("models") / "tiny"
    shutil.copytree(bundle, folder)
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    distance = keras.ops.mean(model.input, axis=(1, 2)) / 510
    model = keras.Model(model.input, [model.output, distance])
    model.save(folder / "distance.keras")
    (folder / "model.tflite").write_bytes(convert(model))
    card = json.loads((folder / "card.json").read_text()) | {"unlike": {"threshold": 0.3}}
    (folder / "card.json").write_text(json.dumps(card))
    return folder


@pytest.mark.parametrize("engine", ["litert", "keras"])
def test_distance_is_the_last_column_and_leaves_the_probabilities(bundle, distant, noise, engine):
    network, crops = load(distant, engine=engine), noise(40)
    found = network.predictions(crops)
    assert found.shape == (40, 9)
    np.testing.assert_allclose(found[:, 8], crops.mean((1, 2)) / 510, rtol=1e-4)
    np.testing.assert_array_equal(network.probabilities(crops), found[:, :8])
    np.testing.assert_allclose(found[:, :8], load(bundle, engine="litert").probabilities(crops), atol=1e-4)
    assert network.logits(crops).shape == (40, 8)


def test_unlike_above_the_threshold_and_none_without_a_distance(bundle, distant, noise):
    network = load(distant, engine="litert")
    assert network.unlike(0.31) and not network.unlike(0.3) and network.unlike(0.1) is False
    plain = load(bundle, engine="litert")
    assert plain.unlike(0.9) is None and np.isnan(plain.predictions(noise(3))[:, 8]).all()
