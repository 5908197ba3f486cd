"""Bundles evaluated on photos of a labeled folder: scikit-image's astronaut, and images without a face."""

import json

import cv2
import numpy as np
import pytest
from skimage import data

from training.data import photos
from training.errors import TrainingError
from training.evaluate import outside, reports
from training.evaluate.bundles import Bundle
from webapp.settings import SETTINGS
from webapp.vision.crops import LANDMARKS, CropSpec

SPEC = CropSpec(48, ((0.32, 0.4), (0.68, 0.4), (0.5, 0.61), (0.5, 0.77)))
CARD = {"name": "made", "version": "1.0.0", "label_set": "ferplus",
        "labels": ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"],
        "input": {"size": 48}, "crop": {"points": dict(zip(LANDMARKS, SPEC.points, strict=True))},
        "calibration": {"temperature": 2.0}, "unsure": {"threshold": 0.6},
        "files": {"model.keras": {"sha256": "of made"}}}


@pytest.fixture
def folder(tmp_path):
    """Two photos with the astronaut's face, one without a face, one file that is no image."""
    root = tmp_path / "found"
    face = data.astronaut()[:200, 100:350]
    for name, image in (("happy/a.jpg", face), ("Disgust/b.png", face), ("sad/c.png", np.zeros_like(face))):
        (root / name).parent.mkdir(parents=True)
        cv2.imwrite(str(root / name), image[..., ::-1])
    (root / "sad/d.jpg").write_bytes(b"no image")
    (root / "sad/notes.txt").write_text("no photo")
    return root


@pytest.fixture(scope="module")
def detector():
    from training.data.alignment import open_detector
    return open_detector()


def made(labels, faces, logits, monkeypatch):
    """(Bundle, Photos) of a network that outputs `logits`, a row for each photo."""
    logits, found = np.asarray(logits, np.float32), np.asarray(faces) > 0
    crops = np.zeros((len(labels), 48, 48), np.float32)
    crops[:, 0, 0] = np.arange(len(labels))
    monkeypatch.setattr(outside, "forward", lambda _: lambda images: logits[images[:, 0, 0].astype(int)])
    assert len(logits) == len(found)
    return (Bundle(None, CARD), photos.Photos("made", tuple(labels), np.asarray(faces), {SPEC: crops}, 0.0, 0))


def logit(label, size=9.0):
    return [size * (label == each) for each in CARD["labels"]]


def test_the_largest_face_of_each_photo_is_cropped_as_on_the_site(folder, detector):
    seen = photos.read(folder, detector, [SPEC])
    assert seen.labels == ("disgust", "happiness", "sadness") and seen.unreadable == 1
    assert seen.found.tolist() == [True, True, False] and seen.counts == {"disgust": 1, "happiness": 1, "sadness": 1}
    assert seen.crops[SPEC][0].std() > 20 and not seen.crops[SPEC][2].any()


def test_a_border_changes_what_the_detector_sees_not_the_face(folder, detector):
    plain, bordered = (photos.read(folder, detector, [SPEC], border).crops[SPEC][0] for border in (0, 0.5))
    assert np.corrcoef(plain.ravel(), bordered.ravel())[0, 1] > 0.95


def test_with_a_border_a_face_has_fractions_of_the_photo(detector):
    photo = data.astronaut()[:200, 100:350]
    (plain,), (bordered,) = (photos.find(photo, detector, border) for border in (0, 0.3))
    np.testing.assert_allclose(bordered.box, plain.box, atol=0.06)
    for name in LANDMARKS:
        np.testing.assert_allclose(bordered.landmarks[name], plain.landmarks[name], atol=0.03)


def test_of_two_faces_the_larger_is_taken(tmp_path, detector):
    face = data.astronaut()[:200, 100:350]
    image = np.full((400, 700, 3), 128, np.uint8)
    image[100:200, 550:675] = cv2.resize(face, (125, 100), interpolation=cv2.INTER_AREA)
    image[100:300, 50:300] = face
    (tmp_path / "neutral").mkdir()
    cv2.imwrite(str(tmp_path / "neutral/two.png"), image[..., ::-1])
    alone = image.copy()
    alone[:, 500:] = 128
    cv2.imwrite(str(tmp_path / "neutral/one.png"), alone[..., ::-1])
    seen = photos.read(tmp_path, detector, [SPEC])
    assert seen.faces.tolist() == [1, 2]
    assert np.corrcoef(seen.crops[SPEC][0].ravel(), seen.crops[SPEC][1].ravel())[0, 1] > 0.95


def test_a_photo_is_searched_as_the_site_searches_it():
    assert next(each for each in SETTINGS if each.name == "photo_threshold").default == photos.THRESHOLD


@pytest.mark.parametrize("files", [(), ("photo.jpg",)])
def test_a_folder_without_labels_is_refused(tmp_path, files):
    for name in files:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(TrainingError, match="LABEL/photo.jpg"):
        photos.labeled_files(tmp_path)


def test_a_face_that_is_not_found_is_an_error_of_the_accuracy_of_all(monkeypatch):
    labels = ["happiness", "happiness", "happiness", "anger"]
    predicted = [logit("happiness"), logit("happiness"), logit("anger"), logit("anger")]
    found = outside.figures(*made(labels, [1, 0, 2, 1], predicted, monkeypatch))
    assert found["found"]["hits"] == 3 and found["several_faces"] == 1
    assert (found["accuracy"]["hits"], found["accuracy"]["of"]) == (2, 4)
    assert (found["accuracy_of_found"]["hits"], found["accuracy_of_found"]["of"]) == (2, 3)
    assert found["mean_recall"]["value"] == pytest.approx((1 / 3 + 1) / 2)
    assert found["mean_recall"]["labels"] == ["happiness", "anger"]
    rows = {each["label"]: row for each, row in zip(found["per_label"], found["confusion"], strict=True)}
    columns = found["confusion_columns"]
    assert dict(zip(columns, rows["happiness"], strict=True)) == dict.fromkeys(columns, 0) | {
        "happiness": 1, "anger": 1, "no face": 1}
    assert found["accuracy"]["low"] < 0.5 < found["accuracy"]["high"]


def test_the_balanced_prediction_is_measured_if_the_card_has_one(monkeypatch):
    close = np.add(logit("neutral", 1.2), logit("sadness", 1.0))
    bundle, seen = made(["sadness", "neutral"], [1, 1], [close, logit("neutral")], monkeypatch)
    assert "balanced" not in outside.figures(bundle, seen)
    offsets = [-0.5, 0, 0, 0.5, 0, 0, 0, 0]
    found = outside.figures(Bundle(None, CARD | {"balanced": {"offsets": offsets}}), seen)
    assert found["accuracy"]["hits"] == 1 and found["balanced"]["accuracy"]["hits"] == 2
    assert found["balanced"]["mean_recall"]["value"] == 1
    assert any("balanced" in line and "2 of 2" in line for line in reports.photos("made", found))


def test_labels_with_few_photos_are_left_out_of_the_mean_recall(monkeypatch):
    labels = ["happiness"] * 20 + ["anger"] * 19
    found = outside.figures(*made(labels, [1] * 39, [logit("happiness")] * 39, monkeypatch))
    assert found["mean_recall"]["labels"] == ["happiness"] and found["mean_recall"]["value"] == 1


def test_a_label_left_out_counts_for_the_detector_only(monkeypatch):
    labels = ["happiness", "disgust", "disgust", "boredom"]
    found = outside.figures(*made(labels, [1, 1, 0, 0], [logit("happiness")] * 4, monkeypatch), without=["disgust"])
    assert found["left_out"] == {"boredom": 1, "disgust": 2}
    assert (found["found"]["hits"], found["found"]["of"]) == (2, 4)
    assert (found["accuracy"]["hits"], found["accuracy"]["of"]) == (1, 1)


def test_the_prediction_is_the_best_of_the_folders_labels_or_of_all(monkeypatch):
    labels = ["happiness", "anger"]
    predicted = np.add(logit("contempt", 9), logit("anger", 8))
    bundle, seen = made(labels, [1, 1], [predicted, predicted], monkeypatch)
    assert outside.figures(bundle, seen)["accuracy"]["hits"] == 1
    assert outside.figures(bundle, seen)["predicts"] == ["happiness", "anger"]
    assert outside.figures(bundle, seen, all_labels=True)["accuracy"]["hits"] == 0


def test_the_unsure_are_those_of_the_card(monkeypatch):
    predicted = [logit("happiness", 20), logit("anger", 20), logit("happiness", 1)]
    found = outside.figures(*made(["happiness"] * 2 + ["anger"], [1, 1, 1], predicted, monkeypatch))
    assert found["unsure"]["hits"] == 1 and found["error_of_sure"] == outside.metrics.wilson(1, 2)
    assert 0 < found["expected_calibration_error"] < 1


def test_photos_of_other_labels_only_are_refused(monkeypatch):
    with pytest.raises(TrainingError, match="no photo has a label of made"):
        outside.figures(*made(["boredom"], [1], [logit("anger")], monkeypatch))


def test_bundles_measured_one_after_the_other_are_in_one_file(monkeypatch, tmp_path):
    bundle, seen = made(["anger"], [1], [logit("anger")], monkeypatch)
    other = Bundle(None, CARD | {"name": "other"})
    path, options = tmp_path / "outside.json", {"without": [], "all_labels": False}
    outside.write({"made": outside.figures(bundle, seen)}, [bundle], seen, options, path)
    outside.write({"other": outside.figures(other, seen)}, [other], seen, options, path)
    written = json.loads(path.read_text())
    assert set(written["networks"]) == {"made", "other"} and written["labels"] == {"anger": 1}
    assert written["networks"]["made"]["model_sha256"] == "of made"
    outside.write({"other": outside.figures(other, seen)}, [other], seen, options | {"without": ["fear"]}, path)
    assert set(json.loads(path.read_text())["networks"]) == {"other"}
    with pytest.raises(TrainingError, match="cannot be written"):
        outside.write({}, [], seen, options, tmp_path / "none" / "outside.json")


def test_the_command_prints_and_writes_the_figures(exported, folder, tmp_path, run_command):
    models = exported / "models"
    status, out, err = run_command("evaluate-photos", models / "jury-tiny", models / "seven-tiny", "--photos", folder,
                                   "--without", "disgusted", "--json", tmp_path / "outside.json", "--about", "a test's")
    assert status == 0 and not err
    assert "1 files cannot be read" in out and "only for the detector: 1 disgust" in out
    written = json.loads((tmp_path / "outside.json").read_text())
    version = written["networks"]["jury-tiny"]["version"]
    assert f"jury-tiny {version}: 3 photos, a face found on 66.7 %" in out
    assert written["found"] == 2 and written["without"] == ["disgust"] and written["about"] == "a test's"
    assert set(written["networks"]) == {"jury-tiny", "seven-tiny"}
    assert written["networks"]["seven-tiny"]["accuracy"]["of"] == 2


def test_two_versions_of_a_bundle_are_both_printed_but_not_stored(exported, folder, tmp_path, run_command):
    bundle = exported / "models" / "jury-tiny"
    status, out, _ = run_command("evaluate-photos", bundle, bundle, "--photos", folder)
    assert status == 0 and out.count(": 3 photos") == 2
    status, _, err = run_command("evaluate-photos", bundle, bundle, "--photos", folder, "--json", tmp_path / "a.json")
    assert status == 2 and "two of these have the same name" in err


@pytest.mark.parametrize(("arguments", "meant"), [
    (("--photos", "nowhere"), "nowhere: no photos"),
    (("--photos", ".", "--border", "-1"), "--border must be a fraction")])
def test_mistakes_are_one_line(exported, run_command, arguments, meant):
    status, _, err = run_command("evaluate-photos", exported / "models" / "jury-tiny", *arguments)
    assert status == 2 and meant in err and err.count("\n") == 1
