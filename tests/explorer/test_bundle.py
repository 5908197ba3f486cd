"""Building a data-set bundle: contents, and errors for invalid files."""

import json

import cv2
import drawn
import numpy as np
import pytest
from pyarrow import parquet

from training.cli import main
from training.data import (
    arrays,
    bundle,
    duplicates,
    fer2013,
    image_folders,
    label_errors,
    neighbors,
    predictions,
)
from training.data.labels import FER2013, FERPLUS
from training.data.samples import from_fer2013, image_quality
from webapp.explorer.queries import DataSet, parse


@pytest.fixture
def files(tmp_path):
    return drawn.write(tmp_path, rows=60)


def import_(table, tmp_path, monkeypatch, *more):
    monkeypatch.setattr("training.cli.INSTANCE", tmp_path / "instance")
    return main(["dataset", "import", str(table), *more])


def test_duplicates_are_found_by_their_pixels(files):
    samples = from_fer2013(fer2013.load(*files, any_md5=True))
    first = duplicates.first_rows(samples.images)
    assert np.flatnonzero(first != np.arange(60)).tolist() == [1, 59]
    assert first[[1, 59]].tolist() == [0, 2]
    assert np.flatnonzero(duplicates.constant(samples.images)).tolist() == [3]
    pairs = duplicates.join(duplicates.equal_pairs(first, samples.split), duplicates.near_pairs(samples.images))
    twin, correlation = duplicates.nearest_across_splits(pairs, samples.split, 0)
    assert twin[59] == 2 and correlation[59] > 0.999
    assert twin[2] == 59 and twin[0] == -1, "row 1, the duplicate of row 0, is in the same split"
    groups = duplicates.groups(first, pairs)
    assert groups[2] == groups[59] and groups[0] == groups[1]


def test_near_duplicates_exceed_the_correlation_threshold():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (40, 48, 48)).astype(np.uint8)
    images[7] = np.clip(images[3] * 0.8 + 20 + rng.normal(0, 3, (48, 48)), 0, 255)
    found = duplicates.near_pairs(images, block=16)
    assert (found.first.tolist(), found.second.tolist()) == ([3], [7])


def test_identical_constant_images_are_duplicates():
    split = np.array([0, 0, 1, 1], np.uint8)
    first = np.array([0, 0, 0, 3], np.int32)
    twin, correlation = duplicates.nearest_across_splits(duplicates.equal_pairs(first, split), split, 0)
    assert twin.tolist() == [2, 2, 0, -1] and correlation.tolist() == [1, 1, 1, 0]


def test_image_quality_measures():
    even, stripes = np.full((48, 48), 70, np.uint8), np.tile(np.array([0, 200], np.uint8), (48, 24))
    brightness, contrast, sharpness = image_quality(np.stack([even, stripes]))
    assert brightness.tolist() == [70, 100] and contrast.tolist() == [0, 100]
    assert sharpness[0] == 0 and sharpness[1] > 10_000


def test_out_of_fold_predictions_do_not_memorize_labels(files):
    """A model trained on the rows would predict random labels far better than chance; this one must not."""
    samples = from_fer2013(fer2013.load(*files, any_md5=True))
    labels = np.random.default_rng(1).integers(0, 2, 60).astype(np.uint8)
    probabilities = label_errors.out_of_fold(samples.images, labels, np.arange(60))
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == labels).mean() < 0.75


def test_neighbors_are_training_rows_without_duplicates():
    embedding = np.array([[1, 0], [1, 0.01], [0, 1], [1, 0], [0.02, 1]], np.float32)
    found = neighbors.nearest(embedding, np.array([0, 1, 2]), np.array([0, 1, 2, 0, 4], np.int32), count=2)
    assert found.tolist() == [[1, 2], [0, 2], [1, 0], [1, 2], [2, 1]]


def test_bundle_contains_every_row_and_no_single_image(built, dataset):
    folder = built[0] / "drawn"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["average-faces.zip", "mean.png", "samples.parquet", "summary.json", "variance.png"]
    assert dataset.summary["rows"] == drawn.ROWS
    assert dataset.summary["duplicates"] | {"twins_in_other_split": None} == {
        "distinct_pictures": drawn.ROWS - 2, "surplus": 2, "groups_with_conflicting_labels": 2,
        "constant_pictures": 1, "near_correlation": 0.95, "near_compared": True, "twins_in_other_split": None}
    assert sum(sum(split.values()) for split in dataset.summary["counts"].values()) == drawn.ROWS
    assert str(built[0].parent) not in (folder / "summary.json").read_text()


def test_large_table_is_compressed_with_lz4_and_reads_the_same(built, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "LARGE", drawn.ROWS - 1)
    folder = drawn.build(tmp_path)[0] / "drawn"
    large, small = (parquet.read_metadata(path / "samples.parquet").row_group(0).column(0).compression
                    for path in (folder, built[0] / "drawn"))
    assert (large, small) == ("LZ4", "ZSTD")
    view = parse([("label", "fear"), ("sort", "-brightness")], dataset.summary)
    assert DataSet(folder).page(view) == dataset.page(view)


def test_mean_face_of_fewer_than_ten_images_is_black(built):
    """Such a mean could identify a person."""
    mean = cv2.imread(str(built[0] / "drawn" / "mean.png"), cv2.IMREAD_GRAYSCALE)
    assert mean.shape == (3 * 48, 7 * 48)
    assert mean[:48].any() and not mean[48:].any(), "PublicTest and PrivateTest have five or six images per label"


def _change(row, label=None, pixels=None, usage=None):
    """A function that changes one row of a csv's lines."""
    def change(lines):
        old_label, old_pixels, old_usage = lines[row].split(",")
        new = label or old_label, pixels(old_pixels) if pixels else old_pixels, usage or old_usage
        return [*lines[:row], ",".join(new), *lines[row + 1:]]
    return change


@pytest.mark.parametrize(("damage", "message"), [
    (lambda lines: ["label,pixels,Usage", *lines[1:]], "the first line must be"),
    (_change(2, pixels=lambda values: values.rpartition(" ")[0]), "row 2: expected 2304 pixels, got 2303"),
    (_change(3, label="7"), "row 3: label '7'"),
    (_change(4, pixels=lambda values: "256 " + values.partition(" ")[2]), "row 4: pixels must be 0-255"),
    (_change(5, usage="Training2"), "row 5: split 'Training2'"),
    (lambda lines: lines[:1], "no rows"),
    (lambda lines: [], "no rows"),
], ids=["header", "2303 pixels", "label 7", "value 256", "unknown split", "no rows", "empty"])
def test_invalid_csv_is_reported_in_one_line_with_the_row(files, tmp_path, monkeypatch, capsys, damage, message):
    table, _ = files
    table.write_text("\n".join(damage(table.read_text().splitlines())))
    assert import_(table, tmp_path, monkeypatch) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and message in error and str(table) in error


def test_unknown_md5_is_a_warning(files, tmp_path, monkeypatch, capsys):
    assert import_(files[0], tmp_path, monkeypatch) == 0
    output = capsys.readouterr()
    assert "is not the official FER2013 csv" in output.err and "60 images stored" in output.out
    assert np.load(tmp_path / "instance/datasets/fer2013/images.npy").shape == (60, 48, 48)


def test_import_prints_the_next_command(files, tmp_path, monkeypatch, capsys):
    assert import_(files[0], tmp_path, monkeypatch, "--name", "again") == 0
    assert f"dataset build --data {files[0]} --name again\n" in capsys.readouterr().out


def test_missing_file_and_invalid_name_are_reported(tmp_path, monkeypatch, capsys):
    assert import_(tmp_path / "none.csv", tmp_path, monkeypatch) == 2
    assert "no such file" in capsys.readouterr().err
    assert import_(tmp_path, tmp_path, monkeypatch, "--name", "../up") == 2
    assert "--name must be lower-case letters, digits, - and _, got '../up'" in capsys.readouterr().err


def test_folder_per_class_becomes_a_bundle(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for label in ("happy", "sad"):
            (tmp_path / "own" / split / label).mkdir(parents=True)
            for number in range(12):
                image = cv2.resize(drawn.face(image_folders.SYNONYMS[label], rng), (90, 120))
                cv2.imwrite(str(tmp_path / "own" / split / label / f"{number}.png"), image)
    (tmp_path / "own" / "train" / "happy" / "broken.png").write_bytes(b"not an image")
    monkeypatch.setattr("training.cli.INSTANCE", tmp_path / "instance")
    out = tmp_path / "bundles" / "own"
    command = ["dataset", "build", "--data", str(tmp_path / "own"), "--out", str(out), "--models", str(tmp_path)]
    assert main(command) == 0
    summary = json.loads((out / "summary.json").read_text())
    assert summary["splits"] == ["Training", "Test"] and summary["labels"] == ["happiness", "sadness"]
    assert summary["rows"] == 48 and summary["left_out"] == {"unreadable": 1}
    dataset = DataSet(out, tmp_path / "instance/datasets/own")
    view = parse([("label", "sadness"), ("split", "Test")], dataset.summary)
    assert dataset.page(view)["count"] == 12 and dataset.images.array.shape == (48, 48, 48)
    assert dataset.overview(view)["count"] == 12 and dataset.sample(40, view)["neighbours"]


@pytest.fixture
def models(tmp_path, monkeypatch):
    """(folder of two model bundles, list of the names of the networks that ran)."""
    folder, ran = tmp_path / "models", []
    for seed, (name, labels, label_set) in enumerate((("jury-drawn", FERPLUS, "ferplus"),
                                                      ("seven-drawn", FER2013, "fer2013"))):
        (folder / name).mkdir(parents=True)
        card = {"name": name, "version": "1.0.0", "label_set": label_set, "labels": labels, "input": {"size": 48},
                "calibration": {"temperature": 1}}
        (folder / name / "card.json").write_text(json.dumps(card))
        (folder / name / "model.keras").write_bytes(bytes([seed]))

    def predict(bundle_folder, images, runs):
        ran.append(bundle_folder.name)
        card = json.loads((bundle_folder / "card.json").read_text())
        logits = np.random.default_rng(len(ran)).normal(0, 2, (len(images), len(card["labels"])))
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return predictions.ModelPredictions(card, probabilities.astype(np.float32), logits.astype(np.float32),
                                            predictions._sha256(bundle_folder), [{"epoch": 1.0, "loss": 2.0}])

    monkeypatch.setattr(predictions, "predict", predict)
    return folder, ran


def test_networks_that_have_not_changed_are_not_run_again(files, models, tmp_path, monkeypatch):
    """Except the one whose embedding the map needs."""
    monkeypatch.setattr("training.cli.INSTANCE", tmp_path / "instance")
    (folder, ran), out = models, tmp_path / "bundles" / "drawn"
    command = ["dataset", "build", "--data", str(files[0]), "--out", str(out), "--models", str(folder),
               "--no-average-faces"]
    columns = [f"seven-drawn.{name}" for name in ("answer", "confidence", "right", "probabilities")]

    def build(*more):
        ran.clear()
        assert main([*command, *more]) == 0
        return parquet.read_table(out / "samples.parquet", columns=columns).to_pydict(), ran.copy()

    first, names = build()
    assert names == ["jury-drawn", "seven-drawn"]
    again, names = build()
    assert names == ["jury-drawn"] and again == first
    assert json.loads((out / "summary.json").read_text())["models"][1]["curve"] == [{"epoch": 1.0, "loss": 2.0}]
    assert build("--all-predictions")[1] == ["jury-drawn", "seven-drawn"]
    (folder / "seven-drawn" / "model.keras").write_bytes(b"changed")
    assert build()[1] == ["jury-drawn", "seven-drawn"], "a network has changed"
    files[0].write_text(files[0].read_text().replace("0,", "1,", 1))
    assert build()[1] == ["jury-drawn", "seven-drawn"], "the data have changed"


def test_cached_arrays_are_computed_once_per_fingerprint(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return {"values": np.arange(3)}

    images = np.zeros((2, 2), np.uint8)
    for key in (arrays.fingerprint(images, 1), arrays.fingerprint(images, 1), arrays.fingerprint(images + 1, 1)):
        assert arrays.cached(tmp_path, "values", key, compute)["values"].tolist() == [0, 1, 2]
    assert len(calls) == 2
    (tmp_path / "values.npz").write_bytes(b"broken")
    assert arrays.cached(tmp_path, "values", key, compute)["values"].tolist() == [0, 1, 2] and len(calls) == 3


def test_affectnet_becomes_a_bundle(tmp_path, monkeypatch):
    """Faces are cropped by their box; rows without an expression are excluded and counted."""
    rng, folder = np.random.default_rng(0), tmp_path / "affectnet"
    for table, count in (("training.csv", 12), ("validation.csv", 5)):
        lines = ["subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,"
                 "valence,arousal"]
        for code, label in enumerate(("neutral", "happiness", "sadness", "surprise", "none")):
            for number in range(count):
                name = f"1/{table[:5]}-{label}-{number}.png"
                image = np.full((140, 160), 90, np.uint8)
                image[20:116, 30:126] = cv2.resize(drawn.face("neutral" if label == "none" else label, rng), (96, 96))
                (folder / "1").mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(folder / name), image)
                lines.append(f"{name},30,20,96,96,,{8 if label == 'none' else code},0,0")
        (folder / table).write_text("\n".join(lines))
    monkeypatch.setattr("training.cli.INSTANCE", tmp_path / "instance")
    out = tmp_path / "bundles" / "affectnet"
    assert main(["dataset", "build", "--data", str(folder), "--out", str(out), "--models", str(tmp_path)]) == 0
    dataset = DataSet(out, tmp_path / "instance/datasets/affectnet")
    assert dataset.summary["rows"] == 68 and dataset.summary["left_out"] == {"none": 17}
    assert {split: sum(counts.values()) for split, counts in dataset.summary["counts"].items()} == {
        "Training": 48, "Validation": 20}
    view = parse([("label", "happiness"), ("split", "Validation")], dataset.summary)
    assert dataset.page(view)["count"] == 5 and dataset.images.array.shape == (68, 48, 48)
    whole = cv2.imread(str(folder / "1" / "train-neutral-0.png"), cv2.IMREAD_GRAYSCALE)
    face = cv2.resize(whole[20:116, 30:126], (48, 48), interpolation=cv2.INTER_AREA)
    assert (dataset.images.array[0] == face).all()
