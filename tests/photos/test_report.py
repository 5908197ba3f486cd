"""`python -m webapp report FOLDER`: a page with every picture, its faces and the counts."""

import json
import re

import pytest
import skimage.data
import stubs
from PIL import Image

from webapp.__main__ import main
from webapp.photos.report import Row, count


@pytest.fixture
def made(tmp_path, capsys):
    """(the report's folder, what was said) of the packaged pictures read by the real model."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("astronaut", "coffee"):
        Image.fromarray(getattr(skimage.data, name)()).save(folder / f"{name}.jpg")
    (folder / "bad <b>.jpg").write_bytes(b"a text")
    manifest = {"items": [{"file": "astronaut.jpg", "faces": 1}, {"file": "coffee.jpg", "faces": 2}]}
    (folder / "MANIFEST.json").write_text(json.dumps(manifest))
    assert main(["report", str(folder), "--out", str(tmp_path / "report")]) == 0
    return tmp_path / "report", capsys.readouterr().out


def test_each_picture_stands_in_it_with_its_faces_and_the_counts(made):
    folder, said = made
    assert "3 pictures, 1 could not be read, 1 without a face; 1 faces: 1 happiness, 0 unsure" in said
    assert "as many faces as known in 1 of 2" in said
    page = (folder / "report.html").read_text()
    assert page.count('src="data:image/jpeg;base64,') == 2
    assert page.count('class="box"') == 1
    assert "0 found, 2 known" in page
    assert "bad &lt;b&gt;.jpg" in page and "This is not a picture" in page
    left, top = map(float, re.search(r'class="box" style="left: ([\d.]+)%; top: ([\d.]+)%', page).groups())
    assert abs(left - 33.4) < 3 and abs(top - 13) < 3


def test_it_needs_nothing_else(made):
    folder, _ = made
    assert sorted(path.name for path in folder.iterdir()) == ["readings.csv", "report.html"]
    assert not re.search(r'(?:src|href)="(?!data:)', (folder / "report.html").read_text())


def test_an_unsure_face_counts_as_no_expression():
    unsure = stubs.FACE | {"unsure": True}
    rows = [Row("a", [stubs.FACE, unsure], "", "", 2), Row("b", [], "", "", 1), Row("c", [], "", "no", 1)]
    counts = count(rows, stubs.LABELS)
    assert counts | {"expressions": counts["expressions"]["happiness"]} == {
        "pictures": 3, "errors": 1, "no_face": 1, "several": 1, "faces": 2, "unsure": 1, "expressions": 1, "known": 2,
        "alike": 1}
