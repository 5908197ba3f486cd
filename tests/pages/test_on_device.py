"""The networks' files for the browser, and the policy of the pages that read on the device."""

import hashlib
import json
import re
import shutil

import pytest

from webapp import create_app


@pytest.fixture
def client(reader):
    """Of the site with its own bundles, detector and built scripts."""
    app = create_app({"models": "static/models", "model": "jury-live"}, reader=reader)
    app.testing = True
    return app.test_client()


@pytest.fixture
def offer(client):
    page = client.get("/live?on=device").get_data(as_text=True)
    return json.loads(re.search(r'id="device-offer">(.*?)</script>', page, re.DOTALL)[1])


def test_the_page_names_files_that_have_their_hash(client, offer):
    assert offer["models"][0]["default"]
    files = [file for one in (offer["detector"], *offer["models"]) for file in one["files"].values()]
    assert len(files) >= 4
    for file in files:
        answer = client.get(file["url"])
        assert len(answer.data) == file["bytes"]
        assert hashlib.sha256(answer.data).hexdigest() == file["sha256"]
        assert "immutable" in answer.headers["Cache-Control"]


def test_files_travel_compressed(client, offer):
    weights = offer["detector"]["files"]["weights.bin"]
    for accepted, encoding in (("gzip, deflate, br", "br"), ("gzip", "gzip"), ("", None)):
        answer = client.get(weights["url"], headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == encoding, "run `make build`"
        assert answer.headers["Vary"] == "Accept-Encoding"
    script = client.get(offer["worker"], headers={"Accept-Encoding": "br"})
    assert script.headers["Content-Encoding"] == "br"
    assert script.mimetype == "text/javascript"


def test_a_bundle_replaced_under_the_running_server_is_not_mixed_in(tmp_path, reader):
    shutil.copytree("static/models/jury-pocket", tmp_path / "jury-pocket")
    client = create_app({"models": str(tmp_path), "model": "jury-pocket"}, reader=reader).test_client()
    for part in ("model.json", "weights.bin"):
        (tmp_path / "jury-pocket/tfjs" / part).write_bytes(b"another network's")
    page = client.get("/live?on=device").get_data(as_text=True)
    model, = json.loads(re.search(r'id="device-offer">(.*?)</script>', page, re.DOTALL)[1])["models"]
    for file in model["files"].values():
        assert hashlib.sha256(client.get(file["url"]).data).hexdigest() == file["sha256"]


@pytest.mark.parametrize("path", ["/device/files/0/weights.bin", "/device/files/{sha256}/model.json"])
def test_a_file_that_is_not_offered_is_not_found(client, offer, path):
    weights = offer["detector"]["files"]["weights.bin"]
    assert client.get(path.format(**weights)).status_code == 404


@pytest.mark.parametrize("path", ["/live", "/photos"])
def test_a_page_on_the_device_may_ask_for_our_files_alone(client, path):
    policy = client.get(f"{path}?on=device").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src localhost/static/ localhost/device/files/;" in policy
    assert "form-action 'none'" in policy and "blob:" not in policy.split("script-src")[1].split(";")[0]
    assert "localhost/device" not in client.get(path).headers["Content-Security-Policy"]


def test_the_worker_has_the_same_policy(client, offer):
    headers = client.get(offer["worker"]).headers
    assert "connect-src localhost/static/ localhost/device/files/;" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"


def test_the_service_worker_is_asked_for_anew(client):
    answer = client.get("/sw.js")
    assert answer.mimetype == "text/javascript" and answer.headers["Cache-Control"] == "no-cache"
