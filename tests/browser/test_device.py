"""Inference on the device: nothing is sent, pages work offline, and failures are handled."""

import base64
import contextlib
import json
import os
import re
from pathlib import Path

import pytest
import synthetic_images
from playwright.sync_api import Error, expect
from test_device_parity import HARNESS, as_png
from test_live_page import sample_boxes

NO_GRAPHICS = ["--disable-gpu", "--disable-software-rasterizer"]
NO_WASM = "--js-flags=--jitless"         # without JIT compilation there is no WebAssembly
LIVE = "/live?on=device&backend=wasm"
ROOT = Path(__file__).parents[2]
FRAMES = int(os.environ.get("FRAMES", 100))
DAMAGED = "arrived damaged. Downloading it again."


def wait_ready(page, timeout=90_000):
    expect(page.locator("#live")).to_have_attribute("data-reader", "ready", timeout=timeout)


def wait_cached(page):
    expect(page.locator(".location-status")).to_contain_text("Ready for offline use.", timeout=60_000)


def start(page, faces=1):
    page.click("#start")
    expect(page.locator("[data-figure=rate]")).not_to_have_text("–", timeout=60_000)
    expect(page.locator("[data-face][data-box]")).to_have_count(faces, timeout=60_000)


def requests_of(page):
    """A list of all requests of the page, its workers and its sockets; it grows over time."""
    seen = []
    page.context.on("request", lambda request: seen.append((request.method, request.url, request.post_data_buffer)))
    page.on("websocket", lambda socket: seen.append(("WEBSOCKET", socket.url, None)))
    return seen


def test_live_page_sends_nothing(open_page, video):
    page = open_page(LIVE, video=video("portrait"))
    wait_ready(page)
    wait_cached(page)
    seen = requests_of(page)
    start(page)
    page.wait_for_timeout(4000)
    assert "of 10 people would call this" in page.inner_text("#faces")
    assert seen == []


def test_moving_faces_are_followed(open_page, video):
    """Faces are searched near their last position, with periodic full searches; none is lost or swapped."""
    page = open_page(LIVE, video=video("two"))
    wait_ready(page)
    start(page, faces=2)
    seen, _ = sample_boxes(page, video("two"), seconds=8)
    for samples in seen:
        found = [one for one in samples if one]
        assert len(found) >= 0.9 * len(samples), "a box lost its face"
        assert len({name for name, _ in found}) == 1, "a face changed its identity"


# Counts the frames in flight to the worker: currently, maximum, and total.
COUNT_FRAMES = """window.frameCounts = {current: 0, maximum: 0, total: 0};
  window.Worker = class extends Worker {
    constructor(...parameters) {
      super(...parameters);
      this.addEventListener("message", ({data}) => { frameCounts.current -= Boolean(data.result?.faces); });
    }
    postMessage(message, ...rest) {
      if (message.command === "frame") {
        frameCounts.total++;
        frameCounts.maximum = Math.max(frameCounts.maximum, ++frameCounts.current);
      }
      super.postMessage(message, ...rest);
    }
  };"""


def hide(page, hidden):
    page.evaluate("""(hidden) => { Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
                                   document.dispatchEvent(new Event("visibilitychange")); }""", hidden)


def test_one_frame_in_flight_and_none_while_hidden(open_page, video):
    page = open_page(LIVE, video=video("portrait"), script=COUNT_FRAMES)
    wait_ready(page)
    start(page)
    page.wait_for_timeout(2000)
    hide(page, True)
    expect(page.locator("#badge-state")).to_have_text("Paused: the tab was hidden")
    page.wait_for_timeout(500)
    before = page.evaluate("frameCounts")
    page.wait_for_timeout(1500)
    after = page.evaluate("frameCounts")
    assert before == after and after["current"] == 0
    assert after["total"] > 3 and after["maximum"] == 1
    hide(page, False)
    page.wait_for_timeout(1500)
    assert page.evaluate("frameCounts.total") > after["total"]


def test_content_security_policy_blocks_sending(open_page):
    page = open_page(LIVE)
    refused = page.evaluate("""async () => {
      const tries = [() => fetch("/api/v1/readings", {method: "POST", body: "x"}), () => fetch("https://example.org/"),
        () => new Promise((resolve, reject) => {
          const socket = new WebSocket(`ws://${location.host}/socket.io/`);
          socket.onopen = resolve; socket.onerror = reject; })];
      const results = await Promise.allSettled(tries.map(async (one) => one()));
      return results.map(({status}) => status);
    }""")
    assert refused == ["rejected"] * 3
    assert not navigator_beacon(page)
    page.errors.clear()         # the browser logs each blocked request


def navigator_beacon(page):
    """Requests sent by sendBeacon: the browser queues them and the policy blocks them."""
    seen = requests_of(page)
    page.evaluate("navigator.sendBeacon('/api/v1/readings', 'x')")
    page.wait_for_timeout(500)
    return [one for one in seen if one[2]]


def test_photo_page_sends_nothing(open_page, tmp_path):
    page = open_page("/photos?on=device&backend=wasm")
    expect(page.locator(".location-status")).to_contain_text("Ready for offline use.", timeout=120_000)
    seen = requests_of(page)
    path = tmp_path / "face.png"
    path.write_bytes(as_png(next(iter(list(synthetic_images.make(2))[1:]))))
    page.set_input_files("#pick-files", path)
    page.locator("#grid").scroll_into_view_if_needed()
    page.mouse.wheel(0, 600)                    # only tiles in view are drawn
    expect(page.locator("#grid li")).to_have_count(1, timeout=60_000)
    expect(page.locator("#photos")).to_have_attribute("data-empty", "false")
    expect(page.locator("#grid li")).to_contain_text("of 10", timeout=60_000)
    page.wait_for_timeout(1000)
    assert [one for one in seen if not one[1].startswith("blob:")] == []


def test_live_page_works_offline(open_page, video, own_server):
    page = open_page(LIVE, video=video("portrait"), url=own_server.url)
    wait_ready(page)
    wait_cached(page)
    own_server.kill()
    page.goto(own_server.url + "/live")         # redirects to the cached device page
    wait_ready(page)
    assert "on=device" in page.url
    start(page)
    assert "of 10 people would call this" in page.inner_text("#faces")
    page.errors.clear()


def test_samples_work_offline(open_page, own_server):
    """The sample video of the Live page and the sample album, neither used before."""
    page = open_page("/photos?on=device&backend=wasm", url=own_server.url)
    expect(page.locator(".location-status")).to_contain_text("Ready for offline use.", timeout=120_000)
    page.goto(own_server.url + LIVE)
    wait_ready(page)
    wait_cached(page)
    own_server.kill()
    page.goto(own_server.url + "/live?source=sample")
    expect(page.locator("[data-figure=rate]")).not_to_have_text("–", timeout=90_000)
    assert "source=sample" in page.url and "on=device" in page.url
    page.goto(own_server.url + "/photos?source=sample")
    expect(page.locator("#shown")).to_have_text("18 of 18 photos", timeout=60_000)
    expect(page.locator("#progress-status")).to_have_text("Done: 18 of 18", timeout=120_000)
    page.errors.clear()


def test_new_bundle_replaces_the_cached_one_completely(open_page, own_server, new_bundle):
    page = open_page(f"{LIVE}&model=jury-live", url=own_server.url)
    wait_ready(page)
    wait_cached(page)
    before = page.evaluate(CACHED)
    own_server.kill()
    own_server.settings["EMOSCOPE_MODELS"] = str(new_bundle)
    own_server.start()
    page.reload()
    wait_ready(page)
    wait_cached(page)
    after = page.evaluate(CACHED)
    assert len(after) == len(before) and len(set(after) & set(before)) == 3     # the detector, model.json
    own_server.kill()
    page.reload()
    wait_ready(page)
    offer = json.loads(page.inner_text("#device-offer") or page.text_content("#device-offer"))
    assert offer["models"][0]["card"]["version"] == "99.0.0"
    page.errors.clear()


CACHED = """async () => {
  const cache = await caches.open("emoscope-networks");
  return (await cache.keys()).map(({url}) => new URL(url).pathname);
}"""


@pytest.mark.parametrize("times, outcome", [(1, "ready"), (9, "lost")])
def test_damaged_file_is_reported_and_downloaded_again(open_page, times, outcome):
    left = [times]

    def damage(route):
        if left[0] > 0:
            left[0] -= 1
            route.fulfill(status=200, body=b"half of it")
        else:
            route.continue_()

    page = open_page(LIVE, routes={"**/device/files/*/weights.bin": damage}, service_workers="block")
    expect(page.locator("#live")).to_have_attribute("data-reader", outcome, timeout=90_000)
    if outcome == "ready":
        expect(page.locator(".location-status")).to_contain_text(DAMAGED)
    else:
        expect(page.locator("#stage")).to_contain_text("arrived damaged twice")
        expect(page.get_by_role("link", name="Switch to the server")).to_be_visible()


def weights_of(model):
    """SHA-256 of the weights that the browser loads."""
    card = json.loads((ROOT / "static/models" / model / "card.json").read_text())
    return card["files"]["tfjs/weights.bin"]["sha256"]


def test_late_download_does_not_undo_a_failure(open_page):
    """The detector fails during the download of the model; then the model arrives."""
    held = []
    page = open_page(f"{LIVE}&model=jury-live", service_workers="block", routes={
        "**/device/files/*/weights.bin": lambda route: route.fulfill(status=200, body=b"half of it"),
        f"**/device/files/{weights_of('jury-live')}/weights.bin": lambda route: held.append(route)})
    expect(page.locator("#live")).to_have_attribute("data-reader", "lost", timeout=90_000)
    assert len(held) == 1
    with contextlib.suppress(Error):        # the page may have dropped the request
        held[0].continue_()
    page.wait_for_timeout(1500)
    expect(page.locator("#live")).to_have_attribute("data-reader", "lost")
    expect(page.locator(".stage-status")).to_be_hidden()


def test_small_network_answers_until_the_default_one_is_downloaded(open_page, video):
    """The page says which network answers; every reading names its network; the faces and their votes stay."""
    held, weights = [], f"**/device/files/{weights_of('jury-live')}/weights.bin"
    page = open_page(LIVE, video=video("portrait"), service_workers="block", script=MODELS_READ,
                     routes={weights: lambda route: held.append(route)})
    wait_ready(page)
    expect(page.locator(".location-status")).to_contain_text(re.compile("^.*Pocket.* answers until .*Live"))
    start(page)
    assert page.evaluate("modelsRead") == ["jury-pocket"]
    assert "of 10 people would call this" in page.inner_text("#faces")
    wait_for(page, lambda: held)
    held[0].continue_()
    expect(page.locator(".location-status")).not_to_contain_text("answers until", timeout=60_000)
    wait_for(page, lambda: page.evaluate("modelsRead.length") == 2)
    assert page.evaluate("modelsRead") == ["jury-pocket", "jury-live"]
    expect(page.locator("[data-face][data-box]")).to_have_count(1)


def test_networks_start_before_the_page_is_complete(open_page):
    """Their files are requested while the script of the page is still missing."""
    held = []
    page = open_page("/about", routes={"**/static/dist/live-*.js": lambda route: held.append(route)})
    seen = requests_of(page)
    page.goto(page.url.replace("/about", LIVE), wait_until="commit")
    wait_for(page, lambda: [url for _, url, _ in seen if url.endswith("/weights.bin")])
    assert page.locator("#live").get_attribute("data-reader") is None
    held[0].continue_()
    wait_ready(page)


def test_network_in_the_cache_or_in_the_link_answers_at_once(open_page, video):
    page = open_page(f"{LIVE}&model=jury-live", video=video("portrait"), script=MODELS_READ)
    wait_ready(page)
    wait_cached(page)
    start(page)
    assert page.evaluate("modelsRead") == ["jury-live"]
    page.goto(page.url.replace("&model=jury-live", ""))
    wait_ready(page)
    start(page)
    assert page.evaluate("modelsRead") == ["jury-live"]


# The names of the networks whose readings of camera frames arrived, in order.
MODELS_READ = """window.modelsRead = [];
  window.Worker = class extends Worker {
    constructor(...parameters) {
      super(...parameters);
      this.addEventListener("message", ({data}) => {
        const name = data.result?.model?.name;
        if (name && !modelsRead.includes(name)) modelsRead.push(name);
      });
    }
  };"""


def wait_for(page, condition):
    for _ in range(300):
        if condition():
            return
        page.wait_for_timeout(100)
    pytest.fail("the condition did not become true within 30 s")


def test_model_can_be_downloaded_while_the_camera_runs(open_page, video):
    """The page shows the progress and stays ready; the message disappears at the end."""
    held, weights = [], f"**/device/files/{weights_of('jury-pocket')}/weights.bin"
    page = open_page(f"{LIVE}&model=jury-live", video=video("portrait"), service_workers="block",
                     routes={weights: lambda route: held.append(route)})
    wait_ready(page)
    start(page)
    page.select_option("#model", "jury-pocket")
    status = page.locator(".stage-status")
    expect(status).to_have_text(re.compile(r"Downloading the networks: \d % of 0\.2 MB"), timeout=60_000)
    expect(page.locator("#live")).to_have_attribute("data-reader", "ready")
    held[0].continue_()
    expect(status).to_be_hidden(timeout=60_000)
    expect(page.locator("#live")).to_have_attribute("data-reader", "ready")


def test_damaged_model_is_not_downloaded_with_every_frame(open_page, video):
    """The error stays visible; the previous model still works; a later choice downloads the other model again."""
    downloads = []

    def damage(route):
        downloads.append(route)
        if len(downloads) > 2:
            route.continue_()
        else:
            route.fulfill(status=200, body=b"half of it")

    page = open_page(f"{LIVE}&model=jury-live", video=video("portrait"), service_workers="block",
                     routes={f"**/device/files/{weights_of('jury-pocket')}/weights.bin": damage})
    wait_ready(page)
    start(page)
    page.select_option("#model", "jury-pocket")
    status = page.locator(".stage-status")
    expect(status).to_contain_text("arrived damaged twice", timeout=60_000)
    page.wait_for_timeout(2000)
    expect(status).to_contain_text("arrived damaged twice")
    assert len(downloads) == 2
    page.select_option("#model", "jury-live")
    expect(status).to_be_hidden(timeout=10_000)
    page.select_option("#model", "jury-pocket")
    for _ in range(150):
        if len(downloads) > 2:
            break
        page.wait_for_timeout(100)
    assert len(downloads) == 3
    expect(status).to_be_hidden(timeout=10_000)


def test_damaged_cached_file_is_reported_and_downloaded_again(open_page):
    page = open_page(LIVE)
    wait_ready(page)
    page.evaluate("""async () => {
      const cache = await caches.open("emoscope-networks");
      for (const request of await cache.keys()) await cache.put(request, new Response("rubbish"));
    }""")
    page.reload()
    wait_ready(page)
    expect(page.locator(".location-status")).to_contain_text("is damaged. Downloading it again.")


def test_full_storage_is_reported_and_the_page_works(open_page):
    page = open_page("/about")
    tools = page.context.new_cdp_session(page)
    tools.send("Storage.overrideQuotaForOrigin", {"origin": page.evaluate("location.origin"), "quotaSize": 1000})
    page.goto(page.url.replace("/about", LIVE))
    wait_ready(page)
    expect(page.locator(".location-status")).to_contain_text("refuses to cache the networks", timeout=60_000)


@pytest.mark.parametrize("backend, words", [
    ("webgpu", "this browser has no WebGPU; this browser has no WebGL 2"),
    ("webgl", "this browser has no WebGL 2; this browser has no WebGPU"),
])
def test_missing_backend_is_skipped_with_a_reason(open_page, backend, words):
    page = open_page(f"/live?on=device&backend={backend}", flags=NO_GRAPHICS)
    wait_ready(page)
    expect(page.locator(".location-status")).to_contain_text(f"({words})")


def test_software_webgl_is_used_without_webassembly(open_page):
    page = open_page("/live?on=device", flags=["--enable-unsafe-swiftshader", NO_WASM])
    expect(page.locator(".location-status")).to_contain_text("Running on WebGL", timeout=90_000)
    expect(page.locator(".location-status")).to_contain_text("this browser has no WebAssembly")


def test_no_backend_is_reported_and_the_server_offered(open_page):
    page = open_page("/live?on=device", flags=[*NO_GRAPHICS, NO_WASM])
    expect(page.locator("#stage")).to_contain_text("this browser has no WebAssembly", timeout=60_000)
    page.get_by_role("link", name="Switch to the server").click()
    expect(page).to_have_url(page.url.split("?")[0])


def test_memory_is_constant(open_page):
    """The environment variable FRAMES sets the number of frames (default 100)."""
    page = open_page("/live", script=HARNESS)
    page.set_default_timeout(1_200_000)
    page.evaluate("device.start('wasm')")
    images = [base64.b64encode(as_png(image)).decode() for image in list(synthetic_images.make(6))[1:]]
    seen = []
    for _ in range(10):
        held = page.evaluate("([images, count]) => device.readFrames(images, count)", [images, FRAMES // 10])
        seen.append(held | {"resident": resident(page)})
        print(f"{len(seen) * FRAMES // 10} frames: {held['tensors']} tensors, {held['bytes']} bytes in them, "
              f"{seen[-1]['resident'] >> 20} MB resident")
    assert len({(one["tensors"], one["bytes"]) for one in seen}) == 1
    if FRAMES >= 1000:      # fewer frames do not reach a steady state
        assert seen[-1]["resident"] < 1.1 * seen[2]["resident"]


def resident(page):
    """Resident bytes of the browser's renderer processes; 0 on systems other than Linux."""
    tools = page.context.browser.new_browser_cdp_session()
    found = [one["id"] for one in tools.send("SystemInfo.getProcessInfo")["processInfo"] if one["type"] == "renderer"]
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in found
             if Path(f"/proc/{one}/statm").exists()]
    return sum(pages) * 4096


def test_site_is_installable(open_page):
    page = open_page("/live?on=device&backend=wasm")
    tools = page.context.new_cdp_session(page)
    manifest = tools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    found = json.loads(manifest["data"])
    assert found["start_url"].startswith("/live")
    for icon in found["icons"]:
        assert Path("static", icon["src"].removeprefix("/static/")).is_file()
