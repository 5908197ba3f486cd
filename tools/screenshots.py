"""Take the screenshots of the documentation: python tools/screenshots.py [--out FOLDER] [NAME ...]; `make screenshots`.

Starts the site on a free port and opens its pages in headless Chromium. Every image in them comes with the site: the
sample video, the sample album, the data set's statistics. No data set or network is needed.
"""

import argparse
import contextlib
import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
WIDE, PHONE = (1280, 860), (390, 844)
WAIT = 90_000       # ms for a first result on a busy machine
COLORS = 256        # of a saved image: a third of the size, hardly a difference


@dataclass(frozen=True)
class Screenshot:
    """One image: `path` of the page, `prepare` brings it into its state, window `size` in CSS pixels."""

    path: str
    prepare: Callable[[Page], None]
    size: tuple[int, int] = WIDE
    scheme: str = "light"


def _live(page: Page) -> None:
    """All three scenes, then the portrait again."""
    page.locator("[data-face][data-box]").first.wait_for(timeout=WAIT)
    page.wait_for_timeout(16_000)
    expect(page.locator("[data-face][data-box]")).to_have_count(1, timeout=WAIT)
    page.wait_for_timeout(300)


def _large(page: Page) -> None:
    page.locator(".large-face").first.wait_for(timeout=WAIT)
    page.wait_for_timeout(1500)


def _faces(page: Page) -> None:
    expect(page.locator("[data-tile]")).to_have_count(2, timeout=WAIT)
    page.wait_for_timeout(2500)


def _challenge(page: Page) -> None:
    page.locator("[data-face][data-box]").first.wait_for(timeout=WAIT)
    page.locator("#challenge").get_by_role("button", name="Start").click()
    page.locator("#challenge img").wait_for(timeout=WAIT)
    page.wait_for_timeout(500)


def _album(page: Page) -> None:
    page.click("#sample-album")
    expect(page.locator("#progress-status")).to_contain_text("Done", timeout=WAIT)
    page.wait_for_timeout(1000)


def _front(page: Page) -> None:
    page.locator(".demo .ten-marks .expression-icon").first.wait_for(timeout=WAIT)
    page.wait_for_timeout(1000)


def _map(page: Page) -> None:
    page.wait_for_timeout(4000)


SCREENSHOTS = {
    "live": Screenshot("/live?source=sample", _live, (1280, 1360)),
    "live-phone": Screenshot("/live?source=sample", _live, PHONE, "dark"),
    "large-votes": Screenshot("/live?source=sample&view=large", _large),
    "faces": Screenshot("/live?source=sample&view=faces", _faces),
    "challenge": Screenshot("/live?source=sample&view=challenge&expression=happiness", _challenge),
    "photos": Screenshot("/photos", _album),
    "front": Screenshot("/", _front),
    "map": Screenshot("/data/fer2013/map", _map),
}


@contextlib.contextmanager
def _site() -> Iterator[str]:
    """The address of a running site."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "webapp", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/healthz", process)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(address: str, process: subprocess.Popen[bytes], timeout: float = 90) -> None:
    end = time.monotonic() + timeout
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.2)
    raise SystemExit(f"error: the site did not respond within {timeout:.0f} s; run `make setup` and see its output")


def _save(content: bytes, path: Path) -> None:
    image = Image.open(io.BytesIO(content)).convert("RGB")
    image.quantize(COLORS, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)


def take(names: list[str], folder: Path) -> None:
    """Write `folder`/NAME.png for each name of SCREENSHOTS."""
    chromium = next(filter(None, map(shutil.which, [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser",
                                                    "google-chrome"])), None)
    if not chromium:
        raise SystemExit("error: no Chromium found; install it or set CHROMIUM to its path")
    folder.mkdir(parents=True, exist_ok=True)
    with _site() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in names:
            one = SCREENSHOTS[name]
            width, height = one.size
            context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce",
                                          color_scheme="dark" if one.scheme == "dark" else "light")
            page = context.new_page()
            page.goto(address + one.path)
            dismiss = page.locator("#visitor-notice-dismiss")
            if dismiss.count():
                dismiss.click()
            one.prepare(page)
            page.evaluate("window.scrollTo(0, 0)")
            _save(page.screenshot(), folder / f"{name}.png")
            print(f"{folder / f'{name}.png'}")
            context.close()
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SCREENSHOTS)}; default: all")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", metavar="FOLDER")
    options = parser.parse_args()
    unknown = set(options.names) - SCREENSHOTS.keys()
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose of {', '.join(SCREENSHOTS)}")
    take(options.names or list(SCREENSHOTS), options.out)


if __name__ == "__main__":
    main()
