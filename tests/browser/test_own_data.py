"""Data sets of one's own open with the same pages: CK+'s folders, AffectNet's layout, frames cut from videos.

The commands of `python -m training` build the bundles from small drawn sets, with the predictions of jury-pocket.
"""

import sys
from pathlib import Path
from threading import Thread

import cv2
import numpy as np
import pytest
import skimage.data
from werkzeug.serving import make_server

from training.cli import main
from webapp import create_app

sys.path.append(str(Path(__file__).parents[1] / "explorer"))
import drawn  # noqa: E402 - in tests/explorer
import stubs  # noqa: E402

MODELS = Path(__file__).parents[2] / "static" / "models"
#: Class folders of CK+48 and the drawn expression in them; contempt is drawn as anger.
CK_PLUS = {"anger": "anger", "contempt": "anger", "disgust": "disgust", "fear": "fear", "happy": "happiness",
           "sadness": "sadness", "surprise": "surprise"}
PAGES = ("", "/browse", "/samples/4", "/models", "/models?other=jury-pocket", "/map", "/issues")
ROWS = {"ck-plus": 7 * 12, "affectnet": 8 * 9}


def ck_plus(folder):
    """CLASS/SUBJECT_SEQUENCE_FRAME.png, 48 x 48, three frames of each of four subjects."""
    rng = np.random.default_rng(0)
    for label, shown in CK_PLUS.items():
        (folder / label).mkdir(parents=True)
        for number in range(12):
            name = f"S{number // 3:03}_001_{number % 3:08}.png"
            cv2.imwrite(str(folder / label / name), drawn.face(shown, rng))
    return folder


def affectnet(folder):
    """training.csv, validation.csv and the photos of their first column, with the box of the face."""
    rng = np.random.default_rng(1)
    (folder / "1").mkdir(parents=True)
    labels = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
    for table, count in (("training", 6), ("validation", 3)):
        lines = ["subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,"
                 "arousal"]
        for code, label in enumerate(labels):
            for number in range(count):
                name = f"1/{table}-{label}-{number}.png"
                photo = np.full((140, 160), 90, np.uint8)
                shown = drawn.face("anger" if label == "contempt" else label, rng)
                photo[20:116, 30:126] = cv2.resize(shown, (96, 96))
                cv2.imwrite(str(folder / name), photo)
                lines.append(f"{name},30,20,96,96,,{code},0,0")
        (folder / f"{table}.csv").write_text("\n".join(lines))
    return folder


def videos(folder):
    """PERSON/LABEL.avi: a photo (NASA, public domain) that moves, brightens and darkens."""
    photo = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2BGR)[:300, 80:380]
    for seed, person in enumerate(("ann", "bob", "cem")):
        for label in ("happy", "neutral"):
            (folder / person).mkdir(parents=True, exist_ok=True)
            path = folder / person / f"{label}.avi"
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (300, 300))
            rng = np.random.default_rng([seed, label == "happy"])
            for _ in range(12):
                turn = cv2.getRotationMatrix2D((150, 150), rng.uniform(-25, 25), rng.uniform(0.8, 1.2))
                writer.write((cv2.warpAffine(photo, turn, (300, 300)) * rng.uniform(0.3, 1)).astype(np.uint8))
            writer.release()
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """URL of a site with FER2013's drawn bundle and the three data sets."""
    folder = tmp_path_factory.mktemp("own")
    bundles, instance = drawn.build(folder)[0], folder / "instance"
    (folder / "videos").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.cli.INSTANCE", instance)
        patch.chdir(MODELS.parents[1])
        cut = folder / "clips"
        assert main(["dataset", "from-videos", str(videos(folder / "videos")), "--out", str(cut), "--every", "1"]) == 0
        for name, path in (("ck-plus", ck_plus(folder / "CK+48")), ("affectnet", affectnet(folder / "AffectNet")),
                           ("clips", cut)):
            assert main(["dataset", "build", "--data", str(path), "--out", str(bundles / name), "--title", f"My {name}",
                         "--models", str(MODELS), "--only", "jury-pocket"]) == 0
    app = create_app({"datasets": str(bundles), "instance": str(instance)}, reader=stubs.StubReader())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["wide", "phone"])
def page(request, playwright, chromium_path):
    """A page. Errors in its console fail the test."""
    browser = playwright.chromium.launch(executable_path=chromium_path,
                                         args=["--no-sandbox", "--enable-unsafe-swiftshader"])
    width, height = request.param
    page, errors = browser.new_page(viewport={"width": width, "height": height}, has_touch=width == 390), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    yield page
    browser.close()
    assert errors == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ck-plus", "affectnet", "clips"])
def test_own_data_set_opens_with_every_page(page, site, name):
    for path in PAGES:
        assert page.goto(f"{site}/data/{name}{path}").status == 200
        assert f"My {name}" in page.inner_text(".data-set")
        if path == "/map":
            page.wait_for_selector("#map[data-ready]", timeout=60_000)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"{site}/data/{name}/browse")
    if name in ROWS:
        assert page.inner_text(".count b") == str(ROWS[name])
    assert "pictures.png" in page.locator(".thumb").first.get_attribute("style"), "the command stores the images"
    assert page.locator(".prediction").count() > 20, "jury-pocket's predictions"


@pytest.mark.slow
def test_data_sets_are_chosen_from_a_list_or_the_menu(page, site):
    page.goto(f"{site}/data")
    assert page.locator(".cards a").count() == 4
    page.click("text=My ck-plus")
    page.wait_for_url("**/data/ck-plus")
    page.click(".tabs a:has-text('Browse')")
    page.click(".data-set summary")
    page.click(".data-set a:has-text('My clips')")
    page.wait_for_url("**/data/clips/browse")
    for label, splits in (("happiness", ("Training", "Validation")), ("neutral", ("Training", "Validation"))):
        counts = [page.request.get(f"{site}/data/clips/browse.json?label={label}&split={split}").json()["count"]
                  for split in splits]
        assert min(counts) > 0, "persons of both splits"


@pytest.mark.slow
def test_contempt_of_ck_plus_is_evaluated_for_a_model_that_knows_it(page, site):
    found = page.request.get(f"{site}/data/ck-plus/models.json").json()["first"]
    assert found["rows"] == ROWS["ck-plus"]
    contempt = found["model"]["labels"].index("contempt")
    assert sum(found["confusion"][contempt]) == 12
