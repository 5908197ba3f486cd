"""The committed FER2013 bundle matches the published counts."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import training.data.fer2013
from training.data import average_faces, duplicates
from webapp.explorer.queries import DataSet, parse

BUNDLE = Path(__file__).parents[2] / "static" / "datasets" / "fer2013"
FACES = BUNDLE / "average-faces.zip"
LABELS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
PUBLISHED = {"Training": (3995, 436, 4097, 7215, 4830, 3171, 4965), "PublicTest": (467, 56, 496, 895, 653, 415, 607),
             "PrivateTest": (491, 55, 528, 879, 594, 416, 626)}


@pytest.fixture(scope="module")
def fer2013():
    return DataSet(BUNDLE)


def count(dataset, **filters):
    return dataset.count(parse(filters.items(), dataset.summary))


@pytest.mark.parametrize("split", PUBLISHED)
def test_labels_by_split(fer2013, split):
    assert fer2013.summary["counts"][split] == dict(zip(LABELS, PUBLISHED[split], strict=True))
    assert [count(fer2013, split=split, label=label) for label in LABELS] == list(PUBLISHED[split])


def test_duplicates(fer2013):
    found = fer2013.summary["duplicates"]
    assert (found["distinct_pictures"], found["surplus"]) == (34_034, 1_853)
    assert found["groups_with_conflicting_labels"] == 57 and found["constant_pictures"] == 12
    assert count(fer2013, surplus="yes") == 1_853
    assert count(fer2013, split="PrivateTest", twin="exact") == 288
    assert count(fer2013, split="PrivateTest", twin="exact,near") == 394
    assert count(fer2013, constant="yes") == 12


def test_votes(fer2013):
    assert count(fer2013, votes_nf="10") == 176
    expressions = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt"
    with_majority = {split: count(fer2013, split=split, majority=expressions)
                     for split in ("PublicTest", "PrivateTest")}
    assert with_majority == {"PublicTest": 2864, "PrivateTest": 2740}
    votes = fer2013.overview(parse([("split", "PrivateTest")], fer2013.summary))["votes"]
    assert votes["mean_entropy"] == pytest.approx(0.514, abs=5e-4)
    everything = fer2013.overview(parse([], fer2013.summary))["votes"]
    assert everything["agree_with_label"] / everything["faces"] == pytest.approx(0.628, abs=5e-4)


def test_bundle_is_complete_and_small(fer2013):
    assert count(fer2013) == fer2013.summary["rows"] == 35_887
    assert sum(path.stat().st_size for path in BUNDLE.iterdir() if path != FACES) < 6e6


def test_every_row_has_an_average_face_of_at_most_8_mb_in_all(fer2013):
    about = fer2013.summary["average_faces"]
    assert FACES.stat().st_size <= 8e6 and about["rows"] == 35_887 and about["count"] == 30
    sheet = np.asarray(Image.open(io.BytesIO(fer2013.average_faces.sprite_sheet([0, 17_000, 35_886]))))
    assert sheet.shape == (48, 3 * 48) and sheet.std() > 20
    table = (BUNDLE.parents[2] / "docs" / "data.md").read_text()
    own, members = about["own_correlation"], about["member_correlation"]
    for line in (f"| size of `average-faces.zip` | {FACES.stat().st_size / 1e6:.1f} MB |",
                 *(f"highest | {' '.join(_short(each[name]) + ',' for name in ('p50', 'p99'))} {_short(each['p100'])} |"
                   for each in (own, members)), f"| {100 * about['closest_is_own']:.2f} % |".replace("0.", ".")):
        assert line in table


def _short(value):
    return f"{value:.2f}".removeprefix("0")


def test_average_faces_do_not_resemble_the_original_images(fer2013):
    """Computes the correlations from the published file and the pixels of FER2013 (FER2013_CSV)."""
    table = os.environ.get("FER2013_CSV")
    if not table:
        pytest.skip("FER2013_CSV is not set")
    images = training.data.fer2013.load(Path(table)).images
    rows = list(range(0, 35_887, 7))
    size = fer2013.average_faces.about["columns"] ** 2
    faces = np.stack([fer2013.average_faces._tiles(row // size)[row % size] for row in rows])
    own = (average_faces._standardized(faces) * average_faces._standardized(images[rows])).sum(axis=1)
    assert own.max() <= average_faces.LIMIT and np.median(own) < 0.5


def test_label_issue_ranking_agrees_with_the_raters(fer2013):
    """The ranking does not use the votes; they must contradict its first labels far more often than all labels."""
    against = fer2013.summary["label_issues"]["against_votes"]
    assert against["share_of_first_1000"] > 1.5 * against["share_of_all"] and against["auroc"] > 0.7


def test_metrics_match_the_model_cards(fer2013):
    """The explorer computes from the table what `training evaluate` measured on the images."""
    compared = 0
    for model in fer2013.summary["models"]:
        path = BUNDLE.parents[1] / "models" / model["name"] / "card.json"
        card = json.loads(path.read_text()) if path.is_file() else {}
        if card.get("files", {}).get("model.keras", {}).get("sha256") != model["model_sha256"]:
            continue    # the model has changed since the data set was built
        found = fer2013.evaluate(parse([("split", "PrivateTest")], fer2013.summary), model["name"])
        published = card["figures"]["PrivateTest"]
        assert found["expected_calibration_error"] == pytest.approx(published["expected_calibration_error"], abs=0.002)
        assert np.abs(np.array(found["confusion"]) - published["confusion"]).sum() <= 4
        compared += 1
    assert compared


def test_robustness_results_match_the_bundles_and_the_documentation():
    """static/robustness.json matches the published bundles and the tables of docs/robustness.md."""
    results = json.loads((BUNDLE.parents[1] / "robustness.json").read_text())
    assert results["md5"] == json.loads((BUNDLE / "summary.json").read_text())["md5"]
    table = (BUNDLE.parents[2] / "docs" / "robustness.md").read_text()
    for name, network in results["networks"].items():
        column = next(line for line in table.splitlines() if line.startswith("| corruption") and name in line)
        index = [cell.strip() for cell in column.split("|")].index(name)
        lines = table[table.index(column):].split("\n\n")[0].splitlines()[2:]
        accuracies = [network["undisturbed"],
                      *(accuracy for kind in results["disturbances"] for accuracy in network[kind["name"]])]
        percents = [float(line.split("|")[index]) for line in lines]
        assert percents == pytest.approx([100 * accuracy for accuracy in accuracies], abs=0.06)
        assert (network["model_sha256"] is None) == (name == "mini-XCEPTION")


def test_duplicates_in_the_original_images():
    """Recomputes the counts from the pixels of FER2013 (FER2013_CSV)."""
    table = os.environ.get("FER2013_CSV")
    if not table:
        pytest.skip("FER2013_CSV is not set")
    faces = training.data.fer2013.load(Path(table))
    first = duplicates.first_rows(faces.images)
    assert (first != np.arange(35_887)).sum() == 1_853
    twin, _ = duplicates.nearest_across_splits(duplicates.equal_pairs(first, faces.split), faces.split, 0)
    assert [(twin[faces.rows(split)] >= 0).sum() for split in PUBLISHED] == [703, 280, 288]
    assert duplicates.constant(faces.images).sum() == 12
