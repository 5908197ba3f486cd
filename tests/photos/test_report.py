"""`python -m webapp report FOLDER`: photos with their faces, and the counts."""

import json
import re
from types import SimpleNamespace

import pytest
import skimage.data
import stubs
from PIL import Image

from webapp import settings
from webapp.__main__ import main
from webapp.photos.report import Row, count, write


@pytest.fixture
def report(tmp_path, capsys):
    """(output directory, standard output) of a report on scikit-image's photos by the real model."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("astronaut", "coffee"):
        Image.fromarray(getattr(skimage.data, name)()).save(folder / f"{name}.jpg")
    (folder / "bad <b>.jpg").write_bytes(b"text")
    manifest = {"items": [{"file": "astronaut.jpg", "faces": 1}, {"file": "coffee.jpg", "faces": 2}]}
    (folder / "MANIFEST.json").write_text(json.dumps(manifest))
    assert main(["report", str(folder), "--out", str(tmp_path / "report")]) == 0
    return tmp_path / "report", capsys.readouterr().out


def test_report_shows_photos_faces_and_counts(report):
    folder, stdout = report
    assert "3 photos, 1 with an error, 1 without a face; 1 faces: 1 happiness, 0 unsure" in stdout
    assert "expected number of faces in 1 of 2" in stdout
    page = (folder / "report.html").read_text()
    assert page.count('src="data:image/jpeg;base64,') == 2
    assert page.count('class="box"') == 1
    assert "0 found, 2 expected" in page
    assert "bad &lt;b&gt;.jpg" in page and "not a supported image" in page
    left, top = map(float, re.search(r'class="box" style="left: ([\d.]+)%; top: ([\d.]+)%', page).groups())
    assert abs(left - 33.4) < 3 and abs(top - 13) < 3


def test_report_is_self_contained(report):
    folder, _ = report
    assert sorted(path.name for path in folder.iterdir()) == ["readings.csv", "report.html"]
    assert not re.search(r'(?:src|href)="(?!data:)', (folder / "report.html").read_text())


def test_report_names_unlike_faces_and_the_balanced_prediction(tmp_path):
    (tmp_path / "a.jpg").write_bytes(stubs.jpeg())
    balanced = dict.fromkeys(stubs.LABELS, 0.0) | {"happiness": 0.4, "anger": 0.5, "fear": 0.1}
    unlike = stubs.FACE | {"unlike": True, "distance": 0.75, "balanced": balanced}
    results = [{"file": "a.jpg", "reading": {"picture": {"width": 64, "height": 48}, "faces": [stubs.FACE, unlike]}}]
    classifier = SimpleNamespace(name="stub", version="1.0.0", raters=10, labels=stubs.LABELS)
    write(results, tmp_path, tmp_path, SimpleNamespace(classifier=classifier), settings.load(environ={}))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", (tmp_path / "report.html").read_text()))
    assert "unlike the training data 1 " in text and "happiness 1 " in text
    assert "2 unlike the training data happiness 7, " in text and "balanced: anger 0.50 · happiness 0.40" in text
    assert text.count("balanced:") == 1


def test_unsure_or_unlike_face_is_not_counted_as_an_expression():
    unsure, unlike = stubs.FACE | {"unsure": True}, stubs.FACE | {"unsure": True, "unlike": True}
    rows = [Row("a", [stubs.FACE, unsure, unlike], "", "", 2), Row("b", [], "", "", 1), Row("c", [], "", "no", 1)]
    counts = count(rows, stubs.LABELS)
    assert counts | {"expressions": counts["expressions"]["happiness"]} == {
        "photos": 3, "errors": 1, "no_face": 1, "several": 1, "faces": 3, "unsure": 1, "unlike": 1, "expressions": 1,
        "known": 2, "matching": 0}


def test_report_in_spanish(tmp_path):
    (tmp_path / "a.jpg").write_bytes(stubs.jpeg())
    unlike = stubs.FACE | {"unlike": True, "distance": 0.75,
                           "balanced": dict.fromkeys(stubs.LABELS, 0.0) | {"anger": 0.9}}
    results = [{"file": "a.jpg", "reading": {"picture": {"width": 64, "height": 48}, "faces": [stubs.FACE, unlike]}},
               {"file": "b.jpg", "error": {"code": "truncated", "message": "The image is incomplete or damaged."}}]
    classifier = SimpleNamespace(name="stub", version="1.0.0", raters=10, labels=stubs.LABELS)
    write(results, tmp_path, tmp_path, SimpleNamespace(classifier=classifier), settings.load(environ={}), "es")
    page = (tmp_path / "report.html").read_text()
    for words in ('<html lang="es">', "alegría 7, neutral 1", "distinta de los datos de entrenamiento",
                  "equilibrada: ira 0,90", "La imagen está incompleta o dañada.", 'alt="a.jpg, 2 caras"'):
        assert words in page
    assert "happiness" not in page
    assert "happiness" in (tmp_path / "readings.csv").read_text()       # for programs
