import csv
import json

import pytest
import stubs

from webapp import folder, settings
from webapp.__main__ import main


@pytest.fixture
def pictures(tmp_path):
    (tmp_path / "in" / "below").mkdir(parents=True)
    (tmp_path / "in" / "b.JPG").write_bytes(stubs.jpeg())
    (tmp_path / "in" / "a.png").write_bytes(b"no picture")
    (tmp_path / "in" / "below" / "c.jpeg").write_bytes(stubs.jpeg(80, 40))
    (tmp_path / "in" / "notes.txt").write_text("not asked for")
    return tmp_path / "in"


def answers(pictures, reader):
    return list(folder.read(folder.pictures(pictures), pictures, reader, settings.load(environ={})))


def test_a_bad_file_is_a_row_with_its_error_not_the_end(pictures, reader, tmp_path):
    with open(tmp_path / "out.csv", "w", newline="") as out:
        assert folder.write(answers(pictures, reader), out, stubs.LABELS) == 1
    with open(tmp_path / "out.csv", newline="") as out:
        rows = list(csv.DictReader(out))
    assert [row["file"] for row in rows] == ["a.png", "b.JPG", "below/c.jpeg"]
    assert rows[0]["error"].startswith("not_a_picture: ") and rows[0]["expression"] == ""
    assert rows[1]["error"] == "" and rows[1]["expression"] == "happiness" and rows[1]["votes_happiness"] == "7"
    assert (rows[2]["width"], rows[2]["height"], rows[2]["face"]) == ("80", "40", "1")


def test_json_holds_the_readings_themselves(pictures, reader, tmp_path):
    with open(tmp_path / "out.json", "w") as out:
        folder.write(answers(pictures, reader), out, stubs.LABELS)
    read = json.loads((tmp_path / "out.json").read_text())
    assert [answer.get("error", {}).get("code") for answer in read] == ["not_a_picture", None, None]
    assert read[1]["reading"]["faces"] == [stubs.FACE]


@pytest.mark.parametrize(("arguments", "words"), [
    (["nowhere"], "no such folder"), (["{empty}"], "no pictures in it"), (["{in}", "--out", "x.txt"], ".csv or .json"),
])
def test_what_cannot_be_read_is_one_line(pictures, tmp_path, capsys, arguments, words):
    (tmp_path / "empty").mkdir()
    arguments = [one.format(empty=tmp_path / "empty", **{"in": pictures}) for one in arguments]
    assert main(["read", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said and said.startswith("error: ") and said.count("\n") == 1
