"""The model files for the browser, and the Content-Security-Policy of pages that read on the device."""

import hashlib
import json
import re
import shutil

import pytest

from webapp import create_app


@pytest.fixture
def client(reader):
    """A client of the site with the published bundles, the real detector and the built scripts."""
    app = create_app({"models": "static/models", "model": "jury-live"}, reader=reader)
    app.testing = True
    return app.test_client()


@pytest.fixture
def offer(client):
    page = client.get("/live?on=device").get_data(as_text=True)
    return json.loads(re.search(r'id="device-offer">(.*?)</script>', page, re.DOTALL)[1])


def test_offered_files_match_their_hashes(client, offer):
    assert offer["models"][0]["default"]
    files = [file for one in (offer["detector"], *offer["models"]) for file in one["files"].values()]
    assert len(files) >= 4
    for file in files:
        response = client.get(file["url"])
        assert len(response.data) == file["bytes"]
        assert hashlib.sha256(response.data).hexdigest() == file["sha256"]
        assert "immutable" in response.headers["Cache-Control"]


def test_files_are_served_compressed(client, offer):
    weights = offer["detector"]["files"]["weights.bin"]
    for accepted, encoding in (("gzip, deflate, br", "br"), ("gzip", "gzip"), ("", None)):
        response = client.get(weights["url"], headers={"Accept-Encoding": accepted})
        assert response.headers.get("Content-Encoding") == encoding, "run `make build`"
        assert response.headers["Vary"] == "Accept-Encoding"
    script = client.get(offer["worker"], headers={"Accept-Encoding": "br"})
    assert script.headers["Content-Encoding"] == "br"
    assert script.mimetype == "text/javascript"


def test_bundle_replaced_while_running_is_not_mixed_in(tmp_path, reader):
    shutil.copytree("static/models/jury-pocket", tmp_path / "jury-pocket")
    client = create_app({"models": str(tmp_path), "model": "jury-pocket"}, reader=reader).test_client()
    for part in ("model.json", "weights.bin"):
        (tmp_path / "jury-pocket/tfjs" / part).write_bytes(b"another network's")
    page = client.get("/live?on=device").get_data(as_text=True)
    model, = json.loads(re.search(r'id="device-offer">(.*?)</script>', page, re.DOTALL)[1])["models"]
    for file in model["files"].values():
        assert hashlib.sha256(client.get(file["url"]).data).hexdigest() == file["sha256"]


@pytest.mark.parametrize("path", ["/device/files/0/weights.bin", "/device/files/{sha256}/model.json"])
def test_unknown_file_is_not_found(client, offer, path):
    weights = offer["detector"]["files"]["weights.bin"]
    assert client.get(path.format(**weights)).status_code == 404


@pytest.mark.parametrize("path", ["/live", "/photos"])
def test_page_on_the_device_can_only_load_site_files(client, path):
    policy = client.get(f"{path}?on=device").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src localhost/static/ localhost/device/files/;" in policy
    assert "form-action 'none'" in policy and "blob:" not in policy.split("script-src")[1].split(";")[0]
    assert "localhost/device" not in client.get(path).headers["Content-Security-Policy"]


def test_front_page_can_only_load_site_files_and_offers_the_networks(client):
    response = client.get("/")
    assert "connect-src localhost/static/ localhost/device/files/;" in response.headers["Content-Security-Policy"]
    assert 'id="device-offer"' in response.text


def test_worker_has_the_same_policy(client, offer):
    headers = client.get(offer["worker"]).headers
    assert "connect-src localhost/static/ localhost/device/files/;" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"


def test_service_worker_is_not_cached(client):
    response = client.get("/sw.js")
    assert response.mimetype == "text/javascript" and response.headers["Cache-Control"] == "no-cache"
