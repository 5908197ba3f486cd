"""Compare inference on the device with @vladmandic/human and @vladmandic/face-api: same video, browser and backend.

    npm install --prefix benchmarks/browser
    python benchmarks/browser/run.py [--backend wasm] [--seconds 15] [--rounds 2]

Each library detects the faces of every frame and classifies their expressions; all use the same fake camera. Emoscope
is measured as its Live page, with the default network and with the smallest one. The Live page draws every frame and
reads none twice, so the camera's 30 frames/s are its maximum. The other libraries run in a minimal page that draws
nothing, as fast as possible; "reader only" is Emoscope in that same loop. Every page opens the camera as soon as its
scripts run; "the camera alone" only waits for its first frame. The rounds alternate between the pages, so that load
on the machine affects all of them. A warm-up round compresses every file and reads it from disk. Processor time
hardly depends on other load.
"""

import argparse
import contextlib
import itertools
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/browser"))
import videos  # noqa: E402 - the videos of the browser tests

HARNESS, LOOP = ROOT / "tests/browser/harness.js", HERE / "camera.mjs"

EMOSCOPE = {"Emoscope": "/live?on=device&backend={}",
        "Emoscope, pocket network": "/live?on=device&backend={}&model=jury-pocket",
        "Emoscope, reader only": "/live?backend={}",
        "Emoscope, reader only, pocket network": "/live?backend={}&model=jury-pocket"}
OTHERS = {"human, every frame": "/human.html?backend={}",
          "human, default frame skipping": "/human.html?backend={}&skip=1",
          "face-api, tiny detector": "/face-api.html?backend={}&detector=tiny",
          "face-api, SSD": "/face-api.html?backend={}"}
CAMERA = {"the camera alone": "/camera.html"}
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
         "--use-fake-ui-for-media-stream"]
# Starts the camera of the Live page at once. Counts the results of its worker; the first result is the first face
# displayed.
LIVE_PAGE = """window.bench = {first: null, count: 0};
  window.Worker = class extends Worker {
    constructor(...parameters) {
      super(...parameters);
      this.addEventListener("message", ({data}) => { bench.count += Boolean(data.result?.faces); });
    }
  };
  addEventListener("DOMContentLoaded", () => {
    const observer = new MutationObserver(() => {
      if (document.querySelector("[data-face]")) bench.first ??= performance.now(); });
    observer.observe(document.querySelector("#figures"), {subtree: true, childList: true, characterData: true});
    document.querySelector("#start").click();
  });"""
# The device worker in the loop of the other libraries; its page has no reader and draws nothing.
READER_ONLY = HARNESS.read_text() + LOOP.read_text().replace("export ", "") + """
  addEventListener("DOMContentLoaded", () => {
    const query = new URLSearchParams(location.search), model = query.get("model") ?? "";
    const started = device.start(query.get("backend"), model);
    run(async (video) => {
      await started;
      const bitmap = await createImageBitmap(video);
      return (await device.request("frame", {bitmap, model}, [bitmap])).faces.length > 0;
    });
  });"""
# Processes whose time counts: the page and the GPU process, not the camera.
PROCESSES = {"renderer", "GPU"}


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--backend", default="wasm", choices=("wasm", "webgl", "webgpu"))
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--beside", metavar="URL", help="address of another version of the site, measured as well")
    given = options.parse_args()
    if not (HERE / "node_modules").is_dir():
        sys.exit("error: the libraries are missing; run: npm install --prefix benchmarks/browser")
    with tempfile.TemporaryDirectory() as folder, servers() as (emoscope, others), sync_playwright() as playwright:
        video = videos.make(Path(folder) / "video.mjpeg", "portrait")
        pages = {name: address + path.format(given.backend)
                 for address, paths in ((emoscope, EMOSCOPE), (others, OTHERS | CAMERA))
                 for name, path in paths.items()}
        if given.beside:
            pages["Emoscope, other version"] = given.beside + EMOSCOPE["Emoscope"].format(given.backend)
        for url in pages.values():
            measure(playwright, video, url, 0)
        rounds = [{name: measure(playwright, video, url, given.seconds) for name, url in pages.items()}
                  for _ in range(given.rounds)]
    report({name: [one[name] for one in rounds] for name in pages}, given.backend)


@contextlib.contextmanager
def servers():
    """Start both servers; yield (URL of the Emoscope site, URL of the pages of the other libraries)."""
    commands = [[sys.executable, "-m", "webapp", "serve", "--port"], ["node", str(HERE / "serve.mjs")]]
    started, addresses = [], []
    try:
        for command in commands:
            port = free_port()
            started.append(subprocess.Popen([*command, str(port)], cwd=ROOT, stdout=subprocess.DEVNULL))
            addresses.append(f"http://127.0.0.1:{port}")
        for address, path in zip(addresses, ("/about", "/human.html"), strict=True):
            wait_for(address + path)
        yield addresses
    finally:
        for process in started:
            process.terminate()
            process.wait()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(url, timeout=120):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(url, timeout=10).close()
        time.sleep(0.3)
    sys.exit(f"error: {url} does not respond")


def measure(playwright, video, url, seconds):
    """{"rate": frames/s, "first": s from opening the page to the first face, "bytes": transferred until then,
    "work": processor time per frame in ms, "start": processor time until the first face in s}."""
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
                                         args=[*FLAGS, f"--use-file-for-fake-video-capture={video.path}"])
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    requests = []
    context.on("requestfinished", lambda request: requests.append(request))
    if "/live" in url:
        page.add_init_script(LIVE_PAGE if "on=device" in url else READER_ONLY)
    page.goto(url, timeout=120_000)
    wait_for_first(page)
    first = page.evaluate("bench.first") / 1000
    end = page.evaluate("performance.timeOrigin + bench.first")
    until_first = (one for one in requests if one.url.startswith("http")
                   and one.timing["startTime"] + one.timing["responseEnd"] <= end)
    transferred = sum(size["responseBodySize"] + size["responseHeadersSize"]
                      for size in (one.sizes() for one in until_first))
    started = processor(browser)
    start_time, before = time.monotonic(), page.evaluate("bench.count")
    page.wait_for_timeout(1000 * seconds)
    count = page.evaluate("bench.count") - before
    rate = count / max(time.monotonic() - start_time, 1e-3)
    work = 1000 * (processor(browser) - started) / max(count, 1)
    browser.close()
    return {"rate": rate, "first": first, "bytes": transferred, "work": work, "start": started}


def processor(browser):
    """Processor time of the browser's PROCESSES so far, in seconds."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return sum(one["cpuTime"] for one in processes if one["type"] in PROCESSES)


def wait_for_first(page, timeout=240):
    """Wait for the first classified face; the page's Content-Security-Policy blocks wait_for_function."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if page.evaluate("() => Boolean(window.bench && window.bench.first)"):
            return
        page.wait_for_timeout(100)
    sys.exit(f"error: {page.url} produced no result within {timeout} s")


def report(results, backend):
    print(f"{backend}, 640 x 480, median of {len(next(iter(results.values())))} rounds\n")
    print("| library | frames/s | first result, s | transferred, MB | processor time per frame, ms "
          "| processor time until the first, s |")
    print("|---|--:|--:|--:|--:|--:|")
    middle = {name: {key: statistics.median(one[key] for one in runs) for key in runs[0]}
              for name, runs in results.items()}
    for name, one in middle.items():
        print(f"| {name} | {one['rate']:.1f} | {one['first']:.2f} | {one['bytes'] / 1e6:.2f} | {one['work']:.0f} | "
              f"{one['start']:.2f} |")
    for own, other in itertools.product(EMOSCOPE, OTHERS):
        compare(own, other, middle[own], middle[other])


def compare(name, other_name, own, other):
    better = {"frames/s": other["rate"] > own["rate"], "first result": other["first"] < own["first"],
              "bytes transferred": other["bytes"] < own["bytes"],
              "processor time per frame": other["work"] < own["work"],
              "processor time until the first result": other["start"] < own["start"]}
    beaten = ", ".join(words for words, won in better.items() if won) or "nothing"
    print(f"\n{name} has {own['rate'] / other['rate']:.2f} x the frames/s of {other_name}, "
          f"{own['first'] / other['first']:.2f} x its first-result time, {own['bytes'] / other['bytes']:.2f} x its "
          f"bytes, {own['work'] / other['work']:.2f} x its processor time per frame and "
          f"{own['start'] / other['start']:.2f} x until the first; the other is better in: {beaten}.")


if __name__ == "__main__":
    main()
