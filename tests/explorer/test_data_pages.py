"""The pages under /data, and their JSON and CSV forms."""

import csv
import html
import io
import json
import re
import shutil
import struct

import drawn
import numpy as np
import pytest
import stubs
from PIL import Image

from webapp import create_app
from webapp.explorer.queries import DataSet, DataSetError, filters, statistics
from webapp.settings import NAMES

VIEWS = ("", "/browse", "/map", "/models", "/issues", "/samples/4")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("images", [True, False])
def test_every_view_has_a_page_and_json(site, bare_site, view, images):
    client = site if images else bare_site
    page = client.get(f"/data/drawn{view}?label=sadness")
    assert page.status_code == 200 and b"label: <b>sadness</b>" in page.data
    assert (b"how to install them" in page.data) is not images
    response = client.get(f"/data/drawn{view}.json?label=sadness")
    assert response.status_code == 200 and response.json["filters"]["label"] == "sadness"


def test_data_redirects_to_a_single_data_set(site):
    assert site.get("/data").headers["Location"] == "/data/drawn"
    assert site.get("/data.json").json["datasets"][0]["pictures"] is True


def test_csv_contains_the_filtered_rows(site):
    response = site.get("/data/drawn/browse.csv?label=fear&sort=-brightness")
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert len(lines) == site.get("/data/drawn/browse.json?label=fear").json["count"]
    assert {line["label"] for line in lines} == {"fear"}
    brightness = [float(line["brightness"]) for line in lines]
    assert brightness == sorted(brightness, reverse=True)
    assert "attachment" in response.headers["Content-Disposition"]


def test_csv_is_read_in_parts_and_holds_no_result_between_them(site, dataset, monkeypatch):
    """A client that reads slowly must not occupy the memory of the whole table."""
    address = "/data/drawn/browse.csv?sort=-sharpness"
    whole = site.get(address).text
    monkeypatch.setattr("webapp.explorer.queries.dataset.CSV_ROWS", 7)
    assert site.get(address).text == whole
    parts = dataset.csv(filters.parse([], dataset.summary))
    assert len(list(csv.reader([next(parts)]))) == 1 and next(parts).count("\n") == 7
    assert dataset._cursor().fetchall() == []


def test_overview_counts_sum_to_the_rows(site):
    found = site.get("/data/drawn.json").json
    assert sum(cell["rows"] for cell in found["label_by_split"]) == found["count"] == 240
    for name, bins in found["histograms"].items():
        assert sum(one["rows"] for one in bins) == 240, name


def links(page, pattern):
    """[(URL, displayed number)] of the page's links whose URL contains `pattern`."""
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(?:<span class="thumb"[^>]*></span>)?([\d,]+)</a>', page)
    return [(html.unescape(href), int(words.replace(",", ""))) for href, words in found if pattern in href]


@pytest.mark.parametrize(("view", "pattern"), [
    ("", "label="), ("", "top_votes="), ("", "plurality="), ("", "entropy="), ("", "brightness="), ("", "contrast="),
    ("", "sharpness="), ("", "twin="), ("/models?split=Training", "answer="), ("/models?split=Training", "confidence="),
    ("/models?split=Training", "top_votes="), ("/models?split=Training", "other_right="),
    ("?split=Training&label=fear", "brightness=")])
def test_every_bar_and_cell_links_to_as_many_rows_as_it_shows(site, view, pattern):
    found = links(site.get(f"/data/drawn{view}").text, pattern)
    assert found and sum(count for _, count in found)
    for href, count in found:
        assert site.get(href.replace("/browse?", "/browse.json?")).json["count"] == count, href


def test_histogram_edges_avoid_all_values():
    for low, high, decimals, logarithm in ((0, 255, 2, False), (0.31, 31680.27, 2, True), (0, 2.0794, 4, False),
                                         (7, 7, 2, False), (0.1, 0.13, 2, False)):
        edges = statistics.edges(low, high, decimals, logarithm)
        assert edges[0] == low and edges[-1] == high and len(edges) <= statistics.HISTOGRAM_BINS + 1
        assert edges == sorted(edges) and len(edges) >= 2
        between = np.array(edges[1:-1]) * 10 ** decimals
        assert np.allclose(between % 1, 0.5, atol=1e-3), "no value with so many decimals is an edge"


def test_overview_reports_class_imbalance(site):
    found = site.get("/data/drawn.json").json["imbalance"]
    assert found["most"]["rows"] >= found["fewest"]["rows"] > 0
    assert found["ratio"] == round(found["most"]["rows"] / found["fewest"]["rows"], 1)
    assert site.get("/data/drawn.json?brightness=250..").json["imbalance"] is None


def test_mean_faces_link_to_their_rows(site):
    page = site.get("/data/drawn").text
    assert page.count("faces/mean.png") == page.count("faces/variance.png") == 3 * 7
    assert 'viewBox="48 96 48 48"' in page, "disgust in PrivateTest"


def test_sample_links_to_its_row_as_csv(site):
    href = re.search(r'href="([^"]*browse\.csv[^"]*)"', site.get("/data/drawn/samples/7?label=anger").text)[1]
    lines = list(csv.DictReader(io.StringIO(site.get(html.unescape(href)).text)))
    assert [line["row"] for line in lines] == ["7"]


def test_issues_are_counted_and_filtered_by_label(site):
    page = site.get("/data/drawn/issues").text
    label, href = re.search(r'<a href="([^"]*)">(\w+)</a> \d', page).group(2, 1)
    assert href == f"/data/drawn/issues?label_issue=yes&amp;sort=label_quality&amp;label={label}"
    rows = site.get(html.unescape(href).replace("/issues?", "/issues.json?")).json["rows"]
    assert rows and {row["label"] for row in rows} == {label}


def test_pages_link_to_other_data_sets(built, make_client, tmp_path, site):
    for name in ("drawn", "again"):
        shutil.copytree(built[0] / "drawn", tmp_path / name)
    client = make_client(tmp_path, tmp_path / "none")
    page = client.get("/data").text
    assert 'href="/data/drawn"' in page and 'href="/data/again"' in page
    assert "other data sets" in client.get("/data/again/browse").text
    assert "other data sets" not in site.get("/data/drawn/browse").text


@pytest.fixture(scope="session")
def plain_site(built, make_client, tmp_path_factory):
    """A site with three data sets: without votes and models, without votes, and without models."""
    folder = tmp_path_factory.mktemp("plain")
    drawn.build_without(built[0].parent, folder)
    return make_client(folder, folder / "none")


@pytest.mark.parametrize("name", ["plain", "novotes", "nomodels"])
@pytest.mark.parametrize("view", VIEWS)
def test_data_set_without_votes_or_models_has_every_view(plain_site, name, view):
    votes, models = name == "nomodels", name == "novotes"
    response = plain_site.get(f"/data/{name}{view}?label=sadness")
    page = response.text
    assert response.status_code == 200 and bool(re.search("[Rr]ater|plurality|majority", page)) is (
        votes and view != "/models")
    assert ("No model has been evaluated" in page) is (view == "/models" and not models)
    assert ("by pixel values" in page) is (view == "/samples/4" and not models)
    response = plain_site.get(f"/data/{name}{view}.json?label=sadness").json
    assert response["model"] == ("jury-drawn" if models else None)


def test_model_of_votes_is_evaluated_on_labels_if_there_are_no_votes(plain_site):
    found = plain_site.get("/data/novotes/models.json?split=Training").json["first"]
    assert found["model"]["truth"] == "label" and found["by_votes"] == [] and found["rows"] == 160
    for href, count in links(plain_site.get("/data/novotes/models?split=Training").text, "/browse?"):
        assert plain_site.get(href.replace("/browse?", "/browse.json?")).json["count"] == count, href
    assert "the label" in plain_site.get("/data/novotes/samples/4").text


@pytest.mark.parametrize("parameter", ["majority=fear", "entropy=0..1", "disagree=yes", "right=yes", "answer=fear",
                                   "confidence=0..1", "colour=answer", "colour=majority", "sort=entropy",
                                   "model=jury-drawn"])
def test_filters_on_missing_columns_are_rejected(plain_site, parameter):
    for path in ("browse.json", "map.json", "map.bin", "browse.csv"):
        response = plain_site.get(f"/data/plain/{path}?{parameter}")
        assert response.status_code == 400 and parameter.partition("=")[0] in response.json["error"]["message"]


def test_changed_networks_are_reported(site, monkeypatch):
    card = site.application.extensions["emoscope"].bundles["seven-drawn"].card
    explained = "/data/drawn/samples/5/explanation.json?model=seven-drawn"
    assert "has changed since" not in site.get("/data/drawn/models").text and site.get(explained).status_code == 200
    monkeypatch.setitem(card, "version", "2.0.0")
    monkeypatch.setitem(card["files"], "model.keras", {"sha256": "1" * 64})
    page = site.get("/data/drawn/models?model=jury-drawn&other=seven-drawn").text
    assert page.count("has changed since") == 1 and "(current version: 2.0.0)" in page
    found = site.get("/data/drawn/models.json?model=jury-drawn&other=seven-drawn").json
    assert (found["first"]["now"], found["second"]["now"]) == (None, "2.0.0")
    assert site.get(explained).status_code == 400, "the predictions shown are of another network"
    assert found["second"]["model"]["version"] == "1.0.0"
    page = site.get("/data/drawn/samples/5").text
    assert page.count("Predicted by version 1.0.0; the network has changed since (current version: 2.0.0)") == 1


def test_new_version_with_the_same_network_is_shown(site, monkeypatch):
    """A bundle may change, such as its card or its other files, while its network and so the predictions stay."""
    monkeypatch.setitem(site.application.extensions["emoscope"].bundles["seven-drawn"].card, "version", "2.0.0")
    monkeypatch.setitem(site.application.extensions["emoscope"].bundles["seven-drawn"].card["files"], "model.keras",
                        {"sha256": "0" * 64})
    found = site.get("/data/drawn/models.json?model=seven-drawn").json["first"]
    assert (found["model"]["version"], found["now"]) == ("2.0.0", None)


def test_training_split_is_marked(built, make_client, tmp_path, site):
    """The models were trained on the published CSV. For a set without an MD5 it is unknown."""
    for path in ("samples/4", "models?split=Training"):
        assert "The models were trained on" in site.get(f"/data/drawn/{path}").text
    folder = _copy(built, tmp_path)
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps(summary | {"md5": None}))
    client = make_client(tmp_path, tmp_path / "none")
    for path in ("samples/4", "models?split=Training"):
        page = client.get(f"/data/drawn/{path}").text
        assert "Models trained on this data set have seen" in page and "The models were" not in page


def test_robustness_is_shown_only_for_the_measured_network(site, dataset, monkeypatch, tmp_path):
    accuracies = {"label_set": "ferplus", "undisturbed": 0.8, "rotation": [0.75, 0.6]}
    results = {"split": "PublicTest", "md5": dataset.summary["md5"],
            "disturbances": [{"name": "rotation", "unit": "degrees", "strengths": [5, 10]}],
            "networks": {"jury-drawn": accuracies | {"model_sha256": "0" * 64},
                         "seven-drawn": accuracies | {"model_sha256": "1"}}}
    (tmp_path / "robustness.json").write_text(json.dumps(results))
    monkeypatch.setattr(site.application, "static_folder", str(tmp_path))
    found = site.get("/data/drawn/models.json?model=jury-drawn&other=seven-drawn").json
    assert found["first"]["robustness"] == [
        {"name": "none", "unit": "", "shares": [{"strength": "", "share": 0.8}]},
        {"name": "rotation", "unit": "degrees",
         "shares": [{"strength": 5, "share": 0.75}, {"strength": 10, "share": 0.6}]}]
    assert found["second"]["robustness"] == [], "that network has changed"
    page = site.get("/data/drawn/models").text
    assert page.count("Accuracy on corrupted images") == 1 and "75.0" in page
    (tmp_path / "robustness.json").write_text(json.dumps(results | {"md5": "of other data"}))
    assert site.get("/data/drawn/models.json").json["first"]["robustness"] == []


def test_confusion_matrix_counts_the_rows_behind_its_cells(site):
    found = site.get("/data/drawn/models.json?model=seven-drawn&split=PublicTest").json["first"]
    labels = found["model"]["labels"]
    assert sum(map(sum, found["confusion"])) == found["rows"]
    for row, truth in enumerate(labels):
        for column, predicted in enumerate(labels):
            cell = site.get("/data/drawn/browse.json", query_string={
                "model": "seven-drawn", "split": "PublicTest", "label": truth, "answer": predicted}).json
            assert cell["count"] == found["confusion"][row][column]
    correct = sum(found["confusion"][index][index] for index in range(len(labels)))
    assert found["accuracy"]["value"] == pytest.approx(correct / found["rows"], abs=1e-4)
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]


def test_models_are_evaluated_on_the_last_split_by_default(site):
    assert site.get("/data/drawn/models.json").json["filters"] == {"split": "PrivateTest"}
    assert b"memorization" in site.get("/data/drawn/models?split=Training").data


def test_joint_results_of_two_models_count_their_rows(site):
    found = site.get("/data/drawn/models.json?model=jury-drawn&other=seven-drawn").json
    assert {(cell["first"], cell["second"]) for cell in found["together"]} <= {(a, b) for a in (True, False)
                                                                              for b in (True, False)}
    for cell in found["together"]:
        rows = site.get("/data/drawn/browse.json", query_string={
            "split": "PrivateTest", "model": "jury-drawn", "other": "seven-drawn",
            "right": "yes" if cell["first"] else "no", "other_right": "yes" if cell["second"] else "no"}).json
        assert rows["count"] == cell["rows"]


def test_predictions_of_two_models_count_their_rows(site):
    found = site.get("/data/drawn/models.json?model=jury-drawn&other=seven-drawn&split=Training").json
    assert sum(cell["rows"] for cell in found["predictions"]) == 160
    for cell in found["predictions"][::5]:
        assert cell["same"] == (cell["first"] == cell["second"])
        rows = site.get("/data/drawn/browse.json", query_string={
            "split": "Training", "model": "jury-drawn", "other": "seven-drawn", "answer": cell["first"],
            "other_answer": cell["second"]}).json
        assert rows["count"] == cell["rows"]


def test_paired_difference_of_two_models(site):
    cells = {(True, True): 60, (True, False): 25, (False, True): 5, (False, False): 10}
    found = statistics.paired_difference([{"first": a, "second": b, "rows": rows} for (a, b), rows in cells.items()])
    half = 1.959964 * ((30 - 20 ** 2 / 100) ** 0.5) / 100
    assert found == {"value": 0.2, "low": round(0.2 - half, 4), "high": round(0.2 + half, 4)}
    assert statistics.paired_difference([]) is None
    page = site.get("/data/drawn/models?model=jury-drawn&other=seven-drawn&split=Training").text
    assert "Their references differ" in page and "Both predict the same expression for" in page


def test_rows_that_only_one_model_predicts_correctly_are_shown(site):
    """With the most confident errors of the other one first, on any filter."""
    page = site.get("/data/drawn/models?model=jury-drawn&other=seven-drawn&split=Training&brightness=..150").text
    for title, right, other_right, sort in (("Only jury-drawn is correct", "yes", "no", "-other_confidence"),
                                            ("Only seven-drawn is correct", "no", "yes", "-confidence")):
        found = site.get("/data/drawn/browse.json", query_string={
            "split": "Training", "brightness": "..150", "model": "jury-drawn", "other": "seven-drawn", "right": right,
            "other_right": other_right, "sort": sort, "size": 12}).json
        part = page[page.index(f"<h3>{title}"):].partition("</ul>")[0]
        assert f">{found['count']:,} images</a>" in part
        assert [int(row) for row in re.findall(r'data-row="(\d+)"', part)] == [row["row"] for row in found["rows"]]
        href = html.unescape(re.search(r'href="([^"]*)"', part)[1])
        assert site.get(href.replace("/browse?", "/browse.json?")).json["count"] == found["count"]
    assert "Only jury-drawn is correct" not in site.get("/data/drawn/models?right=yes&other=seven-drawn").text


def test_browse_shows_both_models(site):
    tile = site.get("/data/drawn/browse?model=jury-drawn&other=seven-drawn&row=7").text
    assert "prediction of jury-drawn" in tile and "prediction of seven-drawn" in tile
    assert "Compare jury-drawn and seven-drawn on these" in tile
    assert "prediction of seven-drawn" not in site.get("/data/drawn/browse?row=7").text


def test_evidence_names_what_contradicts_a_label(site):
    """Row 4 is sadness drawn, labeled surprise."""
    found = site.get("/data/drawn/samples/4.json").json
    row, evidence = found["sample"], {entry["source"]: entry for entry in found["evidence"]}
    assert row["label"] == "surprise"
    assert evidence["votes"] | {"agrees": None} == {"source": "votes", "says": row["plurality"], "agrees": None,
                                                    "detail": {"count": row["top_votes"], "of": 10}}
    assert evidence["out-of-fold"]["says"] == row["suggested"]
    assert evidence["jury-drawn"]["says"] == row["jury-drawn.answer"] and evidence["jury-drawn"]["trained"] is True
    labels = [neighbor["label"] for neighbor in found["neighbours"]]
    assert evidence["neighbors"]["detail"] == {"count": labels.count(evidence["neighbors"]["says"]), "of": len(labels)}
    assert all(entry["agrees"] == (entry["says"] == "surprise") for entry in found["evidence"])
    assert found["verdict"]["against"] == sum(not entry["agrees"] for entry in found["evidence"]) > 0
    assert found["verdict"]["of"] == len(found["evidence"])
    page = site.get("/data/drawn/samples/4").text
    assert "sources contradict the label <b>surprise</b>" in page 
    assert page.count("✗ contradicts") == found["verdict"]["against"]


def test_evidence_of_copies_with_another_label(site):
    found = site.get("/data/drawn/samples/239.json").json
    copies = next(entry for entry in found["evidence"] if entry["source"] == "copies")
    assert copies["says"] == found["copies"][0]["label"] and copies["detail"] == {"count": 1, "of": 1}


def test_points_have_the_layout_described_by_map_json(site):
    about = site.get("/data/drawn/map.json?split=Training&colour=label").json
    data = site.get(about["points"]["href"]).data
    count = struct.unpack_from("<I", data)[0]
    assert count == about["count"] == 160 and len(data) == 4 + count * 13
    rows = np.frombuffer(data, "<u4", count, 4 + 8 * count)
    colors = np.frombuffer(data, np.uint8, count, 4 + 12 * count)
    assert rows.max() < 160 and about["categories"][colors[rows.tolist().index(5)]] == "surprise"
    numbers = site.get("/data/drawn/map.json?colour=entropy").json
    assert numbers["categories"] is None and len(site.get(numbers["points"]["href"]).data) == 4 + 240 * 16


def test_sample_has_votes_predictions_neighbors_and_duplicates(site):
    found = site.get("/data/drawn/samples/239.json").json
    assert found["twin"]["row"] == 2 and found["copies"][0]["row"] == 2
    assert found["neighbours"] and all(row["split"] == "Training" for row in found["neighbours"])
    assert 2 not in [row["row"] for row in found["neighbours"]], "a duplicate is not a neighbor"
    assert sum(found["sample"]["jury-drawn.probabilities"].values()) == pytest.approx(1, abs=0.02)
    assert found["before"] == 238 and found["after"] is None
    page = site.get("/data/drawn/samples/239").text
    assert "of 10 raters chose" in page and "Identical image in another split" in page


def test_explanation_requires_the_image_and_the_model(site, bare_site):
    found = site.get("/data/drawn/samples/5/explanation.json?model=jury-drawn").json
    drop = np.array(found["falls"])
    assert drop.shape == (12, 12) and found["label"] in ("neutral", "happiness")
    assert abs(drop[:, :5]).mean() > 5 * abs(drop[:, 8:]).mean(), "the stub uses the left half"
    assert "data-explain" in site.get("/data/drawn/samples/5").text
    assert "data-explain" not in bare_site.get("/data/drawn/samples/5").text
    for client, path, status in ((bare_site, "5/explanation.json?model=jury-drawn", 400),
                                 (site, "5/explanation.json?model=none", 400), (site, "5/explanation.json", 400),
                                 (site, "240/explanation.json?model=jury-drawn", 404)):
        assert client.get(f"/data/drawn/samples/{path}").status_code == status


def test_label_issues_are_sorted_worst_first(site):
    found = site.get("/data/drawn/issues.json").json
    quality = [row["label_quality"] for row in found["rows"]]
    assert quality == sorted(quality) and all(row["label_issue"] for row in found["rows"])


def test_sprite_sheet_has_the_rows_in_order(site, built):
    images = np.load(built[1] / "drawn" / "images.npy")
    numbers = [5, 0, 239, *range(20, 31)]
    response = site.get(f"/data/drawn/pictures.png?rows={','.join(map(str, numbers))}")
    sheet = np.asarray(Image.open(io.BytesIO(response.data)))
    assert sheet.shape == (96, 12 * 48)
    for index, number in enumerate(numbers):
        top, left = index // 12 * 48, index % 12 * 48
        assert (sheet[top:top + 48, left:left + 48] == images[number]).all()


def test_average_faces_are_in_the_order_of_the_rows(bare_site):
    """Each tile is the same face whatever the other rows of the sheet are."""
    def tiles(rows):
        response = bare_site.get(f"/data/drawn/average-faces.jpg?rows={','.join(map(str, rows))}")
        assert response.mimetype == "image/jpeg"
        sheet = np.asarray(Image.open(io.BytesIO(response.data)), int)
        return [sheet[index // 12 * 48:][:48, index % 12 * 48:][:, :48] for index in range(len(rows))]

    numbers = [5, 0, 239, *range(20, 31)]
    for number, tile in zip(numbers, tiles(numbers), strict=True):
        assert abs(tile - tiles([number])[0]).mean() < 1, "JPEG blocks of other tiles do not reach into this one"
    one, other = tiles([3, 5])
    assert abs(one - other).mean() > 2


def test_damaged_average_faces_are_reported(built, tmp_path):
    folder = _copy(built, tmp_path)
    (folder / "average-faces.zip").write_bytes(b"not a zip")
    with pytest.raises(DataSetError, match="average-faces.zip: cannot be read"):
        DataSet(folder).average_faces.sprite_sheet([1])


@pytest.mark.parametrize(("rows", "status"), [("", 400), ("a", 400), ("1,,2", 400), ("-1", 400), ("240", 404),
                                              (",".join(["1"] * 241), 400), ("9999999999", 400)])
def test_sprite_sheet_of_invalid_rows_is_an_error(site, rows, status):
    for sheet in ("pictures.png", "average-faces.jpg"):
        assert site.get(f"/data/drawn/{sheet}?rows={rows}").status_code == status


def test_site_without_images_shows_average_faces_and_how_to_install_the_images(bare_site, site, plain_site):
    assert bare_site.get("/data/drawn/pictures.png?rows=1").status_code == 404
    page = bare_site.get("/data/drawn").text
    assert "python -m training dataset import" in page
    page = bare_site.get("/data/drawn/browse").text
    assert "data-sheet=\"/data/drawn/average-faces.jpg?rows=0," in page and "pictures.png" not in page
    assert "the average of 30 similar faces, not the image itself" in page
    assert "the average of 30 similar" not in site.get("/data/drawn/browse").text
    assert "data-sheet" not in plain_site.get("/data/plain/browse").text
    assert plain_site.get("/data/plain/average-faces.jpg?rows=1").status_code == 404
    assert bare_site.get("/data/drawn/faces/mean.png").mimetype == "image/png"


@pytest.mark.parametrize("path", ["/data/none", "/data/none.json", "/data/drawn/samples/240", "/data/drawn/samples/-1",
                                  "/data/drawn/faces/other.png", "/data/..%2f..%2fetc", "/data/drawn/nothing"])
def test_unknown_paths_are_404(site, path):
    assert site.get(path).status_code == 404


def test_only_the_map_allows_unsafe_eval(site):
    policy = "Content-Security-Policy"
    assert " 'unsafe-eval'" in site.get("/data/drawn/map").headers[policy]
    assert " 'unsafe-eval'" not in site.get("/data/drawn/browse").headers[policy]


def _copy(built, tmp_path):
    shutil.copytree(built[0] / "drawn", tmp_path / "drawn")
    return tmp_path / "drawn"


def test_older_format_is_reported(built, tmp_path):
    from pyarrow import parquet
    folder = _copy(built, tmp_path)
    table = parquet.read_table(folder / "samples.parquet")
    table = table.replace_schema_metadata({"emoscope": json.dumps({"schema": 0})})
    parquet.write_table(table, folder / "samples.parquet")
    with pytest.raises(DataSetError, match="must be version 1, got the older version 0; build it again"):
        DataSet(folder)


@pytest.mark.parametrize(("damage", "message"), [
    (lambda folder: (folder / "samples.parquet").write_bytes(b"PAR1 not"), "cannot be read"),
    (lambda folder: (folder / "samples.parquet").unlink(), "cannot be read"),
    (lambda folder: (folder / "summary.json").write_text("{"), "cannot be read"),
    (lambda folder: (folder / "summary.json").write_text("[]"), "unknown version None"),
    (lambda folder: (folder / "summary.json").write_text('{"schema": 2}'), "unknown version 2"),
], ids=["no Parquet", "no table", "no JSON", "a list", "newer"])
def test_unusable_bundle_is_reported_and_skipped(built, make_client, tmp_path, damage, message):
    folder = _copy(built, tmp_path)
    damage(folder)
    with pytest.raises(DataSetError, match=message) as error:
        DataSet(folder)
    assert "\n" not in str(error.value)
    client = make_client(tmp_path, tmp_path / "none")
    assert message in client.get("/data").text
    assert client.get("/data/drawn").status_code == 404


def test_query_over_the_memory_limit_is_refused_and_nothing_is_written(built, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    models = tmp_path / "models"
    stubs.make_bundle(models)
    app = create_app({"models": str(models), "model": "stub", "datasets": str(built[0]), "data_bytes": 1_000_000},
                     reader=stubs.StubReader())
    app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"
    response = app.test_client().get("/data/drawn/browse.json?sort=-sharpness")
    assert response.status_code == 503 and response.json["error"]["code"] == "not_ready"
    assert "exceeds `data_bytes`" in caplog.text and not (tmp_path / ".tmp").exists()


def test_memory_limit_is_that_of_the_settings(built, site):
    def limit(dataset):
        return dataset._query("SELECT current_setting('memory_limit')", [])[0][0]

    default = DataSet(built[0] / "drawn", memory=NAMES["data_bytes"].default)
    assert limit(site.application.extensions["datasets"]["drawn"]) == limit(default)
    others = [DataSet(built[0] / "drawn", memory=memory) for memory in (0, 10**8)]
    assert len({limit(dataset) for dataset in (default, *others)}) == 3


def test_database_can_read_only_the_table(dataset, tmp_path):
    """Even arbitrary SQL can open no other file and change nothing."""
    import duckdb
    (tmp_path / "other.csv").write_text("a\n1\n")
    for sql in (f"SELECT * FROM '{tmp_path / 'other.csv'}'", "SET enable_external_access = true",
                     f"COPY samples TO '{tmp_path / 'out.csv'}'"):
        with pytest.raises(duckdb.Error):
            dataset._query(sql, [])
