"""`python -m webapp read FOLDER`: a table in the order of names, whatever is there, however often it stops."""

import csv
import json

import duckdb
import pytest
import stubs

from webapp import settings
from webapp.__main__ import main
from webapp.photos import folder


class Expressions:
    name, version, labels = "stub", "1.0.0", stubs.LABELS


class Reader(stubs.StubReader):
    expressions = Expressions()


@pytest.fixture
def pictures(tmp_path):
    place = tmp_path / "pictures"
    (place / "beach").mkdir(parents=True)
    for name in ("b.jpg", "a.jpg", "beach/c.jpg"):
        (place / name).write_bytes(stubs.jpeg())
    (place / "bad.jpg").write_bytes(b"a text")
    (place / "notes.txt").write_text("no picture")
    return place


def run(pictures, reader, tmp_path, stop_after=None):
    paths = folder.pictures(pictures)
    answers = []
    part = tmp_path / "out.part"
    for answer in folder.read(paths, pictures, reader, settings.load(environ={}), part):
        answers.append(answer)
        if len(answers) == stop_after:
            break
    return answers


def test_in_order_and_a_bad_file_is_a_row_with_its_error(pictures, tmp_path):
    answers = run(pictures, Reader(), tmp_path)
    assert [answer["file"] for answer in answers] == ["a.jpg", "b.jpg", "bad.jpg", "beach/c.jpg"]
    assert answers[2]["error"]["code"] == "not_a_picture"
    assert answers[3]["reading"]["faces"]


def test_a_run_that_was_broken_off_goes_on(pictures, tmp_path):
    reader = Reader()
    run(pictures, reader, tmp_path, stop_after=2)
    part = tmp_path / "out.part"
    part.write_text(part.read_text() + '["cut')
    answers = run(pictures, reader, tmp_path)
    assert len(answers) == 4
    assert len(reader.sizes) == 3           # a and b once, c once; the bad one is no picture


def test_a_file_that_changed_is_read_again(pictures, tmp_path):
    reader = Reader()
    run(pictures, reader, tmp_path)
    (pictures / "a.jpg").write_bytes(stubs.jpeg(100, 80))
    answers = run(pictures, reader, tmp_path)
    assert answers[0]["reading"]["picture"] == {"width": 100, "height": 80}
    assert len(reader.sizes) == 4


def test_another_model_begins_anew(pictures, tmp_path):
    run(pictures, Reader(), tmp_path)
    other = Reader()
    other.expressions = Expressions()
    other.expressions.name = "other"
    run(pictures, other, tmp_path)
    assert len(other.sizes) == 3


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_the_table_has_a_row_a_face(pictures, tmp_path, ending):
    out = tmp_path / f"readings.{ending}"
    folder.write(run(pictures, Reader(), tmp_path), out, stubs.LABELS)
    if ending == "json":
        assert [one["file"] for one in json.loads(out.read_text())] == ["a.jpg", "b.jpg", "bad.jpg", "beach/c.jpg"]
        return
    if ending == "csv":
        with open(out) as file:
            table = list(csv.DictReader(file))
        assert table[0]["votes_happiness"] == "7" and table[2]["error"].startswith("not_a_picture: ")
    else:
        table = duckdb.read_parquet(str(out)).fetchall()
        assert duckdb.sql(f"select sum(votes_happiness), count(error) from '{out}'").fetchall()[0] == (21, 1)
    assert len(table) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["out.part", "pictures", out.name])


@pytest.mark.parametrize(("arguments", "words"), [
    (["nowhere"], "no such folder"), (["{empty}"], "no pictures in it"),
    (["{pictures}", "--out", "x.txt"], ".csv, .json or .parquet")])
def test_what_cannot_be_read_is_one_line(pictures, tmp_path, capsys, arguments, words):
    (tmp_path / "empty").mkdir()
    arguments = [one.format(empty=tmp_path / "empty", pictures=pictures) for one in arguments]
    assert main(["read", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said and said.startswith("error: ") and said.count("\n") == 1
