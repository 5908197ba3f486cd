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


PROBLEMS = {
    "missing card": (lambda folder: (folder / "card.json").unlink(), "card.json: the card is missing"),
    "invalid JSON": (lambda folder: (folder / "card.json").write_text("{"), "card.json: not JSON"),
    "missing field": (lambda folder: remove(folder, "labels"), "the card: 'labels' is a required property"),
    "invalid field": (lambda folder: change(folder, calibration={"temperature": -1, "chosen_on": "x"}),
                    "calibration.temperature: -1 is less than or equal to"),
    "wrong name": (lambda folder: change(folder, name="else"), "`name` must match the directory 'stub', got 'else'"),
    "wrong hash": (lambda folder: (folder / "model.tflite").write_bytes(b"else"), "model.tflite: the SHA-256 must be"),
    "missing file": (lambda folder: (folder / "model.tflite").unlink(), "the card lists this file, but it is missing"),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_invalid_bundle_raises_a_one_line_error_with_a_remedy(tmp_path, problem):
    folder = stubs.make_bundle(tmp_path)
    assert bundles.read_card(folder)["name"] == "stub"
    damage, message = PROBLEMS[problem]
    damage(folder)
    with pytest.raises(BundleError) as error:
        bundles.read_card(folder)
    line = str(error.value)
    assert message in line and "\n" not in line
    assert "python -m training export" in line or "rename" in line


def test_invalid_bundle_that_is_not_the_default_is_skipped_and_listed(make_app, tmp_path):
    (tmp_path / "models" / "other" / "card.json").write_text("{")
    client = make_app().test_client()
    models = client.get("/models.json").json
    assert [model["name"] for model in models["models"]] == ["stub"]
    assert models["broken"] == ["other"]
    assert client.get("/models/other.json").status_code == 404
    assert "broken" in client.get("/models/other").text


@pytest.mark.parametrize("problem", PROBLEMS)
def test_invalid_default_bundle_stops_the_server_with_one_line(tmp_path, capsys, problem):
    PROBLEMS[problem][0](stubs.make_bundle(tmp_path))
    assert main(["serve", "--models", str(tmp_path), "--model", "stub", "--port", "0"]) == 2
    stderr = capsys.readouterr().err
    assert stderr.startswith("error: ") and PROBLEMS[problem][1] in stderr and stderr.count("\n") == 1


def test_missing_default_bundle_lists_the_available_ones(tmp_path, capsys):
    stubs.make_bundle(tmp_path, "a")
    stubs.make_bundle(tmp_path, "b")
    assert main(["serve", "--models", str(tmp_path), "--model", "c", "--port", "0"]) == 2
    assert "there is no model 'c', the models are: a, b" in capsys.readouterr().err


def test_bundle_without_a_network_stops_the_server(tmp_path):
    stubs.make_bundle(tmp_path)
    if not (ROOT / "static/detector/detector.json").is_file():
        pytest.skip("the detector is not built")
    with pytest.raises(BundleError, match="the network cannot be loaded"):
        create_app({"models": str(tmp_path), "model": "stub"})


def test_missing_detector_error_names_the_make_target(tmp_path, capsys):
    stubs.make_bundle(tmp_path)
    detector = str(tmp_path / "nowhere")
    assert main(["serve", "--models", str(tmp_path), "--model", "stub", "--detector", detector, "--port", "0"]) == 2
    assert "make detector" in capsys.readouterr().err


def test_default_model_is_listed_first(tmp_path):
    for name in "abc":
        stubs.make_bundle(tmp_path, name)
    available = bundles.available(bundles.find(tmp_path), "b")
    assert [(one["name"], one["default"]) for one in available] == [("b", True), ("a", False), ("c", False)]


def test_published_bundles_are_valid():
    found = bundles.find(ROOT / "static/models")
    assert found and not [bundle.error for bundle in found.values() if bundle.error]
