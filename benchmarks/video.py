"""Memory of the photo page while it reads a long video.

    python -m benchmarks.video --minutes 60

Starts the site, opens a generated video on the page in headless Chromium (scikit-image's astronaut, moving and
sometimes absent; VP8, 320 x 240, 5 frames/s, so that every frame is read), and prints the JavaScript heap and the
memory of all browser processes at each tenth of the video.
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

RATE = 5                # frames/s of the video, equal to the rate at which the page reads
SIZE = (320, 240)
AWAY = 10               # s at the start of each minute without a face


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60, help="length of the video (default: 60)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video = make_video(Path(folder), options.minutes)
        server, url = serve()
        try:
            with sync_playwright() as playwright:
                measure(playwright, url, video)
        finally:
            server.terminate()
            server.wait(10)


def make_video(folder, minutes):
    """Write a WebM video that repeats one minute `minutes` times; return its path."""
    minute, video = folder / "minute.webm", folder / "video.webm"
    face = cv2.resize(skimage.data.astronaut()[..., ::-1], (SIZE[1], SIZE[1]), interpolation=cv2.INTER_AREA)
    writer = cv2.VideoWriter(str(minute), cv2.VideoWriter_fourcc(*"VP80"), RATE, SIZE)
    if not writer.isOpened():
        raise SystemExit("error: this build of OpenCV cannot write VP8")
    for number in range(60 * RATE):
        frame = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
        if number >= AWAY * RATE:
            x = round(40 + 35 * np.sin(number / 20))
            frame[:, x:x + SIZE[1]] = face
        writer.write(frame)
    writer.release()
    repeat = Path(__file__).with_name("repeat-video.mjs")
    subprocess.run(["node", str(repeat), str(minute), str(video), str(minutes)], check=True)
    return video


def measure(playwright, url, video):
    """Print one line of JSON at each tenth of the video."""
    browser, page = open_photos(playwright, url)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    print(json.dumps({"video_mb": round(video.stat().st_size / 1e6, 1)} | memory_of(page, session)), flush=True)
    started, tenths = time.monotonic(), 0
    page.set_input_files("#pick-files", str(video))
    page.wait_for_selector(".video-card[data-state=reading]")
    while True:
        state = page.get_attribute(".video-card", "data-state")
        if state == "stopped":
            raise SystemExit("error: reading stopped: " + page.inner_text(".video-card .progress-line"))
        done = state == "done"
        fraction = 1 if done else page.evaluate("document.querySelector('.video-card progress').value")
        if fraction * 10 >= tenths + 1 or done:
            tenths = int(fraction * 10)
            print(json.dumps({"read": round(fraction, 2), "seconds": round(time.monotonic() - started)}
                             | memory_of(page, session)), flush=True)
        if done:
            break
        time.sleep(1)
    print(json.dumps({"status": page.inner_text(".video-card .progress-line"), "stored": stored(page)}))
    browser.close()


def memory_of(page, session):
    """MB of the page's JavaScript heap after garbage collection, and of all browser processes."""
    session.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return {"heap_mb": round(metrics["JSHeapUsedSize"] / 1e6, 1), "nodes": round(metrics["Nodes"]),
            "browser_mb": memory()}


def stored(page):
    """Number of samples and bytes of the video's record in IndexedDB."""
    return page.evaluate("""async () => {
        const open = indexedDB.open("emoscope-photos");
        const database = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
        const request = database.transaction("films").objectStore("films").getAll();
        const [record] = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
        database.close();
        return {samples: record.count, bytes: record.data.byteLength};
    }""")


if __name__ == "__main__":
    sys.exit(main())
