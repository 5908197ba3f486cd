"""The timeline of a live session: curves, moments, marks, files; a video file as the source; the recorded video."""

import csv
import io
import json
import re

import cv2
import photo_files
import pytest
from playwright.sync_api import expect

COLORS = """(canvas) => { const seen = new Set();
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < data.length; i += 4) seen.add(data.slice(i, i + 3).join());
  return seen.size; }"""


def play(page, seconds=4.0):
    page.click("#start")
    expect(page.locator("[data-face][data-box]").first).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1000 * seconds)


def save(page, button):
    with page.expect_download() as download:
        page.click(button)
    return download.value


@pytest.fixture
def clip(tmp_path):
    """A video file of eight seconds; the face is absent between 3 and 5 s."""
    path = tmp_path / "clip.webm"
    photo_files.make_video(path)
    return path


def test_timeline_shows_the_votes_of_any_moment(open_page, video):
    page = open_page("/live", video("portrait"))
    expect(page.locator("#timeline")).to_be_hidden()
    play(page)
    chart, moment = page.locator("#timeline-chart"), page.locator("#timeline-moment")
    assert chart.locator("canvas").evaluate(COLORS) > 10
    expect(page.locator("#timeline-legend li")).to_have_count(8)
    chart.hover(position={"x": chart.bounding_box()["width"] / 5, "y": 30})
    expect(moment).to_contain_text("0:0")
    expect(moment).to_contain_text("face 1:")
    page.mouse.move(5, 5)
    chart.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(chart).to_have_attribute("aria-valuenow", "1.0")
    assert chart.get_attribute("aria-valuetext").startswith("0:01: face 1:")
    expect(page.locator("#timeline-now")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#timeline-now")).to_be_hidden()


def test_marks_and_results_are_saved_in_three_formats(open_page, video):
    page = open_page("/live", video("two"), accept_downloads=True)
    play(page)
    page.keyboard.press("m")
    expect(page.locator("#timeline-status")).to_contain_text("Marked 0:0")
    page.fill("#timeline-marks input", "a laugh")
    rows = list(csv.DictReader(io.StringIO(save(page, "#timeline-csv").path().read_text())))
    assert {row["face"] for row in rows} >= {"1", "2"}
    assert [row["mark"] for row in rows if row["mark"]][0] == "a laugh"
    for row in rows:
        assert sum(int(value) for key, value in row.items() if key.startswith("votes_")) == 10
    saved = json.loads(save(page, "#timeline-json").path().read_text())
    assert saved["marks"][0]["note"] == "a laugh" and saved["source"] == "Live"
    assert sum(len(face["samples"]) for face in saved["faces"]) >= len(rows)
    image = cv2.imread(str(save(page, "#timeline-png").path()))
    assert image.shape[1] == 2400 and len(set(image.reshape(-1, 3)[::97, 0].tolist())) > 5
    page.get_by_role("button", name="Remove the mark at").click()
    expect(page.locator("#timeline-marks li")).to_have_count(0)
    page.keyboard.press("x")
    expect(page.locator("#timeline")).to_be_visible()       # it can still be saved
    page.click("#timeline-clear")
    assert json.loads(save(page, "#timeline-json").path().read_text())["faces"] == []


@pytest.mark.parametrize("path", ["/live", "/live?on=device&backend=wasm"])
def test_video_file_is_read_and_its_timeline_seeks(open_page, clip, path):
    page = open_page(path)
    page.set_input_files("#file", str(clip))
    badge = page.locator("#badge-state")
    expect(badge).to_have_text("Video file")
    expect(page.locator("[data-face][data-box]")).to_have_count(1, timeout=90_000)
    expect(badge).to_have_text("Paused", timeout=30_000)    # at the end
    chart = page.locator("#timeline-chart")
    expect(chart).to_have_attribute("aria-valuemax", "8.0")
    for key, seconds in [("Home", 0), ("PageUp", 0), ("PageDown", 8), ("Home", 0), ("End", 8)]:
        chart.press(key)
        page.wait_for_timeout(800)
        assert abs(page.evaluate("document.querySelector('#video').currentTime") - seconds) < 0.3
        expect(page.locator("#timeline-moment")).to_contain_text(re.compile(r"face \d+: "))
    chart.press("Home")
    for _ in range(4):
        chart.press("ArrowRight")
    expect(page.locator("#timeline-moment")).to_contain_text("no face in view", timeout=10_000)
    expect(page.locator("[data-face][data-box]")).to_have_count(0, timeout=10_000)
    for _ in range(2):
        chart.press("ArrowRight")
    expect(page.locator("[data-face][data-box]")).to_have_count(1, timeout=10_000)
    saved = json.loads(save(page, "#timeline-json").path().read_text())
    assert saved["started"] is None
    seconds = [sample["seconds"] for face in saved["faces"] for sample in face["samples"]]
    assert max(seconds) < 8.1 and [one for one in seconds if one > 6]
    assert not [one for one in seconds if 3.6 < one < 4.8]
    chart.press(" ")
    expect(badge).to_have_text("Video file")


def test_file_that_is_no_video_is_reported(open_page, tmp_path):
    page = open_page("/live")
    (tmp_path / "notes.mp4").write_text("no video")
    page.set_input_files("#file", str(tmp_path / "notes.mp4"))
    expect(page.locator("#stage")).to_contain_text("This browser cannot play notes.mp4")
    expect(page.locator("#stage").get_by_role("button", name="Open a video file")).to_be_visible()
    expect(page.locator("#stage").get_by_role("button", name="Start the camera")).to_be_visible()


def test_recorded_video_has_the_overlay_and_can_be_sought(open_page, video, tmp_path):
    page = open_page("/live", video("portrait"), accept_downloads=True)
    play(page, seconds=1)
    page.keyboard.press("r")
    page.wait_for_timeout(3000)
    expect(page.locator("#save-video")).to_be_hidden()
    page.keyboard.press("r")
    expect(page.locator("#save-video")).to_be_visible()
    path = tmp_path / "saved.webm"
    save(page, "#save-video").save_as(path)
    saved = cv2.VideoCapture(str(path))
    # OpenCV's count is the file's duration times a rate that it guesses, often 1,000 per second
    seconds = saved.get(cv2.CAP_PROP_FRAME_COUNT) / saved.get(cv2.CAP_PROP_FPS)
    assert 2 < seconds < 8
    frames = []
    while True:
        found, frame = saved.read()
        if not found:
            break
        frames.append(frame)
    assert len(frames) > 5
    blue, green, red = (frames[-1][..., i].astype(int) for i in range(3))
    box = (abs(red - 0x6F) < 30) & (abs(green - 0xE3) < 30) & (abs(blue - 0xD2) < 30)
    assert box.sum() > 300, "the box of the face is in the video"
