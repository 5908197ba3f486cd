"""The operator's button: who may import images, and what is stored."""

import gzip
import shutil

import drawn
import numpy as np
import pytest

URL = "/data/drawn/images.json"
LOCAL = {"base_url": "http://127.0.0.1:8000", "headers": {"Origin": "http://127.0.0.1:8000"}}


@pytest.fixture
def empty_site(built, make_client, tmp_path):
    """(test client of a site without images, folder of its images)."""
    return make_client(built[0], tmp_path / "instance"), tmp_path / "instance" / "datasets" / "drawn"


@pytest.fixture(scope="module")
def csv(built):
    return (built[0].parent / "fer2013.csv").read_bytes()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_csv_is_imported(empty_site, built, csv, pack):
    client, folder = empty_site
    response = client.post(URL, data=pack(csv), **LOCAL)
    assert response.status_code == 200 and response.json == {"rows": drawn.ROWS}
    assert (np.load(folder / "images.npy") == np.load(built[1] / "drawn" / "images.npy")).all()
    assert client.get("/data/drawn/pictures.png?rows=1").status_code == 200, "without a restart"
    assert [path.name for path in folder.parents[1].iterdir()] == ["datasets"], "the upload is deleted"


@pytest.mark.parametrize(("change", "code"), [
    ({"base_url": "http://emoscope.example:8000"}, "not_local"),
    ({"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}, "not_local"),
    ({"headers": LOCAL["headers"] | {"X-Forwarded-For": "192.0.2.7"}}, "not_local"),
    ({"headers": LOCAL["headers"] | {"Forwarded": "for=192.0.2.7"}}, "not_local"),
    ({"headers": {"Origin": "https://other.example"}}, "other_origin"),
    ({"headers": {"Origin": "null"}}, "other_origin"),
    ({"headers": {}}, "other_origin"),
], ids=["host name", "address", "proxy", "standard proxy", "other site", "no site", "no origin"])
def test_only_a_page_on_the_own_machine_may_import(empty_site, csv, change, code):
    client, folder = empty_site
    response = client.post(URL, data=csv, **LOCAL | change)
    assert response.status_code == 403 and response.json["error"]["code"] == code
    assert not folder.exists()


def test_button_is_shown_only_on_the_own_machine(empty_site):
    client, _ = empty_site
    assert 'id="import"' in client.get("/data/drawn", base_url=LOCAL["base_url"]).text
    for other in ({"base_url": "http://emoscope.example"}, {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}):
        page = client.get("/data/drawn", **other).text
        assert 'id="import"' not in page and "python -m training dataset import fer2013.csv" in page


def test_setting_removes_the_button(empty_site, csv, monkeypatch):
    client, _ = empty_site
    monkeypatch.setattr(client.application.extensions["emoscope"].settings, "data_import", False)
    assert 'id="import"' not in client.get("/data/drawn", base_url=LOCAL["base_url"]).text
    assert client.post(URL, data=csv, **LOCAL).status_code == 403


@pytest.mark.parametrize(("change", "message"), [
    (lambda csv: b"label,pixels,Usage" + csv[csv.index(b"\n"):], "the first line must be 'emotion,pixels,Usage'"),
    (lambda csv: csv.rsplit(b"\n", 2)[0] + b"\n", "does not have the 240 rows of Drawn faces"),
    (lambda csv: b"", "no rows"),
    (lambda csv: gzip.compress(csv)[:-2000], "cannot be read"),
], ids=["header", "a row less", "empty", "damaged"])
def test_other_files_are_refused_and_leave_the_images_alone(built, make_client, tmp_path, csv, change, message):
    shutil.copytree(built[1], tmp_path / "instance" / "datasets")
    client = make_client(built[0], tmp_path / "instance")
    response = client.post(URL, data=change(csv), **LOCAL)
    assert response.status_code == 400 and message in response.json["error"]["message"]
    assert str(tmp_path) not in response.text
    assert client.get("/data/drawn/pictures.png?rows=1").status_code == 200
    assert np.load(tmp_path / "instance" / "datasets" / "drawn" / "images.npy").shape == (drawn.ROWS, 48, 48)


def test_too_large_a_file_is_refused(empty_site, csv, monkeypatch):
    client, folder = empty_site
    monkeypatch.setattr("webapp.explorer.imports.MAX_BYTES", len(csv) - 1)
    assert client.post(URL, data=csv, **LOCAL).status_code == 413
    assert not folder.exists()
