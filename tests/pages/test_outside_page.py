"""Figures at home and outside on the pages of the models."""

import json

import pytest

from webapp.settings import ROOT

ACCURACY = {"value": 0.704, "low": 0.671, "high": 0.735, "hits": 560, "of": 795}
FIGURES = {"version": "1.0.0", "label_set": "ferplus", "model_sha256": "of the stub", "photos": 820, "found": ACCURACY,
           "several_faces": 3, "left_out": {"disgust": 25}, "evaluated": 795, "accuracy": ACCURACY,
           "accuracy_of_found": ACCURACY,
           "mean_recall": {"value": 0.676, "low": 0.64, "high": 0.7, "labels": ["anger"]},
           "per_label": [{"label": "anger", "photos": 94, "found": 90, "recall": ACCURACY,
                          "recall_of_found": ACCURACY}],
           "confusion": [[70, 20, 4]], "confusion_columns": ["anger", "neutral", "no face"],
           "expected_calibration_error": 0.061, "unsure": ACCURACY, "error_of_sure": {"value": 0.193, "low": 0.16,
                                                                                     "high": 0.23},
           "balanced": {"accuracy": {"value": 0.74, "low": 0.713, "high": 0.769},
                        "mean_recall": {"value": 0.727, "low": 0.7, "high": 0.75}}}
HOME = {"faces": 10, "as_published": {"agreement_with_plurality": {"value": 0.829, "low": 0.817, "high": 0.841}},
        "unsure": {"share": 0.16, "error_rate": 0.104}}


@pytest.fixture
def pages(app, tmp_path):
    """pages(path, outside) -> text; the stub's card has figures at home."""
    app.static_folder = str(tmp_path)
    card = app.extensions["emoscope"].bundles["stub"].card
    card["files"]["model.keras"] = {"sha256": "of the stub", "bytes": 10}
    card["figures"]["PrivateTest"] = HOME

    def text(path, networks):
        told = {"photos": "wild", "labels": {"anger": 820}, "border": 0, "found": 750, "without": ["disgust"],
                "all_labels": False, "about": "news photos", "networks": networks}
        (tmp_path / "outside.json").write_text(json.dumps(told))
        corrupted = {"md5": "m", "disturbances": [{"name": "blur", "unit": "px", "strengths": [1, 2]}], "networks": {
            "stub": {"model_sha256": "of the stub", "blur": [0.8, 0.7]}}}
        (tmp_path / "robustness.json").write_text(json.dumps(corrupted))
        return app.test_client().get(path).text

    return text


def test_the_models_are_shown_at_home_beside_outside(pages):
    page = pages("/models", {"stub": FIGURES})
    line = next(line for line in page.split("<tr>") if "stub 1.0.0" in line and "<td>" in line)
    for words in ("82.9 %", "10.4 %", "70.4 %", "67.1 %", "67.6 %", "19.3 %", "75.0 %", "74.0 %"):
        assert words in line
    assert "820 photos of the folder <code>wild</code>, news photos" in page


def test_a_model_tells_where_its_promise_holds(pages):
    page = pages("/models/stub", {"stub": FIGURES})
    assert "At home: figures on FER2013" in page and "25 disgust" in page
    assert "72.7 %" in page and "it is not votes" in page
    assert "--photos wild --without disgust" in page and "promised for FER2013’s images" in page


@pytest.mark.parametrize("networks", [{}, {"stub": FIGURES | {"model_sha256": "of another"}}])
def test_figures_of_another_version_are_not_shown(pages, networks):
    assert "70.4 %" not in pages("/models", networks)
    assert "Not measured for this version." in pages("/models/stub", networks)


def test_the_published_figures_are_those_of_the_documentation():
    """static/outside.json against the first row of the first table in docs/outside.md, for the versions named there."""
    measured = json.loads((ROOT / "static" / "outside.json").read_text())["networks"]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]]
            for line in (ROOT / "docs" / "outside.md").read_text().splitlines() if line.startswith("|")]
    names, documented = rows[0], next(row for row in rows if row[0] == "as the site serves it")
    compared = 0
    for title, value in zip(names[1:], documented[1:], strict=True):
        name, version = title.replace("`", "").split()
        if measured[name]["version"] == version:
            assert float(value) == pytest.approx(100 * measured[name]["accuracy"]["value"], abs=0.06)
            compared += 1
    assert compared


def test_without_the_files_the_pages_are_whole(app, tmp_path):
    app.static_folder = str(tmp_path)
    assert "not measured yet" in app.test_client().get("/models").text
    assert app.test_client().get("/models/stub").status_code == 200
