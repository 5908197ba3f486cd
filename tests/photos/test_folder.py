"""`python -m webapp read FOLDER`: order, errors, resuming, output formats."""

import csv
import json
import os
from concurrent.futures import Future
from threading import Timer

import duckdb
import pytest
import stubs

from webapp import settings
from webapp.__main__ import main
from webapp.errors import SetupError
from webapp.photos import folder, processes


class StubClassifier:
    name, version, labels = "stub", "1.0.0", stubs.LABELS


class Reader(stubs.StubReader):
    classifier = StubClassifier()


@pytest.fixture
def photos(tmp_path):
    root = tmp_path / "photos"
    (root / "beach").mkdir(parents=True)
    for name in ("b.jpg", "a.jpg", "beach/c.jpg"):
        (root / name).write_bytes(stubs.jpeg())
    (root / "bad.jpg").write_bytes(b"text")
    (root / "notes.txt").write_text("not a photo")
    return root


def run(photos, reader, tmp_path, stop_after=None):
    paths = folder.find(photos)
    results = []
    part = tmp_path / "out.part"
    for result in folder.read(paths, photos, reader, settings.load(environ={}), part):
        results.append(result)
        if len(results) == stop_after:
            break
    return results


def test_results_are_sorted_and_include_errors(photos, tmp_path):
    results = run(photos, Reader(), tmp_path)
    assert [result["file"] for result in results] == ["a.jpg", "b.jpg", "bad.jpg", "beach/c.jpg"]
    assert results[2]["error"]["code"] == "not_a_picture"
    assert results[3]["reading"]["faces"]


def test_interrupted_run_resumes(photos, tmp_path):
    reader = Reader()
    run(photos, reader, tmp_path, stop_after=2)
    part = tmp_path / "out.part"
    part.write_text(part.read_text() + '["cut')
    results = run(photos, reader, tmp_path)
    assert len(results) == 4
    assert len(reader.sizes) == 3           # a, b and c once each; bad.jpg cannot be decoded


def test_changed_file_is_read_again(photos, tmp_path):
    reader = Reader()
    run(photos, reader, tmp_path)
    (photos / "a.jpg").write_bytes(stubs.jpeg(100, 80))
    results = run(photos, reader, tmp_path)
    assert results[0]["reading"]["picture"] == {"width": 100, "height": 80}
    assert len(reader.sizes) == 4


def test_another_model_does_not_reuse_results(photos, tmp_path):
    run(photos, Reader(), tmp_path)
    other = Reader()
    other.classifier = StubClassifier()
    other.classifier.name = "other"
    run(photos, other, tmp_path)
    assert len(other.sizes) == 3


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_table_has_one_row_per_face(photos, tmp_path, ending):
    out = tmp_path / f"readings.{ending}"
    folder.write(run(photos, Reader(), tmp_path), out, stubs.LABELS)
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
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["out.part", "photos", out.name])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_balanced_prediction_and_unlike_are_the_last_columns(tmp_path, ending):
    balanced = dict(zip(stubs.LABELS, [0.05, 0.5, 0.1, 0.1, 0.25, 0.0, 0.0, 0.0], strict=True))
    odd = stubs.FACE | {"balanced": balanced, "distance": 0.75, "unlike": True}
    reading = {"picture": {"width": 4, "height": 3}, "faces": [odd, stubs.FACE]}
    out = tmp_path / f"readings.{ending}"
    folder.write([{"file": "a.jpg", "reading": reading}], out, stubs.LABELS)
    columns = folder.columns(stubs.LABELS)
    assert columns[-10:] == [*(f"balanced_{label}" for label in stubs.LABELS), "distance", "unlike"]
    if ending == "parquet":
        found = duckdb.sql(f"select balanced_anger, distance, \"unlike\" from '{out}'").fetchall()
        assert found == [(0.25, 0.75, True), (None, None, None)]
    else:
        with open(out, newline="") as file:
            found = [(row["balanced_anger"], row["distance"], row["unlike"]) for row in csv.DictReader(file)]
        assert found == [("0.25", "0.75", "1"), ("", "", "")]


@pytest.mark.parametrize(("arguments", "message"), [
    (["nowhere"], "no such folder"), (["{empty}"], "no photos found"),
    (["{photos}", "--out", "x.txt"], ".csv, .json or .parquet")])
def test_invalid_arguments_are_a_one_line_error(photos, tmp_path, capsys, arguments, message):
    (tmp_path / "empty").mkdir()
    arguments = [one.format(empty=tmp_path / "empty", photos=photos) for one in arguments]
    assert main(["read", *arguments]) == 2
    stderr = capsys.readouterr().err
    assert message in stderr and stderr.startswith("error: ") and stderr.count("\n") == 1


@pytest.fixture
def many(tmp_path, monkeypatch):
    """A folder of five photos and a file that is none, to be read in two processes."""
    monkeypatch.setattr(processes, "PHOTOS_PER_PROCESS", 2)
    root = tmp_path / "many"
    root.mkdir()
    for number in range(5):
        (root / f"{number}.jpg").write_bytes(stubs.jpeg(160 + 40 * number, 120 + 30 * number))
    (root / "3.png").write_bytes(b"text")
    return root


def test_processes_write_the_same_table(many, tmp_path, monkeypatch):
    tables, counts = [], []
    read = processes.read
    monkeypatch.setattr(processes, "read", lambda *given, **how: counts.append(how["processes"]) or read(*given, **how))
    for count in ("1", "2"):
        out = tmp_path / f"{count}.csv"
        assert main(["read", str(many), "--out", str(out), "--processes", count]) == 0
        tables.append(out.read_bytes())
    assert counts == [2]
    assert tables[0] == tables[1] and tables[0].count(b"\n") == 7
    assert [line.split(",")[0] for line in tables[0].decode().splitlines()[1:]] == [
        "0.jpg", "1.jpg", "2.jpg", "3.jpg", "3.png", "4.jpg"]


def test_run_in_processes_resumes_after_a_process_has_ended(many, tmp_path, monkeypatch, capsys):
    out, saved = tmp_path / "out.csv", tmp_path / "out.csv.part"

    def end(paths, reader, settings, pool, processes):
        yield folder.read_file(next(iter(paths)), Reader(), settings)
        raise SetupError("a reading process ended")
    with monkeypatch.context() as context:
        context.setattr(processes, "read", end)
        assert main(["read", str(many), "--out", str(out), "--processes", "2"]) == 2
    assert "a reading process ended" in capsys.readouterr().err and not out.exists()
    first = saved.read_text().splitlines()[1]
    assert main(["read", str(many), "--out", str(out), "--processes", "2"]) == 0
    assert json.loads(first)[1]["reading"]["model"]["name"] == "stub"
    assert "0.jpg,,160,120" in out.read_text() and not saved.exists()


def test_ended_process_is_an_error_that_says_what_to_do(many, monkeypatch):
    monkeypatch.setattr(processes, "_read_file", os._exit)
    configured = settings.load(environ={"EMOSCOPE_ENGINE": "litert"})
    with (processes.started(configured, 4, 2) as read_each, pytest.raises(SetupError, match="--processes 1")):
        list(read_each([1, 1, 1], Reader(), configured))


def test_results_are_in_order_while_another_process_is_busy(many, monkeypatch):
    """This process reads on, but holds no more than MAX_HELD results behind the missing one."""
    handed_out, read, photos = [], [], sorted(many.glob("*.jpg"))

    class Pool:
        def submit(self, _, path):
            handed_out.append((Future(), path))
            return handed_out[-1][0]

    monkeypatch.setattr(processes, "WINDOW", 1)
    monkeypatch.setattr(processes, "MAX_HELD", 3)
    monkeypatch.setattr(processes.folder, "read_file", lambda path, *_: read.append(path) or {"path": path})
    results = processes.read(photos, Reader(), settings.load(environ={}), Pool(), 2)
    Timer(0.2, lambda: handed_out[0][0].set_result({"path": handed_out[0][1]})).start()
    assert [next(results)["path"] for _ in range(3)] == photos[:3]
    assert read == photos[1:4]
