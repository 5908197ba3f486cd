"""Reading on the device: the same page without a server behind it, and what it does when something is missing."""

import base64
import contextlib
import json
import os
import re
from pathlib import Path

import made_pictures
import pytest
from playwright.sync_api import Error, expect
from test_device_parity import HARNESS, as_png
from test_live_page import watch

NO_GRAPHICS = ["--disable-gpu", "--disable-software-rasterizer"]
NO_WASM = "--js-flags=--jitless"         # an engine that compiles nothing has no WebAssembly
LIVE = "/live?on=device&backend=wasm"
ROOT = Path(__file__).parents[2]
FRAMES = int(os.environ.get("FRAMES", 100))
BROKEN = "came damaged and is not used. It is fetched again."


def ready(page, timeout=90_000):
    expect(page.locator("#live")).to_have_attribute("data-reader", "ready", timeout=timeout)


def kept(page):
    expect(page.locator(".where-words")).to_contain_text("Ready for use without a network.", timeout=60_000)


def start(page, faces=1):
    page.click("#start")
    expect(page.locator("[data-figure=rate]")).not_to_have_text("–", timeout=60_000)
    expect(page.locator("[data-face][data-box]")).to_have_count(faces, timeout=60_000)


def requests_of(page):
    """A list that grows with every request of the page, its workers and its sockets."""
    seen = []
    page.context.on("request", lambda request: seen.append((request.method, request.url, request.post_data_buffer)))
    page.on("websocket", lambda socket: seen.append(("WEBSOCKET", socket.url, None)))
    return seen


def test_live_reads_and_nothing_leaves_the_device(open_page, film):
    page = open_page(LIVE, film=film("portrait"))
    ready(page)
    kept(page)
    seen = requests_of(page)
    start(page)
    page.wait_for_timeout(4000)
    assert "of 10 people would call this" in page.inner_text("#faces")
    assert seen == []


def test_faces_that_move_are_followed(open_page, film):
    """Looked for where they were, the whole picture searched now and then: neither lost nor mixed up."""
    page = open_page(LIVE, film=film("two"))
    ready(page)
    start(page, faces=2)
    seen, _ = watch(page, film("two"), seconds=8)
    for samples in seen:
        found = [one for one in samples if one]
        assert len(found) >= 0.9 * len(samples), "a box left its face"
        assert len({name for name, _ in found}) == 1, "a face changed its identity"


# Counts the frames that are with the worker: now, at most, and ever.
COUNT_FRAMES = """window.frames_given = {now: 0, most: 0, ever: 0};
  window.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({data}) => { frames_given.now -= Boolean(data.answer?.faces); });
    }
    postMessage(given, ...rest) {
      if (given.what === "frame") {
        frames_given.ever++;
        frames_given.most = Math.max(frames_given.most, ++frames_given.now);
      }
      super.postMessage(given, ...rest);
    }
  };"""


def hide(page, hidden):
    page.evaluate("""(hidden) => { Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
                                   document.dispatchEvent(new Event("visibilitychange")); }""", hidden)


def test_one_frame_is_read_at_a_time_and_none_of_a_hidden_tab(open_page, film):
    page = open_page(LIVE, film=film("portrait"), script=COUNT_FRAMES)
    ready(page)
    start(page)
    page.wait_for_timeout(2000)
    hide(page, True)
    expect(page.locator("#badge-state")).to_have_text("Paused: the tab was hidden")
    page.wait_for_timeout(500)
    before = page.evaluate("frames_given")
    page.wait_for_timeout(1500)
    after = page.evaluate("frames_given")
    assert before == after and after["now"] == 0
    assert after["ever"] > 3 and after["most"] == 1
    hide(page, False)
    page.wait_for_timeout(1500)
    assert page.evaluate("frames_given.ever") > after["ever"]


def test_the_policy_forbids_to_send(open_page):
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
    page.errors.clear()         # the browser tells each refusal in its console


def navigator_beacon(page):
    """Whether anything arrived by sendBeacon; the browser queues it, the policy stops it."""
    seen = requests_of(page)
    page.evaluate("navigator.sendBeacon('/api/v1/readings', 'x')")
    page.wait_for_timeout(500)
    return [one for one in seen if one[2]]


def test_photos_are_read_and_nothing_leaves_the_device(open_page, tmp_path):
    page = open_page("/photos?on=device&backend=wasm")
    expect(page.locator(".where-words")).to_contain_text("Ready for use without a network.", timeout=120_000)
    seen = requests_of(page)
    path = tmp_path / "face.png"
    path.write_bytes(as_png(next(iter(list(made_pictures.make(2))[1:]))))
    page.set_input_files("#pick-files", path)
    page.locator("#grid").scroll_into_view_if_needed()
    page.mouse.wheel(0, 600)                    # only what is seen is drawn
    expect(page.locator("#grid li")).to_have_count(1, timeout=60_000)
    expect(page.locator("#photos")).to_have_attribute("data-empty", "false")
    expect(page.locator("#grid li")).to_contain_text("of 10", timeout=60_000)
    page.wait_for_timeout(1000)
    assert [one for one in seen if not one[1].startswith("blob:")] == []


def test_without_a_network_live_still_works(open_page, film, own_server):
    page = open_page(LIVE, film=film("portrait"), url=own_server.url)
    ready(page)
    kept(page)
    own_server.kill()
    page.goto(own_server.url + "/live")         # the plain address leads to the device's page
    ready(page)
    assert "on=device" in page.url
    start(page)
    assert "of 10 people would call this" in page.inner_text("#faces")
    page.errors.clear()


def test_a_replaced_bundle_replaces_the_old_one_whole(open_page, own_server, new_bundle):
    page = open_page(LIVE, url=own_server.url)
    ready(page)
    kept(page)
    before = page.evaluate(CACHED)
    own_server.kill()
    own_server.settings["EMOSCOPE_MODELS"] = str(new_bundle)
    own_server.start()
    page.reload()
    ready(page)
    kept(page)
    after = page.evaluate(CACHED)
    assert len(after) == len(before) and len(set(after) & set(before)) == 3     # the detector's two and model.json
    own_server.kill()
    page.reload()
    ready(page)
    offer = json.loads(page.inner_text("#device-offer") or page.text_content("#device-offer"))
    assert offer["models"][0]["card"]["version"] == "99.0.0"
    page.errors.clear()


CACHED = """async () => {
  const cache = await caches.open("emoscope-networks");
  return (await cache.keys()).map(({url}) => new URL(url).pathname);
}"""


@pytest.mark.parametrize("times, outcome", [(1, "ready"), (9, "lost")])
def test_a_damaged_file_is_named_and_fetched_again(open_page, times, outcome):
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
        expect(page.locator(".where-words")).to_contain_text(BROKEN)
    else:
        expect(page.locator("#stage")).to_contain_text("came damaged twice")
        expect(page.get_by_role("link", name="Read on the server")).to_be_visible()


def weights_of(model):
    """SHA-256 of the weights that the browser loads."""
    card = json.loads((ROOT / "static/models" / model / "card.json").read_text())
    return card["files"]["tfjs/weights.bin"]["sha256"]


def test_what_comes_late_does_not_undo_a_failure(open_page):
    """The detector fails while the model is still on its way; then the model arrives."""
    held = []
    page = open_page(f"{LIVE}&model=jury-live", service_workers="block", routes={
        "**/device/files/*/weights.bin": lambda route: route.fulfill(status=200, body=b"half of it"),
        f"**/device/files/{weights_of('jury-live')}/weights.bin": lambda route: held.append(route)})
    expect(page.locator("#live")).to_have_attribute("data-reader", "lost", timeout=90_000)
    assert len(held) == 1
    with contextlib.suppress(Error):        # nobody may be waiting for it any more
        held[0].continue_()
    page.wait_for_timeout(1500)
    expect(page.locator("#live")).to_have_attribute("data-reader", "lost")
    expect(page.locator(".stage-strip")).to_be_hidden()


def test_another_model_is_fetched_while_the_camera_runs(open_page, film):
    """How far it is fetched is told; the page stays ready, and the words go when it is there."""
    held, weights = [], f"**/device/files/{weights_of('jury-pocket')}/weights.bin"
    page = open_page(f"{LIVE}&model=jury-live", film=film("portrait"), service_workers="block",
                     routes={weights: lambda route: held.append(route)})
    ready(page)
    start(page)
    page.select_option("#model", "jury-pocket")
    strip = page.locator(".stage-strip")
    expect(strip).to_have_text(re.compile(r"Fetching the networks: \d % of 0\.2 MB"), timeout=60_000)
    expect(page.locator("#live")).to_have_attribute("data-reader", "ready")
    held[0].continue_()
    expect(strip).to_be_hidden(timeout=60_000)
    expect(page.locator("#live")).to_have_attribute("data-reader", "ready")


def test_another_model_that_comes_damaged_is_not_fetched_with_every_frame(open_page, film):
    """The words stay, the model chosen before reads on when it is chosen again; later the other is asked for anew."""
    fetched = []

    def damage(route):
        fetched.append(route)
        if len(fetched) > 2:
            route.continue_()
        else:
            route.fulfill(status=200, body=b"half of it")

    page = open_page(f"{LIVE}&model=jury-live", film=film("portrait"), service_workers="block",
                     routes={f"**/device/files/{weights_of('jury-pocket')}/weights.bin": damage})
    ready(page)
    start(page)
    page.select_option("#model", "jury-pocket")
    strip = page.locator(".stage-strip")
    expect(strip).to_contain_text("came damaged twice", timeout=60_000)
    page.wait_for_timeout(2000)
    expect(strip).to_contain_text("came damaged twice")
    assert len(fetched) == 2
    page.select_option("#model", "jury-live")
    expect(strip).to_be_hidden(timeout=10_000)
    page.select_option("#model", "jury-pocket")
    for _ in range(150):
        if len(fetched) > 2:
            break
        page.wait_for_timeout(100)
    assert len(fetched) == 3
    expect(strip).to_be_hidden(timeout=10_000)


def test_a_damaged_kept_file_is_named_and_fetched_again(open_page):
    page = open_page(LIVE)
    ready(page)
    page.evaluate("""async () => {
      const cache = await caches.open("emoscope-networks");
      for (const request of await cache.keys()) await cache.put(request, new Response("rubbish"));
    }""")
    page.reload()
    ready(page)
    expect(page.locator(".where-words")).to_contain_text("that this browser kept is broken. It is fetched again.")


def test_without_room_to_keep_it_works_and_says_so(open_page):
    page = open_page("/about")
    tools = page.context.new_cdp_session(page)
    tools.send("Storage.overrideQuotaForOrigin", {"origin": page.evaluate("location.origin"), "quotaSize": 1000})
    page.goto(page.url.replace("/about", LIVE))
    ready(page)
    expect(page.locator(".where-words")).to_contain_text("refuses to keep the networks", timeout=60_000)


@pytest.mark.parametrize("backend, words", [
    ("webgpu", "this browser has no WebGPU; this browser has no WebGL 2"),
    ("webgl", "this browser has no WebGL 2; this browser has no WebGPU"),
])
def test_a_backend_that_is_missing_is_passed_over_with_a_word(open_page, backend, words):
    page = open_page(f"/live?on=device&backend={backend}", flags=NO_GRAPHICS)
    ready(page)
    expect(page.locator(".where-words")).to_contain_text(f"({words})")


def test_without_webassembly_graphics_in_software_will_do(open_page):
    page = open_page("/live?on=device", flags=["--enable-unsafe-swiftshader", NO_WASM])
    expect(page.locator(".where-words")).to_contain_text("Computed by WebGL", timeout=90_000)
    expect(page.locator(".where-words")).to_contain_text("this browser has no WebAssembly")


def test_without_any_backend_it_says_what_is_missing_and_offers_the_server(open_page):
    page = open_page("/live?on=device", flags=[*NO_GRAPHICS, NO_WASM])
    expect(page.locator("#stage")).to_contain_text("this browser has no WebAssembly", timeout=60_000)
    page.get_by_role("link", name="Read on the server").click()
    expect(page).to_have_url(page.url.split("?")[0])


def test_memory_is_flat(open_page):
    """FRAMES=5000 in the environment asks for more frames than the usual."""
    page = open_page("/live", script=HARNESS)
    page.set_default_timeout(1_200_000)
    page.evaluate("device.start('wasm')")
    pictures = [base64.b64encode(as_png(picture)).decode() for picture in list(made_pictures.make(6))[1:]]
    seen = []
    for _ in range(10):
        held = page.evaluate("([pictures, count]) => device.film(pictures, count)", [pictures, FRAMES // 10])
        seen.append(held | {"resident": resident(page)})
        print(f"{len(seen) * FRAMES // 10} frames: {held['tensors']} tensors, {held['bytes']} bytes in them, "
              f"{seen[-1]['resident'] >> 20} MB resident")
    assert len({(one["tensors"], one["bytes"]) for one in seen}) == 1
    if FRAMES >= 1000:      # before that the browser is still settling
        assert seen[-1]["resident"] < 1.1 * seen[2]["resident"]


def resident(page):
    """Bytes of memory that the browser's renderers hold; 0 where the system does not tell (it is Linux that does)."""
    tools = page.context.browser.new_browser_cdp_session()
    found = [one["id"] for one in tools.send("SystemInfo.getProcessInfo")["processInfo"] if one["type"] == "renderer"]
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in found
             if Path(f"/proc/{one}/statm").exists()]
    return sum(pages) * 4096


def test_the_page_can_be_installed(open_page):
    page = open_page("/live?on=device&backend=wasm")
    tools = page.context.new_cdp_session(page)
    manifest = tools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    found = json.loads(manifest["data"])
    assert found["start_url"].startswith("/live")
    for icon in found["icons"]:
        assert Path("static", icon["src"].removeprefix("/static/")).is_file()
