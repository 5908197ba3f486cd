"""`python -m webapp read FOLDER --ray ADDRESS` on a Ray cluster of two nodes: readings, resuming, errors."""

import csv
import os
import shutil

import duckdb
import pytest
import stubs

from webapp import settings
from webapp.__main__ import main
from webapp.errors import SetupError
from webapp.photos import ray_folder


@pytest.fixture
def photos(tmp_path):
    root = tmp_path / "photos"
    (root / "beach").mkdir(parents=True)
    for number in range(11):
        (root / f"{number}.jpg").write_bytes(stubs.jpeg(640 + number, 480))
    (root / "beach" / "c.jpg").write_bytes(stubs.jpeg(640, 480))
    (root / "bad.jpg").write_bytes(b"text")
    return root


@pytest.fixture
def read(ray_address, photos, tmp_path):
    """read() -> the last Counts; `stop_after`: parts."""
    def read_(stop_after=None, **given):
        loaded = settings.load({"ray": ray_address, "ray_replicas": 2, "engine": "litert"} | given, environ={})
        steps = ray_folder.read(photos, tmp_path / "out", loaded, photos_per_part=2)
        for counts in steps:
            if len(counts.parts) == stop_after:
                steps.close()
                break
        return counts
    return read_


def table(folder, columns="file, expression, error"):
    return duckdb.sql(f"SELECT {columns} FROM '{folder}/*.parquet' ORDER BY file").fetchall()


def test_both_nodes_write_the_table_of_a_run_in_process(read, ray_address, photos, tmp_path, capsys):
    counts = read()
    assert counts.photos == 13 and counts.errors == 1
    assert len(counts.parts) == 7 and len({part["node"] for part in counts.parts}) == 2
    assert sorted(os.listdir(tmp_path / "out")) == sorted(part["part"] for part in counts.parts)
    command = ["read", str(photos), "--engine", "litert", "--out"]
    assert main([*command, str(tmp_path / "out"), "--ray", ray_address]) == 0
    assert "13 photos, 1 of them with an error" in capsys.readouterr().out
    assert main([*command, str(tmp_path / "one.csv")]) == 0
    with open(tmp_path / "one.csv", newline="") as file:
        expected = sorted((row["file"], row["expression"] or None, row["error"] or None)
                          for row in csv.DictReader(file))
    assert table(tmp_path / "out") == expected and expected[0][1] == "happiness"


def test_interrupted_run_resumes_and_changed_photos_are_read_again(read, photos, tmp_path):
    first = read(stop_after=2)
    assert 0 < first.photos < 13
    done = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    counts = read()
    assert counts.photos == 13 and len(table(tmp_path / "out")) == 13
    assert not done.keys() & {part["part"] for part in counts.parts}, "finished parts are not read again"
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == when for name, when in done.items())
    shutil.copy(photos / "bad.jpg", photos / "3.jpg")
    counts = read()
    assert len(counts.parts) == 1 and counts.photos == 13 and counts.errors == 2
    assert len(table(tmp_path / "out")) == 13
    assert read().parts == []


def test_parts_of_another_model_are_kept(read, tmp_path):
    (tmp_path / "out").mkdir()
    part = tmp_path / "out" / "part-0.parquet"
    ray_folder.write([{"file": "a.jpg", "error": {"code": "not_readable", "message": ""}}], part, stubs.LABELS,
                     {"model": "jury-pocket", "version": "1.0.0", "keys": ["a.jpg:1:1"], "errors": 1})
    with pytest.raises(SetupError, match="another model.*--out"):
        read()
    assert part.is_file()


def test_out_must_be_a_folder(ray_address, photos, capsys):
    assert main(["read", str(photos), "--ray", ray_address, "--out", "readings.parquet"]) == 2
    assert "`--out` must be a folder" in capsys.readouterr().err
