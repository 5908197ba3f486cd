"""The device's reading beside vladmandic/human and @vladmandic/face-api: same film, browser and backend, one run.

    npm install --prefix benchmarks/browser
    python benchmarks/browser/run.py [--backend wasm] [--seconds 15] [--rounds 2]

Each library finds the faces of every frame and reads their expressions, fed by the same fake camera. Ours is the Live
page itself, with its default network and with the smallest: it draws every frame, and reads none twice, so the camera's
30 frames/s are its most. The others run in a bare page that draws nothing, as fast as they can; "reader alone" is ours
in that same loop. Every page asks for the camera as soon as its scripts run. The rounds take turns, so that a busy
machine is busy for all; a round before them that does not count has every file compressed and read from the disk. The
processor's time beside it hardly changes on a machine that is busy with other things.
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
import films  # noqa: E402 - the tests' films

HARNESS, LOOP = ROOT / "tests/browser/harness.js", HERE / "camera.mjs"

OURS = {"Emoscope": "/live?on=device&backend={}",
        "Emoscope, pocket network": "/live?on=device&backend={}&model=jury-pocket",
        "Emoscope, reader alone": "/live?backend={}",
        "Emoscope, reader alone, pocket network": "/live?backend={}&model=jury-pocket"}
OTHERS = {"human, every frame": "/human.html?backend={}",
          "human, skipping frames as it comes": "/human.html?backend={}&skip=1",
          "face-api, tiny detector": "/face-api.html?backend={}&detector=tiny",
          "face-api, SSD": "/face-api.html?backend={}"}
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
         "--use-fake-ui-for-media-stream"]
# The Live page's camera is started at once. Counted are the readings that its worker gives; the first result is what
# the page shows.
LIVE_PAGE = """window.bench = {first: null, count: 0};
  window.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({data}) => { bench.count += Boolean(data.answer?.faces); });
    }
  };
  addEventListener("DOMContentLoaded", () => {
    const look = new MutationObserver(() => {
      if (document.querySelector("[data-face]")) bench.first ??= performance.now(); });
    look.observe(document.querySelector("#figures"), {subtree: true, childList: true, characterData: true});
    document.querySelector("#start").click();
  });"""
# The worker in the others' loop; the page around it has no reader of its own and draws nothing.
READER_ALONE = HARNESS.read_text() + LOOP.read_text().replace("export ", "") + """
  addEventListener("DOMContentLoaded", () => {
    const query = new URLSearchParams(location.search), model = query.get("model") ?? "";
    const started = device.start(query.get("backend"), model);
    run(async (video) => {
      await started;
      const bitmap = await createImageBitmap(video);
      return (await device.ask("frame", {bitmap, model}, [bitmap])).faces.length > 0;
    });
  });"""
# Whose work counts: the pages', and what draws and computes on their behalf; the camera's is another's.
PROCESSES = {"renderer", "GPU"}


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--backend", default="wasm", choices=("wasm", "webgl", "webgpu"))
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--rounds", type=int, default=2)
    given = options.parse_args()
    if not (HERE / "node_modules").is_dir():
        sys.exit("error: the libraries are missing; run: npm install --prefix benchmarks/browser")
    with tempfile.TemporaryDirectory() as folder, servers() as (ours, others), sync_playwright() as playwright:
        film = films.make(Path(folder) / "film.mjpeg", "portrait")
        pages = {name: address + path.format(given.backend) for address, paths in ((ours, OURS), (others, OTHERS))
                 for name, path in paths.items()}
        for url in pages.values():
            measure(playwright, film, url, 0)
        rounds = [{name: measure(playwright, film, url, given.seconds) for name, url in pages.items()}
                  for _ in range(given.rounds)]
    report({name: [one[name] for one in rounds] for name in pages}, given.backend)


@contextlib.contextmanager
def servers():
    """(address of our site, address of the others' pages)."""
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
    sys.exit(f"error: {url} does not answer")


def measure(playwright, film, url, seconds):
    """{"rate": frames/s, "first": s from opening the page to the first face, "bytes": transferred until then,
    "work": ms of the processor a frame, "start": s of the processor until the first face}."""
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
                                         args=[*FLAGS, f"--use-file-for-fake-video-capture={film.path}"])
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    requests = []
    context.on("requestfinished", lambda request: requests.append(request))
    if "/live" in url:
        page.add_init_script(LIVE_PAGE if "on=device" in url else READER_ALONE)
    page.goto(url, timeout=120_000)
    wait_for_first(page)
    first = page.evaluate("bench.first") / 1000
    transferred = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in
                      (one.sizes() for one in requests if one.url.startswith("http")))
    started = processor(browser)
    begun, before = time.monotonic(), page.evaluate("bench.count")
    page.wait_for_timeout(1000 * seconds)
    count = page.evaluate("bench.count") - before
    rate = count / max(time.monotonic() - begun, 1e-3)
    work = 1000 * (processor(browser) - started) / max(count, 1)
    browser.close()
    return {"rate": rate, "first": first, "bytes": transferred, "work": work, "start": started}


def processor(browser):
    """Seconds of the processor that the browser's PROCESSES took so far."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return sum(one["cpuTime"] for one in processes if one["type"] in PROCESSES)


def wait_for_first(page, timeout=240):
    """Until the first face has its expression; the page's policy forbids playwright's own way of waiting."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if page.evaluate("() => Boolean(window.bench && window.bench.first)"):
            return
        page.wait_for_timeout(100)
    sys.exit(f"error: {page.url} gave no reading within {timeout} s")


def report(results, backend):
    print(f"{backend}, 640 x 480, median of {len(next(iter(results.values())))} rounds\n")
    print("| library | frames/s | first result, s | transferred, MB | processor a frame, ms | until the first, s |")
    print("|---|--:|--:|--:|--:|--:|")
    middle = {name: {key: statistics.median(one[key] for one in runs) for key in runs[0]}
              for name, runs in results.items()}
    for name, one in middle.items():
        print(f"| {name} | {one['rate']:.1f} | {one['first']:.2f} | {one['bytes'] / 1e6:.2f} | {one['work']:.0f} | "
              f"{one['start']:.2f} |")
    for ours, other in itertools.product(OURS, OTHERS):
        compare(ours, other, middle[ours], middle[other])


def compare(name, other_name, ours, other):
    better = {"frames/s": other["rate"] > ours["rate"], "first result": other["first"] < ours["first"],
              "bytes transferred": other["bytes"] < ours["bytes"], "processor a frame": other["work"] < ours["work"],
              "processor until the first": other["start"] < ours["start"]}
    beaten = ", ".join(words for words, won in better.items() if won) or "nothing"
    print(f"\n{name} has {ours['rate'] / other['rate']:.2f} x the frames/s of {other_name}, "
          f"{ours['first'] / other['first']:.2f} x its first-result time, {ours['bytes'] / other['bytes']:.2f} x its "
          f"bytes, {ours['work'] / other['work']:.2f} x its processor a frame and "
          f"{ours['start'] / other['start']:.2f} x until the first; there it is beaten in: {beaten}.")


if __name__ == "__main__":
    main()
