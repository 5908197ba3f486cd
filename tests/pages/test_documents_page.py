"""The page *The documents*: its texts, an experiment beside the document's figure, and its empty state."""

import json
import re

import pytest

from training.zoo import compare, documents, left
from training.zoo.published import REASONS, ROWS, SWEEPS
from webapp.languages import catalogues
from webapp.pages import documents as page

MATRIX = [[0] * 7 for _ in range(7)]
MATRIX[3] = [0, 0, 0, 879, 0, 0, 0]
for label, count in ((0, 491), (1, 55), (2, 528), (4, 594), (5, 416), (6, 626)):
    MATRIX[label][3 if label % 2 else label] = count


def result(accuracy, epochs=20, **others):
    split = {"faces": 3589, "accuracy": accuracy, "without_twins": accuracy, "confusion": MATRIX,
             "worst_class": {"label": "disgust", "recall": 0.0}, "expected_calibration_error": 0.02}
    return {"label_set": "fer2013", "parameters": 839_047, "multiply_adds": 9, "bytes": 5, "epochs": epochs,
            "epochs_of_recipe": 20, "milliseconds": {"1": 1.0, "32": 1.0}, "changed": {}, "steps": 5,
            "command": "fit it",
            "curve": {"epoch": [1, 2], "loss": [1.9, 1.5], "public_accuracy": [0.31, 0.42], "public_loss": [1.8, 1.6]},
            "PublicTest": split, "PrivateTest": split} | others


@pytest.fixture
def static(app, tmp_path):
    """The site's folder of static files, with the results of two rows of Tan et al."""
    app.static_folder = str(tmp_path)
    seeds = {str(seed): {"PublicTest": 0.4, "PrivateTest": accuracy, "epochs": 20} for seed, accuracy in
             ((1, 0.471), (2, 0.489))}
    documents.write({"tan": result(0.48, seeds=seeds), "tan.improved": result(0.52, 7)},
                    {"device": "tensorflow cpu", "cores": 2, "rows": {"tan.improved": {"hours": 1.25}}}, tmp_path)
    return tmp_path


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def row_of(html, title):
    return text_of(next(row for row in html.split("<tr>") if f">{title}<" in row))


def test_an_experiment_is_shown_beside_the_documents_figure(client, static):
    html = client.get("/models/documents/tan").text
    assert "default CNN 46.3 % 48.0 % 3 seeds: 47.1–48.9 % +1.7 48.0 % 20 of 20" in row_of(html, "default CNN")
    assert "The document does not list all layers" in row_of(html, "default CNN")
    improved = row_of(html, "improved")
    assert "+0.7 52.0 % 7 of 20 shortened 1.2 hours left on 2 CPU cores" in improved
    assert "is shorter than the document" in improved
    assert "MLP (300) 25.0 % – – – – This row has not been trained yet." in row_of(html, "MLP (300)")


def test_a_run_is_shown_with_its_curve_confusion_matrix_and_classes(client, static):
    html = client.get("/models/documents/tan").text
    record = html[html.index('id="tan"'):html.index('id="tan-improved"')]
    text = text_of(record)
    assert "1 1.9000 1.8000 2 1.5000 1.6000" in text and "2 0.4200" in text
    assert "happiness 0 0 0 879 0 0 0" in text
    assert "anger 1.00 1.00 1.00 491" in text and "disgust 0.00 0.00 0.00 55" in text
    assert {"curves", "heat"} <= set(re.findall(r'data-chart="(\w+)"', record))


def test_a_sweep_separates_whole_from_shortened_runs(client, static):
    html = client.get("/models/documents/tan").text
    sweep = html[html.index('id="sweep-series"'):html.index('id="sweep-input"')]
    values = {text_of(row).split(" ")[0]: re.findall(r'data-value="([\d.]+)"', row) for row in sweep.split("<tr>")[2:]}
    assert values["MLP"] == ["0.25"]
    assert values["default"] == ["0.463", "0.48"] and "– 20 of 20" in text_of(sweep)
    assert values["improved"] == ["0.513", "0.52"] and "51.3 % – 52.0 %" in text_of(sweep)


def test_a_sweep_has_the_spread_of_the_seeds(client, static):
    html = client.get("/models/documents/tan").text
    sweep = html[html.index('id="sweep-series"'):html.index('id="sweep-input"')]
    assert re.findall(r'data-low="([\d.]+)" data-high="([\d.]+)"', sweep) == [("0.471", "0.489")]
    assert "48.0 % 47.1–48.9 %" in text_of(sweep)
    assert "A vertical line spans the accuracies of a row’s seeds;" in html


@pytest.mark.parametrize("others", [{}, {"epochs": 7, "seeds": {"1": {"PublicTest": 0.4, "PrivateTest": 0.47}}}])
def test_sweeps_without_seeds_of_a_whole_run_have_no_spread(client, static, others):
    documents.write({"tan": result(0.48, **others)}, static=static)
    html = client.get("/models/documents/tan").text
    assert "data-low" not in html and "A vertical line spans" not in html


def test_a_sweep_without_shortened_runs_has_no_column_for_them(client, static):
    html = client.get("/models/documents/tan").text
    sweep = html[html.index('id="sweep-input"'):html.index('id="records"')]
    assert "Ours" in text_of(sweep) and "Ours, shortened" not in text_of(sweep)
    assert html.count("Ours, shortened") == 1


def test_documents_are_listed_with_what_is_whole(client, static):
    text = text_of(client.get("/models/documents").text)
    assert "Razzano" in text and "9 experiments, 1 with their whole schedule." in text
    assert 'href="/models/documents"' in client.get("/models").text


def test_without_the_file_the_page_names_the_command(client, app, tmp_path):
    app.static_folder = str(tmp_path)
    assert "python -m training zoo run" in client.get("/models/documents").text
    assert client.get("/models/documents/tan").status_code == 404


@pytest.mark.parametrize("name", ["nobody", "..%2f", "TAN"])
def test_unknown_document_is_not_found(client, static, name):
    assert client.get(f"/models/documents/{name}").status_code == 404


def test_a_document_without_records_says_so(client, static):
    assert "has a record of its learning curve" in text_of(client.get("/models/documents/valero").text)


def test_every_name_and_reason_of_the_results_has_a_text():
    named = {row.network for row in ROWS} | {row.document for row in ROWS} | {row.split for row in ROWS}
    named |= {sweep.title for sweep in SWEEPS} | {value for sweep in SWEEPS for value, _ in sweep.points}
    unknown = {text for text in named if re.search(r"[a-z]{2}", text, re.IGNORECASE)} - page.NAMES - {"FER2013"}
    assert unknown == set()
    assert set(page.REASONS) == set(REASONS)
    assert set(page.ABOUT) == {documents.identifier(row.document) for row in ROWS}


def test_page_in_spanish(client, static):
    text = text_of(client.get("/models/documents/tan?lang=es").text)
    assert "CNN básica 46,3 % 48,0 % 3 semillas: 47,1–48,9 % +1,7" in text
    assert "faltan 1,2 horas en 2 núcleos de CPU" in text
    assert "9 experimentos, 1 con su entrenamiento completo." in text_of(client.get("/models/documents?lang=es").text)
    assert catalogues.current() == "en"


def test_reasons_follow_from_the_figures():
    rows = {row.recipe: row for row in ROWS}
    assert documents.reasons(rows["tan"], {}) == ["untrained"]
    assert documents.reasons(rows["valero-preparation"], result(0.58)) == ["chance", "schedule"]
    assert documents.reasons(rows["valero-preparation"], result(0.65)) == ["schedule"]
    assert documents.reasons(rows["valero-preparation"], result(0.58, 3)) == ["cut"]
    assert documents.reasons(rows["razzano.neutral"], result(0.8)) == ["nothing", "own-videos", "schedule"]


def test_every_figure_of_a_document_has_a_reason_to_differ():
    assert [row.recipe for row in ROWS if row.accuracy is not None and not row.reasons] == []


def test_published_file_is_that_of_the_results():
    stored = json.loads((page.Path("static") / page.FILE).read_text())["documents"]
    assert [one["rows"] for one in stored] == [
        one["rows"] for one in documents.round_floats(documents.documents(
            compare.results(), left.stored()))]
