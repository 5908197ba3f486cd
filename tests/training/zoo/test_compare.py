"""The zoo's table: runs measured from the command line, 2013 ranks, Markdown and CSV."""

import csv
import json

import keras

from training import cli, recipes
from training.export.litert import multiply_adds
from training.networks import hameed, nama
from training.zoo import tables
from training.zoo.published import BOARD, ROWS, place


def run(*words):
    return cli.main([*map(str, words)])


def test_run_becomes_a_row_with_its_command(site, capsys):
    name = "nama.mini-xception-seven"
    assert run("fit", name, "--data", "faces.csv", "--any-md5", "--set", "epochs=2") == 0
    assert run("compare", name, "--data", "faces.csv", "--any-md5") == 0
    result = json.loads((site / "results" / f"{name}.json").read_text())
    assert result["parameters"] == 58_423
    assert result["changed"] == {"epochs": 2}
    assert result["command"].endswith(f"fit {name} --data fer2013.csv.gz --set epochs=2")
    assert (result["epochs"], result["epochs_of_recipe"]) == (2, 110)
    assert set(result["milliseconds"]) == {"1", "32"}
    for split in ("PublicTest", "PrivateTest"):
        assert result[split]["faces"] == 20
        assert 0 <= result[split]["worst_class"]["recall"] <= result[split]["accuracy"] <= 1
    assert "mini-XCEPTION, seven classes" in (site / "docs" / "zoo.md").read_text()
    with open(site / "docs" / "zoo.csv", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["recipe"] == name)
    assert row["cut"] == "True"
    assert len(json.loads((site / "static" / "zoo.json").read_text())["rows"]) == len(ROWS)


def test_mlp_is_trained_and_measured(site):
    assert run("mlp", "--data", "faces.csv", "--any-md5", "--epochs", "3") == 0
    result = json.loads((site / "results" / "tan.perceptron.json").read_text())
    assert result["parameters"] == 2304 * 300 + 300 + 300 * 7 + 7
    assert result["multiply_adds"] == 2304 * 300 + 300 * 7
    assert result["epochs"] == 3


def test_unknown_row_or_missing_run_is_reported(site, capsys):
    assert run("compare", "nothing") == 2
    assert "is not a row of the table" in capsys.readouterr().err
    assert run("compare", "hameed", "--data", "faces.csv", "--any-md5") == 2
    assert "no such run; train it first" in capsys.readouterr().err
    assert run("compare", "hameed") == 2


def test_every_row_has_a_recipe():
    for row in ROWS:
        if row.recipe != "tan.perceptron":
            assert recipes.load(row.recipe).name == row.recipe
    assert len({row.recipe for row in ROWS}) == len(ROWS)


def test_rank_among_the_top_ten_of_2013():
    assert place(0.72) == 1
    assert place(0.70) == 2
    assert place(0.6219) == 10
    assert place(0.62) is None
    assert list(BOARD) == sorted(BOARD, reverse=True)


def test_untrained_rows_are_listed():
    table = tables.rows({}, [])
    text = tables.markdown(table)
    assert "Not trained yet" in text and "Valero: fractal" in text


def test_row_of_a_training_subset_is_marked():
    figures = {"faces": 3589, "accuracy": 0.3, "without_twins": 0.3, "expected_calibration_error": 0.1,
               "worst_class": {"label": "disgust", "recall": 0.0}}
    result = {"recipe": "hameed", "label_set": "fer2013", "parameters": 5, "multiply_adds": 9, "bytes": 10,
              "milliseconds": {"1": 1.0, "32": 1.0}, "epochs": 30.0, "epochs_of_recipe": 30, "steps": 1320,
              "changed": {"subset": 0.1}, "command": "", "PublicTest": figures, "PrivateTest": figures}
    table = tables.rows({"hameed": result}, [])
    assert next(row for row in table if row["recipe"] == "hameed")["cut"]
    assert "30 of 30, of 10 % (1320 steps), **cut** |" in tables.markdown(table)


def test_multiply_adds_count_all_kinds_of_convolutions():
    with keras.StatelessScope(initialize_variables=False):
        assert multiply_adds(hameed.cnn({"fer2013": 7})) == _hameeds_convolutions() + sum(
            (512 * 256, 256 * 512, 512 * 7))
        # mini-XCEPTION without its separable convolutions would be 2.6 million
        assert multiply_adds(nama.mini_xception({"fer2013": 7})) > 3_000_000


def _hameeds_convolutions():
    return (48 * 48 * 9 * (32 + 32 * 64) + 24 * 24 * 25 * 64 * 128 + 12 * 12 * 9 * 128 * 512
            + (6 * 6 + 3 * 3) * 9 * 512 * 512)
