"""docs/javascript.md works as written: the built ES module on a page of its own."""

import functools
import json
import re
import shutil
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from skimage import data

import emoscope

ROOT = Path(__file__).parents[2]
EXAMPLE = re.search(r"```html\n(.*?)```", (ROOT / "docs/javascript.md").read_text(), re.DOTALL)[1]

WORKER = """import { Emoscope } from "./emoscope/emoscope.js";
  const reader = await Emoscope.load({ model: "./jury-live", detector: "./detector" });
  self.onmessage = async ({ data }) => self.postMessage(await reader.read(data));
  self.postMessage(null);"""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The example with everything it needs."""
    folder = tmp_path_factory.mktemp("module")
    subprocess.run(["node", "build-module.mjs", str(folder / "emoscope")], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)
    shutil.copytree(ROOT / "static/models/jury-live", folder / "jury-live")
    shutil.copytree(ROOT / "static/detector", folder / "detector")
    Image.fromarray(data.astronaut()).save(folder / "photo.jpg", quality=95)
    (folder / "index.html").write_text(EXAMPLE)
    (folder / "worker.js").write_text(WORKER)
    return folder


@pytest.fixture(scope="module")
def url(folder):
    site = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=folder))
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    thread.join()
    site.server_close()


@pytest.fixture
def page(open_page, url):
    page = open_page("/index.html", url=url, routes={"**/favicon.ico": lambda route: route.fulfill(status=204)})
    expect(page.locator("#faces")).to_have_text('happiness {"happiness":10}', timeout=90_000)
    return page


def test_the_documents_example_has_fifteen_lines_and_shows_the_expression(page):
    assert len(EXAMPLE.splitlines()) <= 15


def test_every_source_gives_the_reading_of_the_python_api(page, folder):
    readings = page.evaluate("""async () => {
      const { Emoscope } = await import("/emoscope/emoscope.js");
      const reader = await Emoscope.load({ model: "/jury-live/", detector: "/detector/", backend: "wasm" });
      const photo = document.querySelector("#photo");
      const canvas = new OffscreenCanvas(512, 512), context = canvas.getContext("2d");
      context.drawImage(photo, 0, 0);
      const blob = await (await fetch("/photo.jpg")).blob();
      const sources = [photo, canvas, context.getImageData(0, 0, 512, 512), await createImageBitmap(photo), blob];
      const readings = [];
      for (const source of sources) readings.push(await reader.read(source));
      readings.push(await reader.readFrame(canvas), await reader.readFrame(canvas));
      const { model, labels, engine } = reader;
      reader.dispose();
      return { model, labels, engine, readings };
    }""")
    expected = emoscope.Reader().read(folder / "photo.jpg")
    assert readings["model"] == f"{expected.model} {expected.model_version}"
    assert tuple(readings["labels"]) == expected.labels and readings["engine"].startswith("WebAssembly")
    for reading in readings["readings"]:
        assert reading["picture"] == {"width": 512, "height": 512}
        face, = reading["faces"]
        assert face["votes"] == expected.faces[0].votes and face["expression"] == expected.faces[0].expression
        for label, probability in expected.faces[0].probabilities.items():
            assert face["probabilities"][label] == pytest.approx(probability, abs=0.01)


def test_reader_works_in_a_worker(page):
    votes = page.evaluate("""() => new Promise((resolve, reject) => {
      const worker = new Worker("/worker.js", { type: "module" });
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.onmessage = async ({ data }) => {
        if (data) return resolve(data.faces.map(({ votes }) => votes));
        const bitmap = await createImageBitmap(document.querySelector("#photo"));
        worker.postMessage(bitmap, [bitmap]);
      };
    })""")
    assert votes == [{"happiness": 10}]


def test_invalid_files_and_images_reject_with_a_code(page):
    codes = page.evaluate("""async () => {
      const { Emoscope, FileError, ImageError } = await import("/emoscope/emoscope.js");
      const known = (error) => [error instanceof FileError || error instanceof ImageError, error.code];
      const reader = await Emoscope.load({ model: "/jury-live", detector: "/detector", backend: "wasm" });
      return Promise.all([
        reader.read(new Blob(["no image"])).catch(known),
        Emoscope.load({ model: "/no-such-model", detector: "/detector" }).catch(known),
        Emoscope.load({ model: "/index.html?", detector: "/detector" }).catch(known)]);
    }""")
    assert codes == [[True, "not_a_picture"], [True, "gone"], [True, "broken"]]
    assert all("404" in error for error in page.errors)     # the browser reports the missing file itself
    page.errors.clear()


def test_package_lists_files_that_exist(folder):
    package = json.loads((folder / "emoscope/package.json").read_text())
    exports = package["exports"]["."]
    assert all((folder / "emoscope" / path).is_file() for path in exports.values())
    assert "](" not in (folder / "emoscope/README.md").read_text(), "a link to a document outside of the package"
