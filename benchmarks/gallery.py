"""The photo page with thousands of photos: time to first result, photos/s, memory, scrolling frame rate, reload.

    python -m benchmarks.gallery --photos 5000

Starts the site, opens that many generated photos (variants of scikit-image's astronaut, 160 px) on the page in
headless Chromium, and takes the frame rate from the browser's trace while the grid scrolls.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import psutil
import skimage.data
from PIL import Image
from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
SPEED = 3000            # scrolling speed in px/s
SECONDS = 8             # of scrolling


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=5000, help="number of photos (default: 5000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_photos(Path(folder), options.photos)
        server, url = serve()
        try:
            with sync_playwright() as playwright:
                print(json.dumps(measure(playwright, url, folder, options.photos), indent=1))
        finally:
            server.terminate()
            server.wait(10)


def make_photos(folder, count):
    """Write `count` different JPEGs of 160 x 160 px; one in ten has no face."""
    random = np.random.default_rng(0)
    original = Image.fromarray(skimage.data.astronaut())
    for number in range(count):
        x, y = random.integers(0, 100, 2)
        box = (x, y // 2, x + 330, y // 2 + 330) if number % 10 else (0, 260, 250, 510)
        original.crop(box).resize((160, 160)).save(folder / f"photo {number + 1}.jpg", quality=70 + number % 20)


def serve():
    """Start the site without an API rate limit; (process, url)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "webapp", "serve", "--port", str(port)],
                               env=os.environ | {"EMOSCOPE_API_RATE": ""}, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return process, url
        except OSError:
            time.sleep(0.2)
    raise SystemExit("error: the server did not start")


def open_photos(playwright, url):
    """Open the photo page in Chromium; (browser, page)."""
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(url + "/photos")
    page.wait_for_selector("#photos[data-ready]", state="attached")
    return browser, page


def measure(playwright, url, folder, count):
    browser, page = open_photos(playwright, url)
    result = {"photos": count, "browser_mb_before": memory()}
    started = time.monotonic()
    page.set_input_files("#pick-folder", folder)
    page.wait_for_selector(".tile[data-state=read]", timeout=60_000)
    result["first_result_s"] = round(time.monotonic() - started, 2)
    peak = 0
    while not page.inner_text("#progress-status").startswith("Done"):
        peak = max(peak, memory())
        time.sleep(2)
    elapsed = time.monotonic() - started
    result |= {"all_read_s": round(elapsed, 1), "photos_per_s": round(count / elapsed, 1), "browser_mb_peak": peak,
               "status": page.inner_text("#progress-status")}
    result["scrolling"] = scroll(browser, page)
    result["browser_mb_after_scrolling"] = memory()
    started = time.monotonic()
    page.reload()
    page.wait_for_selector(".tile[data-state=read]")
    result |= {"reload_to_grid_s": round(time.monotonic() - started, 2), "after_reload": page.inner_text("#shown"),
               "browser_mb_after_reload": memory()}
    browser.close()
    return result


def scroll(browser, page):
    """Frame rate while the grid scrolls, from the DrawFrame events of the trace."""
    page.evaluate("scrollTo(0, 0)")
    session = page.context.new_cdp_session(page)
    browser.start_tracing(page=page, categories=["devtools.timeline", "disabled-by-default-devtools.timeline.frame",
                                                 "devtools.timeline.frame", "cc", "benchmark"])
    session.send("Input.synthesizeScrollGesture", {"x": 640, "y": 500, "yDistance": -SPEED * SECONDS, "speed": SPEED,
                                                   "preventFling": True})
    events = json.loads(browser.stop_tracing())["traceEvents"]
    frames = sorted(event["ts"] / 1e6 for event in events if event["name"] == "DrawFrame")
    dropped = sum(event["name"] == "DroppedFrame" for event in events)
    gaps = np.diff(frames) if len(frames) > 2 else np.array([1.0])
    blank = page.evaluate("""[...document.querySelectorAll(".tile:not([hidden]) .tile-image")]
        .filter((one) => !one.naturalWidth).length""")
    return {"px_per_s": SPEED, "frames": len(frames), "dropped": dropped, "blank_tiles_at_end": blank,
            "frames_per_s": round((len(frames) - 1) / (frames[-1] - frames[0]), 1) if len(frames) > 2 else 0,
            "longest_gap_ms": round(1000 * float(gaps.max())),
            "gap_p95_ms": round(1000 * float(np.percentile(gaps, 95)), 1)}


def memory():
    """Resident memory of all browser processes in MB; shared pages are counted in each."""
    own = psutil.Process().children(recursive=True)
    return round(sum(one.memory_info().rss for one in own if "chrom" in one.name()) / 1e6)


if __name__ == "__main__":
    main()
