"""Model bundles that are replaced, damaged, added and removed while the server runs."""

import hashlib
import json
import re
import shutil
import threading

import pytest
import stubs

from webapp import bundles, create_app, settings
from webapp.operations.reloading import Reloader
from webapp.readers import Readers, UnknownModelError
from webapp.settings import ROOT

JPEG = stubs.jpeg(640, 480)
real = pytest.mark.skipif(not (ROOT / "static/detector/detector.json").is_file(), reason="the detector is not built")


@pytest.fixture
def folder(tmp_path):
    """A folder with the default model jury-pocket and the model `stub`."""
    shutil.copytree(ROOT / "static/models/jury-pocket", tmp_path / "models" / "jury-pocket")
    return tmp_path / "models"


@pytest.fixture
def served(folder):
    """(readers, bundles, reloader) with the real detector and network."""
    loaded = settings.load({"engine": "litert", "models": str(folder), "model": "jury-pocket"}, environ={})
    found = bundles.find(folder)
    readers = Readers(loaded, found)
    return readers, found, Reloader(folder, found, readers, "jury-pocket")


def update(folder, **changes):
    """Change fields of a card."""
    card = json.loads((folder / "card.json").read_text()) | changes
    (folder / "card.json").write_text(json.dumps(card))


def damage(folder, name="model.tflite"):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)


def settle(reloader):
    """Two checks: files must not change between them."""
    reloader.check()
    reloader.check()


@real
def test_replaced_bundle_is_used_without_a_restart(served, folder, caplog):
    readers, found, reloader = served
    old = readers.get()
    update(folder / "jury-pocket", version="99.0.0")
    reloader.check()
    assert readers.get() is old, "files that may still be copied are left alone"
    reloader.check()
    assert readers.get().read(JPEG, threshold=0.4)["model"]["version"] == "99.0.0"
    assert found["jury-pocket"].card["version"] == "99.0.0" and reloader.replaced == 1
    assert "jury-pocket 99.0.0 is in use" in caplog.text
    assert old.read(JPEG, threshold=0.4)["faces"], "a frame in progress ends with the old network"
    settle(reloader)
    assert reloader.replaced == 1


@real
@pytest.mark.parametrize("harm", [
    damage, lambda folder: damage(folder, "card.json"), lambda folder: (folder / "model.tflite").unlink(),
    lambda folder: (folder / "card.json").write_text("{"), shutil.rmtree],
    ids=["network damaged", "card damaged", "network removed", "half a card", "bundle removed"])
def test_damaged_default_bundle_leaves_the_loaded_one_in_use(served, folder, caplog, harm):
    readers, found, reloader = served
    harm(folder / "jury-pocket")
    settle(reloader)
    assert readers.get().read(JPEG, threshold=0.4)["faces"]
    assert found["jury-pocket"].card and list(reloader.rejected) == ["jury-pocket"]
    assert "is not used, the loaded one stays" in caplog.text
    shutil.rmtree(folder / "jury-pocket", ignore_errors=True)
    shutil.copytree(ROOT / "static/models/jury-pocket", folder / "jury-pocket")
    settle(reloader)
    assert reloader.rejected == {} and readers.get().read(JPEG, threshold=0.4)["faces"]


@real
def test_network_that_lists_its_hash_but_cannot_be_loaded_is_rejected(served, folder):
    readers, _, reloader = served
    (folder / "jury-pocket/model.tflite").write_bytes(b"no network")
    files = json.loads((folder / "jury-pocket/card.json").read_text())["files"]
    files["model.tflite"] = {"sha256": hashlib.sha256(b"no network").hexdigest(), "bytes": 10}
    update(folder / "jury-pocket", files=files)
    settle(reloader)
    assert "cannot be loaded" in reloader.rejected["jury-pocket"]
    assert readers.get().read(JPEG, threshold=0.4)["faces"]


@real
def test_bundle_whose_network_is_not_loaded_is_unavailable_when_damaged(served, folder):
    readers, found, reloader = served
    shutil.copytree(ROOT / "static/models/seven-pocket", folder / "seven-pocket")
    settle(reloader)
    assert found["seven-pocket"].card, "a new bundle is available"
    damage(folder / "seven-pocket")
    with pytest.raises(UnknownModelError, match="cannot be loaded at present"):
        readers.get("seven-pocket")         # before the next check
    settle(reloader)
    with pytest.raises(UnknownModelError, match="There is no model"):
        readers.get("seven-pocket")
    shutil.rmtree(folder / "seven-pocket")
    settle(reloader)
    assert list(found) == ["jury-pocket"] and reloader.rejected == {}


@real
def test_reloading_leaves_no_thread_behind(served, folder):
    readers, _, reloader = served
    readers.get().read(JPEG, threshold=0.4)
    before = threading.active_count()
    for version in ("2.0.0", "2.0.1", "2.0.2"):
        update(folder / "jury-pocket", version=version)
        settle(reloader)
    assert readers.get().classifier.version == "2.0.2" and threading.active_count() == before


@pytest.fixture
def site(folder, reader):
    app = create_app({"models": str(folder), "model": "jury-pocket"}, reader=reader)
    app.testing = True
    return app


def device_offer(client):
    page = client.get("/live?on=device").text
    return json.loads(re.search(r'id="device-offer">(.*?)</script>', page, re.DOTALL)[1])["models"]


def test_pages_health_and_metrics_follow_the_bundles(site, folder):
    client, reloader = site.test_client(), site.extensions["emoscope"].reloader
    update(folder / "jury-pocket", version="99.0.0")
    settle(reloader)
    assert client.get("/readyz").json["model"] == "jury-pocket 99.0.0"
    assert client.get("/models.json").json["models"][0]["version"] == "99.0.0"
    assert device_offer(client)[0]["card"]["version"] == "99.0.0"
    damage(folder / "jury-pocket")
    settle(reloader)
    ready = client.get("/readyz")
    assert ready.status_code == 200 and ready.json["rejected"] == ["jury-pocket"]
    metrics = client.get("/metrics").text
    assert "emoscope_bundles_rejected 1.0" in metrics and "emoscope_bundles_replaced 1.0" in metrics


def test_device_gets_the_files_of_the_page_that_it_has_open(site, folder):
    client, reloader = site.test_client(), site.extensions["emoscope"].reloader
    [before] = device_offer(client)
    damage(folder / "jury-pocket", "tfjs/weights.bin")
    settle(reloader)
    assert device_offer(client) == [before], "the loaded bundle stays for devices, too"
    content = (folder / "jury-pocket/tfjs/weights.bin").read_bytes()
    files = json.loads((folder / "jury-pocket/card.json").read_text())["files"]
    files["tfjs/weights.bin"]["sha256"] = hashlib.sha256(content).hexdigest()
    update(folder / "jury-pocket", files=files, version="99.0.0")
    settle(reloader)
    [after] = device_offer(client)
    assert after["files"]["weights.bin"] != before["files"]["weights.bin"]
    for offered in (before, after):
        for file in offered["files"].values():
            assert hashlib.sha256(client.get(file["url"]).data).hexdigest() == file["sha256"]


def test_watching_finds_a_change_and_survives_an_error(site, folder, monkeypatch):
    reloader, checks, ended = site.extensions["emoscope"].reloader, [], threading.Event()

    def check():
        checks.append(1)
        if len(checks) > 2:
            ended.set()
        raise OSError("the folder cannot be listed")

    monkeypatch.setattr(reloader, "check", check)
    reloader.start(0.01)
    assert ended.wait(10)
