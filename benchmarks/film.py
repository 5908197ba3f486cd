"""A long film on the photo page: does memory stay where it is? Heap, processes and readings/s as the film is read.

    python -m benchmarks.film --minutes 60

Serves the site, drops a made film (scikit-image's astronaut moves, and is away at times; VP8, 320 x 240, five frames
a second, so that every frame is read) on the page in a headless Chromium, and measures at each tenth.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from playwright.sync_api import sync_playwright

from benchmarks.gallery import memory, open_photos, serve

RATE = 5                # frames/s of the film, which is how often the page reads
SIZE = (320, 240)
AWAY = 10               # s at the beginning of each minute, when nobody is there


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = make(Path(folder), options.minutes)
        server, url = serve()
        try:
            with sync_playwright() as playwright:
                measure(playwright, url, film)
        finally:
            server.terminate()
            server.wait(10)


def make(folder, minutes):
    """A WebM film of so many minutes, each like the first; its path."""
    minute, film = folder / "minute.webm", folder / "film.webm"
    picture = cv2.resize(skimage.data.astronaut()[..., ::-1], (SIZE[1], SIZE[1]), interpolation=cv2.INTER_AREA)
    writer = cv2.VideoWriter(str(minute), cv2.VideoWriter_fourcc(*"VP80"), RATE, SIZE)
    if not writer.isOpened():
        raise SystemExit("error: this OpenCV writes no VP8 film")
    for number in range(60 * RATE):
        frame = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
        if number >= AWAY * RATE:
            x = round(40 + 35 * np.sin(number / 20))
            frame[:, x:x + SIZE[1]] = picture
        writer.write(frame)
    writer.release()
    repeat = Path(__file__).with_name("repeat-film.mjs")
    subprocess.run(["node", str(repeat), str(minute), str(film), str(minutes)], check=True)
    return film


def measure(playwright, url, film):
    """Print a line of JSON at each tenth of the film."""
    browser, page = open_photos(playwright, url)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    print(json.dumps({"film_mb": round(film.stat().st_size / 1e6, 1)} | state(page, session)), flush=True)
    begun, tenths = time.monotonic(), 0
    page.set_input_files("#pick-files", str(film))
    page.wait_for_selector(".film[data-state=reading]")
    while True:
        now = page.get_attribute(".film", "data-state")
        if now == "stopped":
            raise SystemExit("error: reading stopped: " + page.inner_text(".film .progress-line"))
        done = now == "done"
        share = 1 if done else page.evaluate("document.querySelector('.film progress').value")
        if share * 10 >= tenths + 1 or done:
            tenths = int(share * 10)
            print(json.dumps({"read": round(share, 2), "seconds": round(time.monotonic() - begun)}
                             | state(page, session)), flush=True)
        if done:
            break
        time.sleep(1)
    print(json.dumps({"said": page.inner_text(".film .progress-line"), "kept": kept(page)}))
    browser.close()


def state(page, session):
    """MB of the page's JavaScript heap after a collection, and of all the browser's processes."""
    session.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return {"heap_mb": round(metrics["JSHeapUsedSize"] / 1e6, 1), "nodes": round(metrics["Nodes"]),
            "browser_mb": memory()}


def kept(page):
    """Bytes and samples of the film's record in the browser's store."""
    return page.evaluate("""async () => {
        const open = indexedDB.open("emoscope-photos");
        const base = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
        const request = base.transaction("films").objectStore("films").getAll();
        const [film] = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
        base.close();
        return {samples: film.count, bytes: film.data.byteLength};
    }""")


if __name__ == "__main__":
    sys.exit(main())
