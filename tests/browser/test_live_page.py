"""The live page with a real server, detector and network; the camera plays a video."""

import csv
import io
import json
import re
import statistics
import time

import pytest
import videos
from playwright.sync_api import expect

# Reads the frame number from the squares on the canvas and the boxes from the cards, at one moment.
OBSERVE = """([squares, square, width, height]) => {
  const canvas = document.querySelector("#canvas"), context = canvas.getContext("2d"), scale = canvas.width / width;
  const mirrored = document.querySelector("#mirror").ariaPressed === "true";
  let frame = 0;
  for (let bit = 0; bit < squares; bit++) {
    const x = (bit + .5) * square * scale, y = (height - square / 2) * scale;
    const [gray] = context.getImageData(mirrored ? canvas.width - x : x, y, 1, 1).data;
    frame += (gray > 128) << bit;
  }
  const faces = [...document.querySelectorAll("[data-face][data-box]")]
    .map(({dataset}) => ({id: dataset.face, box: dataset.box.split(",").map(Number)}));
  return {frame, faces};
}"""


def observe(page):
    """What the page displays now: {"frame": number, "faces": [{"id", "box"}]}."""
    return page.evaluate(OBSERVE, [videos.BITS, videos.SQUARE, videos.WIDTH, videos.HEIGHT])


def start(page, faces=1):
    page.click("#start")
    expect(page.locator("#stage")).to_have_attribute("data-state", "live")
    expect(page.locator("[data-figure=rate]")).not_to_have_text("–", timeout=20_000)
    if faces:
        expect(page.locator("[data-face][data-box]")).to_have_count(faces, timeout=15_000)


def sample_boxes(page, video, seconds=5.0):
    """Samples over `seconds`: for each known face, the id of its box and the x error of the box (px), or None.

    Samples without any box are skipped, because results can pause on a busy machine.
    """
    seen = [[] for _ in video.boxes[0]]
    extra = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = observe(page)
        if not now["faces"]:
            continue
        expected = video.boxes[now["frame"] % videos.FRAMES]
        matched = set()
        for index, box in enumerate(expected):
            best = max(now["faces"], key=lambda face: videos.iou(face["box"], box), default=None)
            if best and videos.iou(best["box"], box) >= 0.5:
                seen[index].append((best["id"], videos.WIDTH * (best["box"][0] - box[0])))
                matched.add(best["id"])
            else:
                seen[index].append(None)
        extra += len(now["faces"]) > len(matched)
        page.wait_for_timeout(60)
    assert len(seen[0]) > 10 * seconds / 2, "too few boxes were displayed"
    return seen, extra


def test_live_page_reads_a_face(open_page, video):
    page = open_page("/live", video("portrait"))
    start(page)
    [seen], extra = sample_boxes(page, video("portrait"))
    found = [one for one in seen if one]
    assert len(found) >= 0.95 * len(seen), "the box left the face"
    assert {name for name, _ in found} == {"1"}
    assert extra == 0
    sentence = page.inner_text(".face-sentence")
    assert re.match(r"\d+ of 10 people would call this \w+|Unsure: the ten would split", sentence)
    expect(page.locator(".ten-marks .expression-icon")).to_have_count(10)
    counts = [int(count) for count in re.findall(r"\d+", page.inner_text(".face-tally"))]
    assert sum(counts) == 10
    for figure in ("rate", "round-trip", "server", "delay"):
        assert float(page.inner_text(f"[data-figure={figure}]")) > 0


def test_video_without_faces_shows_no_error(open_page, video):
    page = open_page("/live", video("empty"))
    start(page, faces=0)
    for _ in range(15):
        assert observe(page)["faces"] == []
        page.wait_for_timeout(200)
    expect(page.locator("#no-faces")).to_be_visible()
    expect(page.locator(".face-card")).to_have_count(0)
    expect(page.locator(".stage-status")).to_be_hidden()


@pytest.mark.parametrize(("scene", "count"), [("two", 2), ("five", 5)])
def test_moving_faces_keep_their_identity(open_page, video, scene, count):
    page = open_page("/live", video(scene))
    start(page, faces=count)
    seen, _ = sample_boxes(page, video(scene), seconds=9)
    for index, samples in enumerate(seen):
        found = [one for one in samples if one]
        assert len(found) >= 0.9 * len(samples), f"face {index} was lost"
        assert len({name for name, _ in found}) == 1, f"face {index} changed its identity"
    assert len({samples[-1][0] for samples in seen if samples[-1]}) == len([1 for samples in seen if samples[-1]])


def test_known_faces_are_followed_on_the_server(open_page, video, server):
    page = open_page("/live", video("two"))
    start(page, faces=2)
    page.wait_for_timeout(3000)
    text = page.request.get(f"{server.url}/metrics").text()
    counts = {search: float(count) for search, count in re.findall(r'emoscope_frames_total{search="(.*)"} (.*)', text)}
    assert counts["followed"] > 5
    expect(page.locator("[data-face][data-box]")).to_have_count(2)


def test_boxes_match_the_displayed_frame(open_page, video):
    """The heads move at 300 px/s: a box on a frame 100 ms later would be off by 30 px."""
    page = open_page("/live", video("two"))
    start(page, faces=2)
    page.wait_for_timeout(2000)
    seen, _ = sample_boxes(page, video("two"), seconds=6)
    for samples in seen:
        errors = [error for _, error in filter(None, samples)]
        offset = statistics.median(errors)  # the detected box is slightly wider than the known one
        assert statistics.median(abs(error - offset) for error in errors) < 5


def test_pause_mirror_and_keyboard_shortcuts(open_page, video):
    page = open_page("/live", video("portrait"))
    start(page)
    page.keyboard.press(" ")
    expect(page.locator("#badge-state")).to_contain_text("Paused")
    page.wait_for_timeout(300)
    before = observe(page)
    page.wait_for_timeout(700)
    assert observe(page) == before and before["faces"]
    page.keyboard.press("i")
    page.wait_for_timeout(200)
    assert observe(page) == before, "mirroring moves the image and the box together"
    page.keyboard.press(" ")
    expect(page.locator("#badge-state")).to_have_text("Live")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    keys = page.locator("#shortcuts kbd").all_inner_texts()
    assert keys == ["1", "2", "3", "4", "Space", "i", "s", "r", "f", "p", "x", "?", "m"]
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    expect(page.locator("#stage")).to_have_attribute("data-state", "stopped")
    assert page.evaluate("document.querySelector('#video').srcObject") is None


def test_session_exports_csv_json_and_png_snapshot(open_page, video):
    page = open_page("/live", video("portrait"))
    start(page)
    page.keyboard.press("r")
    expect(page.locator("#badge-recording")).to_be_visible()
    page.wait_for_timeout(2000)
    page.keyboard.press("r")
    expect(page.locator("#badge-recording")).to_be_hidden()
    with page.expect_download() as download:
        page.click("#save-csv")
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    with page.expect_download() as download:
        page.click("#save-json")
    saved = json.loads(download.value.path().read_text())
    assert len(rows) == len(saved["rows"]) > 3
    for row in rows:
        assert sum(int(value) for key, value in row.items() if key.startswith("votes_")) == 10
        for kind in ("probability_", "balanced_"):
            assert sum(float(v) for k, v in row.items() if k.startswith(kind)) == pytest.approx(1, abs=1e-3)
        assert 0 < float(row["distance"]) < 0.7 and row["unlike"] == "false"
    with page.expect_download() as download:
        page.keyboard.press("s")
    assert download.value.suggested_filename.endswith(".png")
    assert download.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_face_unlike_the_training_data_is_named_so_instead_of_an_expression(open_page, video):
    page = open_page("/live", video("blinds"))
    start(page)
    card = page.locator("[data-face]").first
    expect(card.locator(".face-sentence")).to_have_text("Unlike the training data: the prediction cannot be trusted")
    page.keyboard.press("r")
    page.wait_for_timeout(1500)
    page.keyboard.press("r")
    with page.expect_download() as download:
        page.click("#save-csv")
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert {row["unlike"] for row in rows} == {"true"} and min(float(row["distance"]) for row in rows) > 0.695


def test_model_without_raters_shows_probability_bars(open_page, video):
    page = open_page("/live?model=seven-live", video("portrait"))
    start(page)
    if page.locator("#model option[value=seven-live]").count() == 0:
        pytest.skip("the bundle seven-live is not installed")
    expect(page.locator(".bars dt")).to_have_count(7)
    assert "people would" not in page.inner_text("#faces")
    page.select_option("#model", "jury-live")
    expect(page.locator(".ten-marks .expression-icon")).to_have_count(10)


REJECT = """navigator.mediaDevices.getUserMedia =
    () => Promise.reject(new DOMException("", "{}"))"""


@pytest.mark.parametrize(("state", "flags", "script"), [
    ("refused", ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny"], None),
    ("none", ["--use-fake-device-for-media-stream=device-count=0", "--use-fake-ui-for-media-stream"], None),
    ("taken", [], REJECT.format("NotReadableError")),
    ("failed", [], REJECT.format("TypeError")),
])
def test_camera_error_shows_its_message_and_actions(open_page, state, flags, script):
    page = open_page("/live", flags=flags, script=script)
    page.click("#start")
    stage = page.locator("#stage")
    expect(stage).to_have_attribute("data-state", state)
    expect(stage.get_by_role("button", name="Try again")).to_be_visible()
    expect(stage.get_by_role("link", name="Use photos instead")).to_be_visible()
    expect(page.locator("#toolbar button:visible")).to_have_text(["Shortcuts"])
    stage.get_by_role("button", name="Try again").click()
    expect(stage).to_have_attribute("data-state", state)


def test_insecure_origin_is_explained_at_load(open_page):
    page = open_page("/live", script="Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    expect(page.locator("#stage")).to_have_attribute("data-state", "insecure")
    expect(page.locator(".stage-message")).to_contain_text("https")
    expect(page.get_by_role("link", name="Use photos instead")).to_be_visible()
    page.get_by_role("button", name="Use a sample video").click()
    expect(page.locator("[data-face][data-box]").first).to_be_visible(timeout=20_000)
    expect(page.locator("#use-camera")).to_be_hidden()


@pytest.mark.parametrize("path", ["/live", "/live?on=device&backend=wasm"])
def test_sample_video_works_like_the_camera_without_one(open_page, path):
    """Faces are read, every control works, and the camera is not requested."""
    page = open_page(path, script="navigator.mediaDevices.getUserMedia = () => { throw new Error('not requested'); }")
    expect(page.locator("#toolbar button:visible")).to_have_text(["Shortcuts"])
    page.click("#sample")
    expect(page.locator("#badge-state")).to_have_text("Sample video", timeout=20_000)
    expect(page.locator("[data-face][data-box]").first).to_be_visible(timeout=90_000)
    expect(page.locator("[data-face][data-box]")).to_have_count(2, timeout=30_000)      # the scene with two faces
    for button in ("pause", "mirror", "snapshot", "record", "full", "stop", "use-camera"):
        expect(page.locator(f"#{button}")).to_be_visible()
    expect(page.locator("#save-csv")).to_be_hidden()
    page.keyboard.press("r")
    expect(page.locator("#save-csv")).to_be_visible(timeout=15_000)
    page.keyboard.press("r")
    with page.expect_download() as download:
        page.click("#save-json")
    assert json.loads(download.value.path().read_text())["rows"]
    with page.expect_download() as download:
        page.keyboard.press("s")
    assert download.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    page.keyboard.press("i")
    expect(page.locator("#mirror")).to_have_attribute("aria-pressed", "true")
    page.click("#pause")
    expect(page.locator("#badge-state")).to_contain_text("Paused")
    page.click("#pause")
    expect(page.locator("#badge-state")).to_have_text("Sample video")
    page.keyboard.press("x")
    expect(page.locator("#stage")).to_contain_text("The sample video is off")
    assert page.evaluate("document.querySelector('#video').srcObject") is None
    expect(page.locator("#toolbar button:visible")).to_have_text(["Shortcuts"])


def test_one_click_leads_from_the_sample_video_to_the_camera(open_page, video):
    page = open_page("/live?source=sample", video("portrait"))
    expect(page.locator("#badge-state")).to_have_text("Sample video", timeout=20_000)
    page.click("#use-camera")
    expect(page.locator("#badge-state")).to_have_text("Live")
    expect(page.locator("#use-camera")).to_be_hidden()
    page.wait_for_timeout(1500)
    [seen], extra = sample_boxes(page, video("portrait"), seconds=3)
    assert len([one for one in seen if one]) >= 0.9 * len(seen) and extra == 0
    page.keyboard.press("x")
    page.get_by_role("button", name="Use a sample video").click()
    expect(page.locator("#badge-state")).to_have_text("Sample video")
    assert page.evaluate("document.querySelector('#video').srcObject.getVideoTracks().length") == 1


def test_missing_sample_photo_is_reported(open_page):
    page = open_page("/live", routes={"**/static/samples/*": lambda route: route.fulfill(status=200, body=b"no image")})
    page.click("#sample")
    expect(page.locator("#stage")).to_contain_text("The sample video did not start")
    expect(page.get_by_role("button", name="Start the camera")).to_be_visible()


def test_disconnected_camera_can_be_restarted(open_page, video):
    page = open_page("/live", video("portrait"))
    start(page)
    page.evaluate("document.querySelector('#video').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.locator("#stage")).to_have_attribute("data-state", "unplugged")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-face][data-box]")).to_have_count(1, timeout=15_000)


def test_hidden_tab_pauses(open_page, video):
    page = open_page("/live", video("portrait"))
    start(page)
    page.evaluate("""() => { Object.defineProperty(document, "hidden", {value: true, configurable: true});
                             document.dispatchEvent(new Event("visibilitychange")); }""")
    expect(page.locator("#badge-state")).to_have_text("Paused: the tab was hidden")
    page.wait_for_timeout(500)
    shown = page.inner_text("[data-figure=round-trip]"), page.inner_text("[data-figure=rate]")
    page.wait_for_timeout(800)
    assert (page.inner_text("[data-figure=round-trip]"), page.inner_text("[data-figure=rate]")) == shown
    page.evaluate("""() => { delete document.hidden; document.dispatchEvent(new Event("visibilitychange")); }""")
    expect(page.locator("#badge-state")).to_have_text("Live")
    expect(page.locator("[data-face][data-box]")).to_have_count(1, timeout=15_000)


def test_video_continues_without_server_and_results_resume(open_page, video, server):
    page = open_page("/live", video("portrait"))
    start(page)
    server.kill()
    status = page.locator(".stage-status")
    expect(status).to_be_visible(timeout=10_000)
    expect(status).to_contain_text("again")
    expect(page.locator("[data-face][data-box]")).to_have_count(0, timeout=10_000)
    frames = {observe(page)["frame"] for _ in range(8) if page.wait_for_timeout(150) is None}
    assert len(frames) > 3, "the video froze"
    server.start()
    expect(page.locator("[data-face][data-box]")).to_have_count(1, timeout=30_000)
    expect(status).to_be_hidden()
    page.errors.clear()  # the browser logs each refused connection


def test_rejected_frame_shows_the_error_message(open_page, video, strict_server):
    page = open_page("/", video("portrait"))
    page.goto(strict_server.url + "/live")
    page.click("#start")
    expect(page.locator(".stage-status")).to_contain_text("3000 bytes", timeout=20_000)
    expect(page.locator("#stage")).to_have_attribute("data-state", "live")


SLOW_CONNECTION = """() => {
  const send = WebSocket.prototype.send;
  window.frameBytes = [];
  WebSocket.prototype.send = function (data) {
    if (typeof data !== "string") window.frameBytes.push(data.byteLength ?? data.size);
    setTimeout(() => { if (this.readyState === WebSocket.OPEN) send.call(this, data); }, 250);
  };
}"""


def test_frames_become_smaller_on_a_slow_connection_and_show_the_face(open_page, video):
    page = open_page("/live", video("portrait"), script=f"({SLOW_CONNECTION})()")
    start(page)
    for _ in range(200):
        first, last = page.evaluate("[window.frameBytes[0], window.frameBytes.at(-1)]")
        if last < first / 3:
            break
        page.wait_for_timeout(200)
    assert last < first / 3
    expect(page.locator("[data-face][data-box]")).to_have_count(1, timeout=15_000)
