"""The comparison table on the Models page."""

import json

from training.zoo.tables import rows

RESULT = {"label_set": "fer2013", "parameters": 58_423, "multiply_adds": 3_100_000, "bytes": 120_000,
          "milliseconds": {"1": 0.4, "32": 0.3}, "epochs": 3, "epochs_of_recipe": 110, "command": "python -m training",
          "PublicTest": {"faces": 3589, "accuracy": 0.5},
          "PrivateTest": {"faces": 3589, "accuracy": 0.6311, "without_twins": 0.5,
                          "worst_class": {"label": "disgust", "recall": 0.1}, "expected_calibration_error": 0.02}}


def test_models_page_shows_the_comparison_table(app, tmp_path):
    app.static_folder = str(tmp_path)
    (tmp_path / "zoo.json").write_text(json.dumps({"rows": rows({"nama.mini-xception-seven": RESULT}, [])}))
    page = app.test_client().get("/models").text
    row = next(row for row in page.split("<tr>") if "mini-XCEPTION, seven classes" in row)
    for text in ("58,423", "3.1 M", "50.0 %", "disgust 10.0 %", "3 of 110, shortened", ">9<",
                  "<code>python -m training</code>"):
        assert text in row
    assert "fractal" not in page            # neither trained nor benchmarked


def test_models_page_works_without_the_table(app, tmp_path):
    app.static_folder = str(tmp_path)
    page = app.test_client().get("/models")
    assert page.status_code == 200 and "Comparison with published networks" not in page.text
