"""Export of a run as a bundle, evaluation of a bundle, and the card's text; errors are one line."""

import json
import shutil
import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest

from training.data import alignment, fer2013
from training.data.labels import LABEL_SETS
from training.evaluate.bundles import SCHEMA, check_card, read_bundle
from training.evaluate.figures import figures
from training.evaluate.metrics import softmax
from training.evaluate.predictions import keras_logits, litert_logits, litert_outputs
from training.evaluate.test_set import TestSet
from training.export import card, model_card
from training.export.bundle import _training
from training.export.litert import multiply_adds
from webapp.vision.expressions import load


@pytest.fixture
def bundle(exported, tmp_path):
    """A copy of a bundle, for a test to modify."""
    return shutil.copytree(exported / "models" / "jury-tiny", tmp_path / "jury-tiny")


def data(exported):
    return ["--data", exported / "fer.csv", "--any-md5"]


@pytest.mark.parametrize("name, label_set", [("jury-tiny", "ferplus"), ("seven-tiny", "fer2013")])
def test_card_contains_what_a_runtime_needs(exported, name, label_set):
    content = json.loads((exported / "models" / name / "card.json").read_text())
    check_card(content)
    assert tuple(content["labels"]) == LABEL_SETS[label_set]
    assert content["raters"] == (10 if label_set == "ferplus" else None)
    assert content["version"] == "1.2.3" and content["training"]["recipe"] == "tiny"
    assert content["training"]["epochs"] == 2
    assert set(content["model_card"]) == set(model_card.sections(content)) and len(content["model_card"]) == 9
    assert "not a feeling" in content["model_card"]["intended_use"]


def test_card_states_distillation_and_label_smoothing(exported, tiny, faces):
    content = json.loads((exported / "models" / "seven-tiny" / "card.json").read_text())
    distilled = replace(tiny, teachers=("jury-live", "other"), teacher_weight=0.7, label_smoothing=0.0)
    for recipe, present, absent in (
            (tiny, ["labels, with label smoothing."], ["distilled", "jury-live"]),
            (distilled, ["FER2013's labels.", "distilled from jury-live, other", "0.7 times", "plus 0.3 times"],
             ["smoothing"])):
        content["training"] = _training(recipe, {"data_md5": faces.md5, "step": 8}, faces)
        check_card(content)
        text = model_card.sections(content)["training_data"]
        assert all(each in text for each in present) and not any(each in text for each in absent), text


def test_private_test_is_evaluated_only_to_publish(exported):
    published, draft = (json.loads((exported / "models" / name / "card.json").read_text())
                         for name in ("jury-tiny", "seven-tiny"))
    assert published["figures"]["PrivateTest"]["faces"] == 16
    assert draft["figures"]["PrivateTest"] is None and draft["figures"]["PublicTest"]["faces"] == 16
    assert "not a published version" in draft["model_card"]["quantitative_analyses"]


def test_litert_file_matches_the_network_at_every_batch_size(exported):
    folder = exported / "models" / "jury-tiny"
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    assert getattr(model, "optimizer", None) is None and model.output.shape == (None, 8)
    images = np.random.default_rng(0).integers(0, 256, (70, 48, 48)).astype(np.uint8)
    expected = keras_logits(model, images)
    assert expected.min() < 0
    for batches in ((1,), (32,), (5, 32, 1, 7)):
        actual = litert_logits((folder / "model.tflite").read_bytes(), images, batches)
        np.testing.assert_allclose(softmax(actual), softmax(expected), atol=1e-3)


def test_exported_head_matches_the_run(exported, tiny):
    from training.networks.build import load_trained
    images = np.random.default_rng(0).integers(0, 256, (4, 48, 48)).astype(np.float32)[..., None]
    both = load_trained(tiny, exported / "run")(images, training=False)
    for name, label_set in (("jury-tiny", "ferplus"), ("seven-tiny", "fer2013")):
        model = keras.saving.load_model(exported / "models" / name / "model.keras", compile=False)
        np.testing.assert_allclose(model(images, training=False), both[label_set], rtol=1e-5, atol=1e-5)


def test_multiply_adds_of_a_small_network():
    layers = keras.layers
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3, strides=2, padding="same"),
                              layers.Flatten(), layers.Dense(5)])
    assert multiply_adds(model) == 4 * 4 * 3 * 3 * 1 * 4 + 64 * 5


def test_evaluate_prints_and_writes_the_figures_of_the_card(exported, run_command, tmp_path):
    folder = exported / "models" / "jury-tiny"
    status, out, _ = run_command("evaluate", folder, *data(exported), "--flip", "--json", tmp_path / "figures.json")
    assert status == 0
    for words in ("PublicTest: 16 faces", "PrivateTest: 16 faces", "agreement with majority", "without near-duplicates",
                  "one human rater", "expected calibration error", "contempt", "by entropy"):
        assert words in out
    written = json.loads((tmp_path / "figures.json").read_text())
    recorded = json.loads((folder / "card.json").read_text())["figures"]
    assert written == {split: recorded[split] for split in ("PublicTest", "PrivateTest")}
    diagram = (tmp_path / "figures.svg").read_text()
    assert all(f"<!-- jury-tiny, {split}: error" in diagram for split in written) and "raters' votes" in diagram


def test_fer2013_bundle_reports_accuracy(exported, run_command):
    status, out, _ = run_command("evaluate", exported / "models" / "seven-tiny", *data(exported),
                                 "--split", "PublicTest")
    assert status == 0 and "accuracy" in out and "rater" not in out.split("by entropy")[0]
    assert "PrivateTest" not in out


def test_near_duplicates_are_left_out(exported):
    faces = fer2013.load(exported / "fer.csv", exported / "fer2013new.csv", any_md5=True)
    tests = TestSet(faces)
    public = faces.rows("PublicTest")
    images = np.array(faces.images)
    images[public[0]] = images[0]                           # the same image
    images[public[1]] = np.clip(images[1].astype(int) + 9, 0, 255)     # the same but lighter
    tests = TestSet(fer2013.Faces(images, faces.labels, faces.split, faces.votes, faces.md5))
    assert tests.near_duplicates[public[:2]].all()
    before = figures(read_bundle(exported / "models" / "seven-tiny"), tests, "PublicTest", averaging=())
    assert before["with_twin_in_training"] == tests.near_duplicates[public].sum() >= 2
    assert before["without_twins"]["accuracy"]["faces"] == 16 - tests.near_duplicates[public].sum()


def test_two_bundles_are_compared_with_mcnemars_test(exported, run_command):
    folder = exported / "models" / "jury-tiny"
    status, out, _ = run_command("evaluate", folder, folder, *data(exported))
    assert status == 0 and out.count("McNemar's exact test p = 1") == 2
    status, _, err = run_command("evaluate", folder, exported / "models" / "seven-tiny", *data(exported))
    assert status == 2 and "only bundles of one label set can be compared" in err


def modified(change):
    def modify(folder):
        content = json.loads((folder / "card.json").read_text())
        change(content)
        (folder / "card.json").write_text(json.dumps(content))
    return modify


@pytest.mark.parametrize("damage, message", [
    (shutil.rmtree, "no model bundle"),
    (lambda folder: (folder / "card.json").write_text("{"), "not JSON"),
    (lambda folder: (folder / "card.json").write_bytes(b"\xff\xfe"), "not JSON"),
    (lambda folder: (folder / "card.json").write_text("[]"), "invalid card"),
    (modified(lambda content: content.pop("labels")), "'labels' is a required property"),
    (modified(lambda content: content.update(color="red")), "color"),
    (modified(lambda content: content["calibration"].update(temperature=0)), "$.calibration.temperature"),
    (modified(lambda content: content["files"].update({"../x": {"sha256": "0" * 64, "bytes": 1}})), "$.files"),
    (modified(lambda content: content["labels"].reverse()), "cannot be evaluated"),
    (lambda folder: (folder / "model.tflite").unlink(), "model.tflite: missing"),
    (lambda folder: (folder / "model.tflite").write_bytes(b"TFL3"), "sha256 differs"),
])
def test_invalid_bundle_is_reported_in_one_line(exported, bundle, run_command, damage, message):
    damage(bundle)
    status, _, err = run_command("evaluate", bundle, *data(exported))
    assert status == 2 and message in err and err.count("\n") == 1


def test_ferplus_bundle_needs_votes(exported, run_command, tmp_path):
    shutil.copy(exported / "fer.csv", tmp_path / "fer.csv")
    status, _, err = run_command("evaluate", exported / "models" / "jury-tiny", "--data", tmp_path / "fer.csv",
                                 "--any-md5")
    assert status == 2 and "--votes" in err and err.count("\n") == 1


@pytest.mark.parametrize("change, message", [
    ({"--name": "../evil"}, "got '../evil'"),
    ({"--name": "Jury Live"}, "got 'Jury Live'"),
    ({"--version": "1"}, "--version must be"),
])
def test_name_and_version_are_checked_first(exported, run_command, tmp_path, change, message):
    options = {"--label-set": "ferplus", "--name": "a", "--version": "1.0.0", "--models": tmp_path / "models"} | change
    status, _, err = run_command("export", exported / "run", *data(exported),
                                 *(word for pair in options.items() for word in pair))
    assert status == 2 and message in err and not (tmp_path / "models").exists()


def export_to(run_command, exported, run, models, *options):
    return run_command("export", run, *data(exported), "--label-set", "ferplus", "--name", "a", "--version", "1.0.0",
                       "--models", models, *options)


def test_a_bundle_for_servers_lacks_the_browsers_files(exported, run_command, tmp_path, tiny):
    status, _, err = export_to(run_command, exported, exported / "run", tmp_path, "--no-browser")
    assert status == 0, err
    found = read_bundle(tmp_path / "a")
    assert set(found.card["files"]) == {"model.keras", "model.tflite"} and set(found.card["parity"]) == {"model.tflite"}
    with zipfile.ZipFile(tmp_path / "a" / "model.keras") as file:
        assert {entry.compress_type for entry in file.infolist()} == {zipfile.ZIP_DEFLATED}
    network = keras.saving.load_model(tmp_path / "a" / "model.keras", compile=False)
    assert network.count_params() == found.card["parameters"]


def test_missing_empty_or_incompatible_run_is_reported(exported, run_command, tmp_path, tiny):
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    with np.load(exported / "run" / "checkpoint.npz") as state:
        arrays = dict(state)
    recipe = json.loads(str(arrays["recipe"])) | {"network": "residual(stem=5)"}
    np.savez(tmp_path / "other" / "checkpoint.npz", **arrays | {"recipe": json.dumps(recipe)})
    for name, message in (("nowhere", "no such run"), ("empty", "no checkpoint.npz"), ("other", "another network")):
        status, _, err = export_to(run_command, exported, tmp_path / name, tmp_path / "models")
        assert status == 2 and message in err and err.count("\n") == 1


def test_full_disk_leaves_the_previous_bundle(exported, run_command, tmp_path, tiny, monkeypatch):
    models = shutil.copytree(exported / "models", tmp_path / "models")
    shutil.copytree(models / "jury-tiny", models / "a")
    before = (models / "a" / "card.json").read_bytes()

    def full(content, folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(card, "write", full)
    status, _, err = export_to(run_command, exported, exported / "run", models)
    assert status == 2 and "No space left on device" in err
    assert (models / "a" / "card.json").read_bytes() == before and not [*models.glob(".*.partial")]


def test_published_cards_are_valid_and_match_their_files():
    folders = sorted(path.parent for path in SCHEMA.parent.glob("*/card.json"))
    assert folders
    for folder in folders:
        assert read_bundle(folder).card["name"] == folder.name


def test_card_command_rewrites_only_the_text(exported, bundle, run_command):
    path = bundle / "card.json"
    before = json.loads(path.read_text())
    path.write_text(json.dumps(before | {"model_card": dict.fromkeys(before["model_card"], "old text")}))
    status, out, _ = run_command("card", bundle)
    assert status == 0 and f"{path}: text regenerated" in out
    assert json.loads(path.read_text()) == before, "the exported text, and every other field as it was"
    assert not list(bundle.glob("*.partial"))


def test_serving_command_measures_only_the_figures_through_the_detector(exported, bundle, run_command, monkeypatch):
    monkeypatch.setattr(alignment, "detector_mark", lambda: "another detection")
    monkeypatch.setattr(alignment, "open_detector", lambda: None)
    monkeypatch.setattr(alignment, "serving_crops", lambda images, *_: (images, np.arange(len(images)) % 4 > 0))
    path = bundle / "card.json"
    before = json.loads(path.read_text())
    status, out, err = run_command("serving", bundle, *data(exported))
    assert status == 0 and str(path) in out, err
    after = json.loads(path.read_text())
    measured = after["figures"].pop("serving_path")
    before["figures"].pop("serving_path", None)
    assert measured["split"] == "PrivateTest" and measured["found"] == pytest.approx(0.75, abs=0.05)
    assert after["figures"] == before["figures"]
    assert f"finds {100 * measured['found']:.1f} % of the faces" in after["model_card"]["quantitative_analyses"]


def test_card_command_reports_an_invalid_bundle(bundle, run_command):
    (bundle / "model.tflite").unlink()
    before = (bundle / "card.json").read_bytes()
    status, _, err = run_command("card", bundle)
    assert status == 2 and "model.tflite: missing" in err and err.count("\n") == 1
    assert (bundle / "card.json").read_bytes() == before


@pytest.mark.parametrize("path", sorted(SCHEMA.parent.glob("*/card.json")), ids=lambda path: path.parent.name)
def test_text_of_published_cards_can_be_regenerated(path):
    content = json.loads(path.read_text())
    text = model_card.sections(content)
    check_card(content | {"model_card": text})
    assert list(text) == list(content["model_card"]) and all(text.values())


def test_distance_is_added_to_a_bundle_whose_logits_stay(bundle, exported, run_command):
    images = np.random.default_rng(0).integers(0, 256, (20, 48, 48)).astype(np.uint8)
    before, figures_before = litert_logits((bundle / "model.tflite").read_bytes(), images), read_bundle(bundle).card
    status, out, error = run_command("export-distance", bundle, "--version", "1.3.0", "--prototypes", 5,
                                     *data(exported))
    assert status == 0 and "jury-tiny 1.3.0, unlike above" in out, error
    after = read_bundle(bundle).card
    assert after["version"] == "1.3.0" and after["unlike"]["prototypes"] == 5
    assert after["figures"] == figures_before["figures"]
    assert after["files"]["model.keras"] == figures_before["files"]["model.keras"]
    logits, distance = litert_outputs((bundle / "model.tflite").read_bytes(), images)
    np.testing.assert_allclose(softmax(logits), softmax(before), atol=1e-4)
    assert not (bundle / "distance.keras").exists() and (bundle / "prototypes.npz").stat().st_size < 1000
    in_keras = load(bundle, "keras").predictions(images)[:, -1]
    np.testing.assert_allclose(in_keras, distance[:, 0], atol=5e-3)
    signature = json.loads((bundle / "tfjs" / "model.json").read_text())["signature"]
    assert list(signature["outputs"]) == ["logits", "distance"]
    assert "unlike the training data" in after["model_card"]["metrics"]


def test_distance_is_added_to_a_mirrored_ensemble(exported, tiny, tmp_path, run_command):
    status, _, error = run_command(
        "export", exported / "run", exported / "run", "--mirrored", "--label-set", "fer2013", "--name", "seven-both",
        "--version", "1.0.0", "--models", tmp_path, *data(exported))
    assert status == 0, error
    images = np.random.default_rng(0).integers(0, 256, (20, 48, 48)).astype(np.uint8)
    before = load(tmp_path / "seven-both", "keras").predictions(images)
    status, _, error = run_command("export-distance", tmp_path / "seven-both", "--version", "1.1.0", "--prototypes", 3,
                                   *data(exported))
    assert status == 0, error
    in_keras = load(tmp_path / "seven-both", "keras").predictions(images)
    np.testing.assert_allclose(in_keras[:, :7], before[:, :7], atol=1e-5)
    assert np.isnan(before[:, 7]).all() and in_keras[:, 7].std() > 0
    np.testing.assert_allclose(load(tmp_path / "seven-both", "litert").predictions(images), in_keras, atol=5e-3)
    with np.load(tmp_path / "seven-both" / "prototypes.npz") as stored:
        assert [each.shape[0] for each in stored.values()] == [3, 3]


def test_damaged_prototypes_are_not_loaded(bundle, exported, run_command):
    run_command("export-distance", bundle, "--version", "1.3.0", "--prototypes", 5, *data(exported))
    content = bytearray((bundle / "prototypes.npz").read_bytes())
    content[-1] ^= 1
    (bundle / "prototypes.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"prototypes.npz: the file differs from the SHA-256"):
        load(bundle, "keras")


def test_fewer_prototypes_than_one_are_refused(bundle, exported, run_command):
    status, _, error = run_command("export-distance", bundle, "--version", "1.3.0", "--prototypes", 0, *data(exported))
    assert status == 2 and "--prototypes must be a positive number, got 0" in error


def test_seed_of_the_prototypes_changes_them_and_nothing_else(bundle, exported, run_command):
    centers, logits = [], []
    images = np.random.default_rng(0).integers(0, 256, (4, 48, 48)).astype(np.uint8)
    for seed in (0, 0, 4):
        status, _, error = run_command("export-distance", bundle, "--version", "1.3.0", "--prototypes", 5,
                                       "--prototype-seed", seed, *data(exported))
        assert status == 0, error
        with np.load(bundle / "prototypes.npz") as stored:
            centers.append(next(iter(stored.values())))
        logits.append(litert_logits((bundle / "model.tflite").read_bytes(), images))
    np.testing.assert_allclose(centers[0], centers[1], atol=1e-6)
    assert np.abs(centers[0] - centers[2]).max() > 1e-4
    np.testing.assert_allclose(logits[0], logits[2], atol=1e-4)
