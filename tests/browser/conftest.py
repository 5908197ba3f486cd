"""Fixtures: a real server process, and a real Chromium whose camera plays a video."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from threading import Thread

import photo_files
import photo_page
import pytest
import stubs
import videos
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from webapp import create_app

sys.path.append(str(Path(__file__).parents[1] / "explorer"))
import drawn  # noqa: E402 - in tests/explorer

ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def pytest_collection_modifyitems(items):
    """Mark every test of this folder as a browser test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


class Server:
    """`python -m webapp serve` in its own process; the port stays the same after a restart."""

    def __init__(self, **settings):
        self.settings = {f"EMOSCOPE_{name.upper()}": str(value) for name, value in settings.items()}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self, timeout=90):
        command = [sys.executable, "-m", "webapp", "serve", "--port", str(self.port)]
        environment = os.environ | self.settings
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
                                        start_new_session=True)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server exited with status {self.process.returncode}")
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return self
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.2)
        raise RuntimeError(f"the server did not respond within {timeout} s")

    def kill(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(scope="session")
def server():
    server = Server().start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def sites(tmp_path_factory):
    """{"images": URL of a site with the image store, "bare": of one without, "files": folder of the CSV}.

    Besides the data set *drawn*, both have data sets without votes or models (drawn.build_without).
    """
    files = tmp_path_factory.mktemp("drawn")
    bundles, stores = drawn.build(files)
    drawn.build_without(files, bundles)
    instance = tmp_path_factory.mktemp("instance")
    (instance / "datasets").symlink_to(stores)
    models = tmp_path_factory.mktemp("models")
    stubs.make_bundle(models, "jury-drawn")
    servers = {}
    for name, folder in (("images", instance), ("bare", tmp_path_factory.mktemp("bare"))):
        app = create_app({"models": str(models), "model": "jury-drawn", "datasets": str(bundles),
                          "instance": str(folder)}, reader=stubs.StubReader())
        servers[name] = make_server("127.0.0.1", 0, app, threaded=True)
        Thread(target=servers[name].serve_forever, daemon=True).start()
    yield {name: f"http://127.0.0.1:{server.port}" for name, server in servers.items()} | {"files": files}
    for server in servers.values():
        server.shutdown()


@pytest.fixture
def strict_server():
    """A server that rejects frames of more than 3000 bytes."""
    server = Server(live_bytes=3000).start()
    yield server
    server.kill()


@pytest.fixture
def own_server():
    """A server that the test can kill and restart."""
    server = Server().start()
    yield server
    server.kill()


@pytest.fixture
def new_bundle(tmp_path):
    """A folder of models with a newer jury-live: different weights for the browser, another version."""
    folder = tmp_path / "models" / "jury-live"
    shutil.copytree(ROOT / "static/models/jury-live", folder)
    weights = folder / "tfjs" / "weights.bin"
    content = bytearray(weights.read_bytes())
    content[1000] ^= 1
    weights.write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card["version"] = "99.0.0"
    card["files"]["tfjs/weights.bin"]["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))
    return tmp_path / "models"


@pytest.fixture(scope="session")
def video(tmp_path_factory):
    """video(scene) -> videos.Video, created once per scene."""
    folder, created = tmp_path_factory.mktemp("videos"), {}

    def get(scene):
        if scene not in created:
            created[scene] = videos.make(folder / f"{scene}.mjpeg", scene)
        return created[scene]

    return get


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium_path():
    names = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    found = next((path for path in map(shutil.which, filter(None, names)) if path), None)
    if not found:
        pytest.fail("the browser tests need Chromium: install it or set CHROMIUM to its path")
    return found


@pytest.fixture
def open_page(playwright, chromium_path, server):
    """open_page(path, video=None, flags=(), **context) -> a page. Every error in its console fails the test."""
    browsers, errors = [], []

    def open_(path, video=None, flags=(), script=None, url=None, routes=None, **context):
        camera = [*CAMERA, f"--use-file-for-fake-video-capture={video.path}"] if video else []
        browser = playwright.chromium.launch(executable_path=chromium_path, args=[*FLAGS, *camera, *flags])
        browsers.append(browser)
        page = browser.new_context(**context).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.errors = errors
        if script:
            page.add_init_script(script)
        for pattern, handler in (routes or {}).items():
            page.context.route(pattern, handler)
        page.goto((url or server.url) + path)
        return page

    yield open_
    for browser in browsers:
        browser.close()
    assert errors == []


@pytest.fixture(scope="session")
def fifty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fifty")
    return folder, photo_files.make_fifty(folder)


@pytest.fixture
def photos(open_page):
    def open_(path="/photos", **context):
        page = open_page(path, script=photo_page.NO_PICKER, **context)
        page.wait_for_selector("#photos[data-ready]", state="attached")
        return page
    return open_
