"""docs/extend.md works as written."""

import re
import subprocess
import sys
from types import ModuleType

import cv2
import numpy as np
import pytest
import stubs
from flask import render_template

from webapp.settings import ROOT

TEXT = (ROOT / "docs" / "extend.md").read_text()


def _code(section, language):
    """The first code block of `language` in a section of the document."""
    body = re.search(rf"^## {section}$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)[1]
    return re.search(rf"```{language}\n(.*?)```", body, re.DOTALL)[1]


def test_the_recipe_trains_for_a_step(monkeypatch, tmp_path):
    from training import recipes
    from training.networks.build import build
    module = ModuleType("training.recipes.my_net")
    exec(_code("Add a model", "python"), module.__dict__)  # noqa: S102 - the document's own code
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(recipes, "names", lambda: ["my-net"])
    recipe = recipes.load("my-net")
    outputs = build(recipe)(np.zeros((2, 48, 48, 1), np.float32))
    assert {name: tuple(logits.shape) for name, logits in outputs.items()} == {"ferplus": (2, 8), "fer2013": (2, 7)}


def test_the_page_names_the_default_model(app):
    from flask import Blueprint
    pages = Blueprint("extended", __name__)
    names = {"pages": pages, "render_template": render_template, "_site": lambda: app.extensions["emoscope"]}
    exec(_code("Add a page", "python"), names)  # noqa: S102 - the document's own code
    app.register_blueprint(pages)
    templates = app.jinja_loader
    from jinja2 import ChoiceLoader, DictLoader
    app.jinja_loader = ChoiceLoader([DictLoader({"hello.html": _code("Add a page", "html")}), templates])
    page = app.test_client().get("/hello")
    assert page.status_code == 200 and "The default model is stub." in page.text and 'class="site-header"' in page.text


def test_the_detector_feeds_the_reader():
    from webapp.vision.crops import CropSpec
    from webapp.vision.reading import Reader
    names = {}
    exec(_code("Add a detector", "python"), names)  # noqa: S102 - the document's own code

    class Network:
        name, version, engine, label_set, labels = "stub", "1.0.0", "litert", "fer2013", ["happiness", "neutral"]
        crop = CropSpec.from_card(stubs.card())

        def predictions(self, crops):
            return np.tile(np.float32([0.75, 0.25, np.nan]), (len(crops), 1))

        def balanced(self, probabilities):
            return None

        def unlike(self, distance):
            return None

        def votes(self, probabilities):
            return None

        def unsure(self, probabilities):
            return False

    reading = Reader(names["CenterDetector"](), Network()).read(stubs.jpeg(200, 160))
    assert [face["expression"] for face in reading["faces"]] == ["happiness"]
    assert reading["faces"][0]["box"] == {"x": 0.3, "y": 0.25, "width": 0.4, "height": 0.5}


@pytest.mark.slow
def test_a_folder_per_class_becomes_a_data_set(tmp_path):
    command = re.search(r"^python -m training dataset build .*$", TEXT, re.MULTILINE)[0]
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for label in ("happiness", "neutral"):
            folder = tmp_path / "faces" / split / label
            folder.mkdir(parents=True)
            for number in range(12):
                image = rng.integers(0, 60, (48, 48), np.uint8)
                image[:24] += 90 if label == "happiness" else 0
                cv2.imwrite(str(folder / f"{number}.png"), image)
    words = command.split()[1:] + ["--models", "no-models"]
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True,
                          env={"PYTHONPATH": str(ROOT), "PATH": ""})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "static/datasets/faces/samples.parquet").is_file()
    assert (tmp_path / "instance/datasets/faces").is_dir()
