"""The pages under /data, their JSON twins and CSV."""

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
from PIL import Image

from webapp.explorer.queries import DataSet, DataSetError, statistics

VIEWS = ("", "/browse", "/map", "/models", "/issues", "/samples/4")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("pictures", [True, False])
def test_every_view_has_a_page_and_a_twin(site, bare_site, view, pictures):
    client = site if pictures else bare_site
    page = client.get(f"/data/drawn{view}?label=sadness")
    assert page.status_code == 200 and b"label: <b>sadness</b>" in page.data
    assert (b"how to have them here" in page.data) is not pictures
    twin = client.get(f"/data/drawn{view}.json?label=sadness")
    assert twin.status_code == 200 and twin.json["filters"]["label"] == "sadness"


def test_data_leads_to_the_one_data_set(site):
    assert site.get("/data").headers["Location"] == "/data/drawn"
    assert site.get("/data.json").json["datasets"][0]["pictures"] is True


def test_csv_holds_what_is_filtered_and_nothing_else(site):
    answer = site.get("/data/drawn/browse.csv?label=fear&sort=-brightness")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(lines) == site.get("/data/drawn/browse.json?label=fear").json["count"]
    assert {line["label"] for line in lines} == {"fear"}
    light = [float(line["brightness"]) for line in lines]
    assert light == sorted(light, reverse=True)
    assert "attachment" in answer.headers["Content-Disposition"]


def test_overview_counts_are_the_rows(site):
    found = site.get("/data/drawn.json").json
    assert sum(cell["rows"] for cell in found["label_by_split"]) == found["count"] == 240
    for name, bins in found["histograms"].items():
        assert sum(one["rows"] for one in bins) == 240, name


def links(page, pattern):
    """[(path and query, number shown)] of the page's links whose address holds `pattern`."""
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([\d,]+)</a>', page)
    return [(html.unescape(href), int(words.replace(",", ""))) for href, words in found if pattern in href]


@pytest.mark.parametrize(("view", "pattern"), [
    ("", "label="), ("", "top_votes="), ("", "plurality="), ("", "entropy="), ("", "brightness="), ("", "contrast="),
    ("", "sharpness="), ("", "twin="), ("/models?split=Training", "answer="), ("/models?split=Training", "confidence="),
    ("/models?split=Training", "top_votes="), ("/models?split=Training", "other_right="),
    ("?split=Training&label=fear", "brightness=")])
def test_every_bar_and_cell_opens_as_many_rows_as_it_says(site, view, pattern):
    found = links(site.get(f"/data/drawn{view}").text, pattern)
    assert found and sum(count for _, count in found)
    for href, count in found:
        assert site.get(href.replace("/browse?", "/browse.json?")).json["count"] == count, href


def test_bins_hold_every_value_once_however_their_ends_are_meant():
    for low, high, digits, logarithm in ((0, 255, 2, False), (0.31, 31680.27, 2, True), (0, 2.0794, 4, False),
                                         (7, 7, 2, False), (0.1, 0.13, 2, False)):
        edges = statistics.edges(low, high, digits, logarithm)
        assert edges[0] == low and edges[-1] == high and len(edges) <= statistics.HISTOGRAM_BINS + 1
        assert edges == sorted(edges) and len(edges) >= 2
        between = np.array(edges[1:-1]) * 10 ** digits
        assert np.allclose(between % 1, 0.5, atol=1e-3), "no value of so many digits is an edge"


def test_the_overview_says_how_uneven_the_labels_are(site):
    found = site.get("/data/drawn.json").json["imbalance"]
    assert found["most"]["rows"] >= found["fewest"]["rows"] > 0
    assert found["ratio"] == round(found["most"]["rows"] / found["fewest"]["rows"], 1)
    assert site.get("/data/drawn.json?brightness=250..").json["imbalance"] is None


def test_mean_faces_open_their_rows(site):
    page = site.get("/data/drawn").text
    assert page.count("faces/mean.png") == page.count("faces/variance.png") == 3 * 7
    assert 'viewBox="48 96 48 48"' in page, "disgust in PrivateTest"


def test_a_sample_is_a_row_of_csv_too(site):
    href = re.search(r'href="([^"]*browse\.csv[^"]*)"', site.get("/data/drawn/samples/7?label=anger").text)[1]
    lines = list(csv.DictReader(io.StringIO(site.get(html.unescape(href)).text)))
    assert [line["row"] for line in lines] == ["7"]


def test_issues_are_counted_by_label_and_filtered_by_a_click(site):
    page = site.get("/data/drawn/issues").text
    label, href = re.search(r'<a href="([^"]*)">(\w+)</a> \d', page).group(2, 1)
    assert href == f"/data/drawn/issues?label_issue=yes&amp;sort=label_quality&amp;label={label}"
    rows = site.get(html.unescape(href).replace("/issues?", "/issues.json?")).json["rows"]
    assert rows and {row["label"] for row in rows} == {label}


def test_other_data_sets_are_one_click_away(made, make_client, tmp_path, site):
    for name in ("drawn", "again"):
        shutil.copytree(made[0] / "drawn", tmp_path / name)
    client = make_client(tmp_path, tmp_path / "none")
    page = client.get("/data").text
    assert 'href="/data/drawn"' in page and 'href="/data/again"' in page
    assert "other data sets" in client.get("/data/again/browse").text
    assert "other data sets" not in site.get("/data/drawn/browse").text


@pytest.fixture(scope="session")
def plain_site(made, make_client, tmp_path_factory):
    """A test client of a site with three data sets: without votes and models, without votes, without models."""
    folder = tmp_path_factory.mktemp("plain")
    drawn.build_without(made[0].parent, folder)
    return make_client(folder, folder / "none")


@pytest.mark.parametrize("name", ["plain", "unjudged", "unasked"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_set_without_votes_or_models_has_every_view(plain_site, name, view):
    votes, models = name == "unasked", name == "unjudged"
    answer = plain_site.get(f"/data/{name}{view}?label=sadness")
    page = answer.text
    assert answer.status_code == 200 and ("raters" in page) is (votes and view != "/models")
    assert ("No model has been asked" in page) is (view == "/models" and not models)
    assert ("by their pixels" in page) is (view == "/samples/4" and not models)
    twin = plain_site.get(f"/data/{name}{view}.json?label=sadness").json
    assert twin["model"] == ("jury-drawn" if models else None)


def test_a_model_of_votes_is_held_against_labels_where_there_are_no_votes(plain_site):
    found = plain_site.get("/data/unjudged/models.json?split=Training").json["first"]
    assert found["model"]["truth"] == "label" and found["by_votes"] == [] and found["rows"] == 160
    for href, count in links(plain_site.get("/data/unjudged/models?split=Training").text, "/browse?"):
        assert plain_site.get(href.replace("/browse?", "/browse.json?")).json["count"] == count, href
    assert "the label" in plain_site.get("/data/unjudged/samples/4").text


@pytest.mark.parametrize("asked", ["majority=fear", "entropy=0..1", "disagree=yes", "right=yes", "answer=fear",
                                   "confidence=0..1", "colour=answer", "colour=majority", "sort=entropy",
                                   "model=jury-drawn"])
def test_what_a_set_has_not_cannot_be_asked_of_it(plain_site, asked):
    for path in ("browse.json", "map.json", "map.bin", "browse.csv"):
        answer = plain_site.get(f"/data/plain/{path}?{asked}")
        assert answer.status_code == 400 and asked.partition("=")[0] in answer.json["error"]["message"]


def test_a_network_that_has_changed_since_is_said_to_have(site, monkeypatch):
    card = site.application.extensions["emoscope"].bundles["seven-drawn"].card
    explained = "/data/drawn/samples/5/explanation.json?model=seven-drawn"
    assert "has changed since" not in site.get("/data/drawn/models").text and site.get(explained).status_code == 200
    monkeypatch.setitem(card, "version", "2.0.0")
    monkeypatch.setitem(card["files"], "model.keras", {"sha256": "1" * 64})
    page = site.get("/data/drawn/models?model=jury-drawn&other=seven-drawn").text
    assert page.count("has changed since") == 1 and "it is version 2.0.0 now" in page
    found = site.get("/data/drawn/models.json?model=jury-drawn&other=seven-drawn").json
    assert (found["first"]["now"], found["second"]["now"]) == (None, "2.0.0")
    assert site.get(explained).status_code == 400, "another network's answer is not what is shown"
    page = site.get("/data/drawn/samples/5").text
    assert page.count("So said version 1.0.0; the network has changed since and is version 2.0.0 now") == 1


def test_by_heart_is_said_of_what_is_known_to_be_learnt(made, make_client, tmp_path, site):
    """A model bundle has learnt from the published csv; whether from a set without an md5, nobody knows."""
    for path in ("samples/4", "models?split=Training"):
        assert "The models have learnt from" in site.get(f"/data/drawn/{path}").text
    folder = _copy(made, tmp_path)
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps(summary | {"md5": None}))
    client = make_client(tmp_path, tmp_path / "none")
    for path in ("samples/4", "models?split=Training"):
        page = client.get(f"/data/drawn/{path}").text
        assert "Models that were trained on this data set have learnt from" in page and "The models have" not in page


def test_robustness_is_shown_of_the_network_that_was_measured(site, dataset, monkeypatch, tmp_path):
    shares = {"label_set": "ferplus", "undisturbed": 0.8, "rotation": [0.75, 0.6]}
    told = {"split": "PublicTest", "md5": dataset.summary["md5"],
            "disturbances": [{"name": "rotation", "unit": "degrees", "strengths": [5, 10]}],
            "networks": {"jury-drawn": shares | {"model_sha256": "0" * 64},
                         "seven-drawn": shares | {"model_sha256": "1"}}}
    (tmp_path / "robustness.json").write_text(json.dumps(told))
    monkeypatch.setattr(site.application, "static_folder", str(tmp_path))
    found = site.get("/data/drawn/models.json?model=jury-drawn&other=seven-drawn").json
    assert found["first"]["robustness"] == [
        {"name": "none", "unit": "", "shares": [{"strength": "", "share": 0.8}]},
        {"name": "rotation", "unit": "degrees",
         "shares": [{"strength": 5, "share": 0.75}, {"strength": 10, "share": 0.6}]}]
    assert found["second"]["robustness"] == [], "that network has changed since"
    page = site.get("/data/drawn/models").text
    assert page.count("Right answers on disturbed pictures") == 1 and "75.0" in page
    (tmp_path / "robustness.json").write_text(json.dumps(told | {"md5": "of other data"}))
    assert site.get("/data/drawn/models.json").json["first"]["robustness"] == []


def test_the_confusion_matrix_is_the_rows_behind_its_cells(site):
    found = site.get("/data/drawn/models.json?model=seven-drawn&split=PublicTest").json["first"]
    labels = found["model"]["labels"]
    assert sum(map(sum, found["confusion"])) == found["rows"]
    for place, truth in enumerate(labels):
        for other, answer in enumerate(labels):
            cell = site.get("/data/drawn/browse.json", query_string={
                "model": "seven-drawn", "split": "PublicTest", "label": truth, "answer": answer}).json
            assert cell["count"] == found["confusion"][place][other]
    right = sum(found["confusion"][place][place] for place in range(len(labels)))
    assert found["accuracy"]["value"] == pytest.approx(right / found["rows"], abs=1e-4)
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]


def test_models_are_judged_on_the_last_split_unless_another_is_named(site):
    assert site.get("/data/drawn/models.json").json["filters"] == {"split": "PrivateTest"}
    assert b"by heart" in site.get("/data/drawn/models?split=Training").data


def test_two_models_side_by_side_are_right_and_wrong_on_all_common_rows(site):
    found = site.get("/data/drawn/models.json?model=jury-drawn&other=seven-drawn").json
    assert {(cell["first"], cell["second"]) for cell in found["together"]} <= {(a, b) for a in (True, False)
                                                                              for b in (True, False)}
    for cell in found["together"]:
        rows = site.get("/data/drawn/browse.json", query_string={
            "split": "PrivateTest", "model": "jury-drawn", "other": "seven-drawn",
            "right": "yes" if cell["first"] else "no", "other_right": "yes" if cell["second"] else "no"}).json
        assert rows["count"] == cell["rows"]


def test_points_are_as_the_twin_describes_them(site):
    about = site.get("/data/drawn/map.json?split=Training&colour=label").json
    data = site.get(about["points"]["href"]).data
    count = struct.unpack_from("<I", data)[0]
    assert count == about["count"] == 160 and len(data) == 4 + count * 13
    rows = np.frombuffer(data, "<u4", count, 4 + 8 * count)
    colours = np.frombuffer(data, np.uint8, count, 4 + 12 * count)
    assert rows.max() < 160 and about["categories"][colours[rows.tolist().index(5)]] == "surprise"
    numbers = site.get("/data/drawn/map.json?colour=entropy").json
    assert numbers["categories"] is None and len(site.get(numbers["points"]["href"]).data) == 4 + 240 * 16


def test_a_sample_says_votes_answers_neighbours_and_twin(site):
    found = site.get("/data/drawn/samples/239.json").json
    assert found["twin"]["row"] == 2 and found["copies"][0]["row"] == 2
    assert found["neighbours"] and all(row["split"] == "Training" for row in found["neighbours"])
    assert 2 not in [row["row"] for row in found["neighbours"]], "a copy is not a neighbour"
    assert sum(found["sample"]["jury-drawn.probabilities"].values()) == pytest.approx(1, abs=0.02)
    assert found["before"] == 238 and found["after"] is None
    page = site.get("/data/drawn/samples/239").text
    assert "of 10 people called this" in page and "The same picture" in page


def test_what_mattered_to_a_model_is_told_where_the_picture_is(site, bare_site):
    found = site.get("/data/drawn/samples/5/explanation.json?model=jury-drawn").json
    falls = np.array(found["falls"])
    assert falls.shape == (12, 12) and found["label"] in ("neutral", "happiness")
    assert abs(falls[:, :5]).mean() > 5 * abs(falls[:, 8:]).mean(), "the network looks at the left half"
    assert "data-explain" in site.get("/data/drawn/samples/5").text
    assert "data-explain" not in bare_site.get("/data/drawn/samples/5").text
    for client, path, status in ((bare_site, "5/explanation.json?model=jury-drawn", 400),
                                 (site, "5/explanation.json?model=none", 400), (site, "5/explanation.json", 400),
                                 (site, "240/explanation.json?model=jury-drawn", 404)):
        assert client.get(f"/data/drawn/samples/{path}").status_code == status


def test_label_issues_come_worst_first(site):
    found = site.get("/data/drawn/issues.json").json
    worth = [row["label_quality"] for row in found["rows"]]
    assert worth == sorted(worth) and all(row["label_issue"] for row in found["rows"])


def test_sprite_sheets_hold_the_rows_in_order(site, made):
    images = np.load(made[1] / "drawn" / "images.npy")
    numbers = [5, 0, 239, *range(20, 31)]
    answer = site.get(f"/data/drawn/pictures.png?rows={','.join(map(str, numbers))}")
    sheet = np.asarray(Image.open(io.BytesIO(answer.data)))
    assert sheet.shape == (96, 12 * 48)
    for place, number in enumerate(numbers):
        top, left = place // 12 * 48, place % 12 * 48
        assert (sheet[top:top + 48, left:left + 48] == images[number]).all()


@pytest.mark.parametrize(("rows", "status"), [("", 400), ("a", 400), ("1,,2", 400), ("-1", 400), ("240", 404),
                                              (",".join(["1"] * 241), 400), ("9999999999", 400)])
def test_a_sheet_of_no_rows_is_refused(site, rows, status):
    assert site.get(f"/data/drawn/pictures.png?rows={rows}").status_code == status


def test_without_the_store_there_are_no_pictures_and_a_way_to_them(bare_site):
    assert bare_site.get("/data/drawn/pictures.png?rows=1").status_code == 404
    page = bare_site.get("/data/drawn").text
    assert "python -m training dataset import" in page
    assert "data-sheet" not in bare_site.get("/data/drawn/browse").text
    assert bare_site.get("/data/drawn/faces/mean.png").mimetype == "image/png"


@pytest.mark.parametrize("path", ["/data/none", "/data/none.json", "/data/drawn/samples/240", "/data/drawn/samples/-1",
                                  "/data/drawn/faces/other.png", "/data/..%2f..%2fetc", "/data/drawn/nothing"])
def test_what_is_not_there_is_404(site, path):
    assert site.get(path).status_code == 404


def test_only_the_map_may_write_functions(site):
    policy = "Content-Security-Policy"
    assert " 'unsafe-eval'" in site.get("/data/drawn/map").headers[policy]
    assert " 'unsafe-eval'" not in site.get("/data/drawn/browse").headers[policy]


def _copy(made, tmp_path):
    shutil.copytree(made[0] / "drawn", tmp_path / "drawn")
    return tmp_path / "drawn"


def test_an_older_format_is_one_line(made, tmp_path):
    from pyarrow import parquet
    folder = _copy(made, tmp_path)
    table = parquet.read_table(folder / "samples.parquet")
    table = table.replace_schema_metadata({"emoscope": json.dumps({"schema": 0})})
    parquet.write_table(table, folder / "samples.parquet")
    with pytest.raises(DataSetError, match="format 0 is of an older version .* build it again"):
        DataSet(folder)


@pytest.mark.parametrize(("damage", "told"), [
    (lambda folder: (folder / "samples.parquet").write_bytes(b"PAR1 not"), "cannot be read"),
    (lambda folder: (folder / "samples.parquet").unlink(), "cannot be read"),
    (lambda folder: (folder / "summary.json").write_text("{"), "cannot be read"),
    (lambda folder: (folder / "summary.json").write_text("[]"), "format None"),
    (lambda folder: (folder / "summary.json").write_text('{"schema": 2}'), "format 2"),
], ids=["no Parquet", "no table", "no JSON", "a list", "newer"])
def test_a_broken_bundle_is_one_line_and_the_site_runs_without_it(made, make_client, tmp_path, damage, told):
    folder = _copy(made, tmp_path)
    damage(folder)
    with pytest.raises(DataSetError, match=told) as error:
        DataSet(folder)
    assert "\n" not in str(error.value)
    client = make_client(tmp_path, tmp_path / "none")
    assert told in client.get("/data").text
    assert client.get("/data/drawn").status_code == 404


def test_the_table_alone_can_be_read(dataset, tmp_path):
    """Even a question that was written by somebody else could not open another file or change a thing."""
    import duckdb
    (tmp_path / "other.csv").write_text("a\n1\n")
    for question in (f"SELECT * FROM '{tmp_path / 'other.csv'}'", "SET enable_external_access = true",
                     f"COPY samples TO '{tmp_path / 'out.csv'}'"):
        with pytest.raises(duckdb.Error):
            dataset._ask(question, [])
