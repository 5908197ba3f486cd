import json

import pytest
import stubs

from webapp import bundles, create_app
from webapp.__main__ import main
from webapp.bundles import BundleError
from webapp.settings import ROOT


def change(folder, **changes):
    card = json.loads((folder / "card.json").read_text()) | changes
    (folder / "card.json").write_text(json.dumps(card))


def remove(folder, field):
    card = json.loads((folder / "card.json").read_text())
    del card[field]
    (folder / "card.json").write_text(json.dumps(card))


BROKEN = {
    "no card": (lambda folder: (folder / "card.json").unlink(), "card.json: the card is missing"),
    "no JSON": (lambda folder: (folder / "card.json").write_text("{"), "card.json: not JSON"),
    "no field": (lambda folder: remove(folder, "labels"), "the card: 'labels' is a required property"),
    "wrong field": (lambda folder: change(folder, calibration={"temperature": -1, "chosen_on": "x"}),
                    "calibration.temperature: -1 is less than or equal to"),
    "another's name": (lambda folder: change(folder, name="else"), "name: 'else' is not the folder's"),
    "wrong hash": (lambda folder: (folder / "model.tflite").write_bytes(b"else"), "not the file of the card"),
    "no file": (lambda folder: (folder / "model.tflite").unlink(), "the card names this file, it is missing"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_bundle_is_one_line_that_says_what_to_do(tmp_path, how):
    folder = stubs.make_bundle(tmp_path)
    assert bundles.check(folder)["name"] == "stub"
    breaks, words = BROKEN[how]
    breaks(folder)
    with pytest.raises(BundleError) as error:
        bundles.check(folder)
    line = str(error.value)
    assert words in line and "\n" not in line
    assert "python -m training export" in line or "rename" in line


def test_a_broken_bundle_that_is_not_chosen_is_left_out_and_listed(make_app, tmp_path):
    (tmp_path / "models" / "other" / "card.json").write_text("{")
    client = make_app().test_client()
    models = client.get("/models.json").json
    assert [model["name"] for model in models["models"]] == ["stub"]
    assert models["broken"] == ["other"]
    assert client.get("/models/other.json").status_code == 404
    assert "broken" in client.get("/models/other").text


@pytest.mark.parametrize("how", BROKEN)
def test_the_chosen_bundle_broken_stops_the_start_with_one_line(tmp_path, capsys, how):
    BROKEN[how][0](stubs.make_bundle(tmp_path))
    assert main(["serve", "--models", str(tmp_path), "--model", "stub", "--port", "0"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and BROKEN[how][1] in said and said.count("\n") == 1


def test_a_missing_bundle_names_those_that_are_there(tmp_path, capsys):
    stubs.make_bundle(tmp_path, "a")
    stubs.make_bundle(tmp_path, "b")
    assert main(["serve", "--models", str(tmp_path), "--model", "c", "--port", "0"]) == 2
    assert "there is no model 'c', there are: a, b" in capsys.readouterr().err


def test_a_bundle_without_a_network_stops_the_start(tmp_path):
    stubs.make_bundle(tmp_path)
    if not (ROOT / "static/detector/detector.json").is_file():
        pytest.skip("the detector's files are not made")
    with pytest.raises(BundleError, match="the network cannot be loaded"):
        create_app({"models": str(tmp_path), "model": "stub"})


def test_a_missing_detector_says_what_to_do(tmp_path, capsys):
    stubs.make_bundle(tmp_path)
    detector = str(tmp_path / "nowhere")
    assert main(["serve", "--models", str(tmp_path), "--model", "stub", "--detector", detector, "--port", "0"]) == 2
    assert "make detector" in capsys.readouterr().err


def test_the_default_is_offered_first(tmp_path):
    for name in "abc":
        stubs.make_bundle(tmp_path, name)
    offered = bundles.offered(bundles.find(tmp_path), "b")
    assert [(one["name"], one["default"]) for one in offered] == [("b", True), ("a", False), ("c", False)]


def test_our_own_bundles_are_whole():
    found = bundles.find(ROOT / "static/models")
    assert found and not [bundle.error for bundle in found.values() if bundle.error]
