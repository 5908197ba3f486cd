"""The Python API and the command `emoscope`; docs/python.md works as written."""

import dataclasses
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import emoscope
from emoscope.__main__ import SITE, TRAINING, main
from webapp.photos.folder import columns
from webapp.settings import ROOT

needs_detector = pytest.mark.skipif(not (ROOT / "static/detector/detector.json").is_file(),
                                    reason="the detector is not built")


@pytest.fixture(scope="module")
def reader():
    return emoscope.Reader()


@pytest.fixture
def photos(tmp_path):
    """A folder with the astronaut, an image without a face, and a file that is not an image."""
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.fromarray(data.astronaut()).save(folder / "astronaut.png")
    Image.new("RGB", (200, 160), "gray").save(folder / "gray.png")
    (folder / "text.jpg").write_text("no image")
    return folder


@needs_detector
def test_the_documents_example_runs_as_written(tmp_path, photos, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(data.astronaut()).save("photo.jpg", quality=95)
    code, output = re.search(r"```python\n(.*?)```.*?```\n(.*?)```", (ROOT / "docs/python.md").read_text(),
                             re.DOTALL).groups()
    names = {}
    exec(code, names)  # noqa: S102 - the document's own code
    assert capsys.readouterr().out == output
    assert list(names["table"]["expression"]) == ["happiness"] and list(names["table"]["votes_happiness"]) == [10]
    assert list(names["everything"]["file"]) == ["astronaut.png", "gray.png", "text.jpg"]


@needs_detector
def test_every_kind_of_image_gives_the_same_result(reader, tmp_path):
    pixels = data.astronaut()
    image, path = Image.fromarray(pixels), tmp_path / "astronaut.png"
    image.save(path)
    results = [reader.read(one) for one in (path, str(path), path.read_bytes(), pixels, image)]
    assert len(results[0].faces) == 1 and (results[0].width, results[0].height) == (512, 512)
    assert all(result == results[0] for result in results)


@needs_detector
def test_pil_image_is_turned_upright_and_composited_on_white(reader, tmp_path):
    path, exif = tmp_path / "turned.png", Image.Exif()
    exif[0x0112] = 6        # to be turned by 90 degrees clockwise
    turned = Image.fromarray(np.rot90(data.astronaut()[:, :400])).convert("RGBA")
    turned.putalpha(Image.new("L", turned.size, 250))
    turned.save(path, exif=exif)
    with Image.open(path) as image:
        assert reader.read(image) == reader.read(path)
    assert len(reader.read(path).faces) == 1


@needs_detector
def test_results_are_frozen_and_plain(reader):
    result = reader.read(data.astronaut())
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.width = 1
    face = dataclasses.asdict(result)["faces"][0]
    assert sum(face["votes"].values()) == 10 and set(face["probabilities"]) == set(reader.labels)


@needs_detector
@pytest.mark.parametrize(("image", "error", "message"), [
    (np.zeros((4, 4), np.uint8), ValueError, r"got uint8 \(4, 4\)"),
    (np.zeros((4, 4, 3)), ValueError, r"got float64 \(4, 4, 3\)"),
    (7, TypeError, "got int"),
    ("no-such-file.jpg", FileNotFoundError, "no-such-file.jpg"),
    (b"no image", emoscope.ImageError, "not a supported image"),
])
def test_invalid_image_raises_an_error_that_names_it(reader, image, error, message):
    with pytest.raises(error, match=message):
        reader.read(image)


@needs_detector
def test_table_of_a_folder_has_the_columns_of_the_command(reader, photos):
    folder = reader.read_folder(photos)
    assert len(folder) == 3 and [len(result.faces) for result in folder] == [1, 0, 0]
    assert folder[2].error.startswith("not_a_picture: ")
    table = folder.to_pandas()
    assert list(table.columns) == columns(reader.labels) and len(table) == 3
    assert list(table["faces"].fillna(-1)) == [1, 0, -1] and table["unsure"].dtype == "boolean"
    assert table["unlike"].dtype == "boolean" and table["unlike"][0] == folder[0].faces[0].unlike
    assert table["balanced_happiness"][0] == folder[0].faces[0].balanced["happiness"]


@needs_detector
def test_table_without_pandas_names_the_extra(reader, monkeypatch):
    result = reader.read(data.astronaut())
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install 'emoscope\[pandas\]'"):
        result.to_pandas()


def test_missing_detector_is_a_one_line_error(tmp_path):
    with pytest.raises(emoscope.SetupError, match="run `make detector`") as error:
        emoscope.Reader(detector=tmp_path)
    assert "\n" not in str(error.value)


def test_unknown_model_is_a_one_line_error():
    with pytest.raises(emoscope.SetupError, match="there is no model 'none'"):
        emoscope.Reader("none")


def test_import_loads_no_framework_and_a_reader_neither_flask_nor_tensorflow(tmp_path):
    code = """import sys, emoscope
assert not {'numpy', 'cv2', 'flask', 'tensorflow'} & set(sys.modules)
emoscope.Reader
assert not {'flask', 'tensorflow', 'keras', 'pandas'} & set(sys.modules)"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_command_offers_every_command_of_the_site_and_of_training():
    from training import cli
    from webapp import __main__ as site

    def commands(parser):
        return {one.dest for one in parser._subparsers._group_actions[0]._choices_actions}

    assert commands(site._parser()) == set(SITE)
    assert {one.split()[0] for one in commands(cli._parser())} == set(TRAINING)


def test_command_without_the_training_packages_names_the_extra(monkeypatch, capsys):
    def fail(*_):
        raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn.metrics")

    monkeypatch.setattr("training.cli.main", fail)
    assert main(["evaluate", "jury-live"]) == 2
    error = capsys.readouterr().err
    assert "requires the package sklearn" in error and "emoscope[train]" in error and error.count("\n") == 1


def test_unknown_command_is_a_one_line_error(capsys):
    assert main(["watch"]) == 2
    assert capsys.readouterr().err == "error: there is no command 'watch'; run `emoscope --help` for a list\n"


def test_help_lists_the_commands(capsys):
    assert main(["--help"]) == 0
    stdout = capsys.readouterr().out
    assert [name for name in (*SITE, *TRAINING) if f"  {name} " not in stdout] == []


@needs_detector
@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("setuptools"), reason="building needs setuptools")
def test_installed_package_works_outside_the_repository(tmp_path, photos):
    """Installed with pip into an empty folder: bundles, templates and detector are found without the repository."""
    target, work = tmp_path / "site-packages", tmp_path / "work"
    work.mkdir()
    done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
                           "--no-index", "--target", str(target), str(ROOT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    def run(*arguments):
        return subprocess.run([sys.executable, *arguments], cwd=work, capture_output=True, text=True,
                              env={"PYTHONPATH": str(target), "PATH": os.environ["PATH"]})

    where = run("-c", "import emoscope, webapp.settings; print(emoscope.__file__, webapp.settings.ROOT)")
    assert all(Path(one).is_relative_to(target) for one in where.stdout.split()), where
    report = run("-m", "emoscope", "report", str(photos))
    assert report.returncode == 0 and "1 happiness" in report.stdout, report.stderr
    (target / "emoscope/site/static/detector/detector.json").unlink()
    missing = run("-m", "emoscope", "read", str(photos))
    assert missing.returncode == 2 and "in Emoscope's source folder, then `pip install .` there" in missing.stderr
    assert not list(ROOT.glob("*.egg-info")) and not (ROOT / "build/lib").exists()
