"""The photo page: drag and drop, paste, keyboard, mobile layout, accessibility, interrupted videos."""

import shutil
import zipfile

import photo_files
import pytest
from photo_page import add_files, wait_until
from playwright.sync_api import expect
from test_every_page import AXE, RULES

DONE = "document.getElementById('progress-status').textContent.startsWith('Done')"


@pytest.fixture
def holiday(fifty, tmp_path):
    """Nested folders with six files, one of them not a photo."""
    folder, _ = fifty
    beach = tmp_path / "holiday" / "beach"
    beach.mkdir(parents=True)
    for name in ("two.jpg", "plain 1.jpg"):
        shutil.copy(folder / name, beach.parent / name)
    for name in ("landscape 1.jpg", "text.jpg", "orientation 6.jpg"):
        shutil.copy(folder / name, beach / name)
    (beach / "notes.txt").write_text("not a photo")
    return beach.parent


def drop(page, paths, x=300, y=300):
    """Drop files or folders as the desktop does; return whether the page highlighted the drop target."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})
    shown = page.locator("#photos").get_attribute("data-dragging")
    session.send("Input.dispatchDragEvent", {"type": "drop", "x": x, "y": y, "data": data})
    return shown == "true"


def names(page):
    """Folder and name of each photo in the grid, in display order."""
    return page.evaluate("""[...document.querySelectorAll(".tile:not([hidden])")]
        .sort((a, b) => a.dataset.index - b.dataset.index).map((one) => one.querySelector(".tile-name").title)""")


def test_dropped_folder_and_files_are_read(photos, fifty, holiday):
    page = photos()
    assert drop(page, [holiday])
    wait_until(page, "document.getElementById('shown').textContent === '5 of 5 photos' && " + DONE)
    assert page.locator("#photos").get_attribute("data-dragging") is None
    assert names(page) == ["holiday/beach/landscape 1.jpg", "holiday/beach/orientation 6.jpg",
                           "holiday/beach/text.jpg", "holiday/plain 1.jpg", "holiday/two.jpg"]
    drop(page, [fifty[0] / "format.png", fifty[0] / "format.webp"])
    wait_until(page, "document.getElementById('shown').textContent === '7 of 7 photos' && " + DONE)
    drop(page, [holiday])       # the same folder again adds nothing
    page.wait_for_timeout(500)
    assert page.inner_text("#shown") == "7 of 7 photos"


def test_dropped_archive_heic_and_video_are_read(photos, fifty, tmp_path):
    """A folder with an archive and a video in it, and beside it HEIC, another archive and another video."""
    folder, _ = fifty
    trip = tmp_path / "trip"
    trip.mkdir()
    for path, name in ((trip / "day.zip", "plain 1.jpg"), (tmp_path / "more.zip", "format.heic")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(folder / name, f"inside/{name}")
    for path in (trip / "walk.webm", tmp_path / "run.webm"):
        photo_files.make_video(path, seconds=2, rate=5)
    page = photos(viewport={"width": 1280, "height": 2400})    # only tiles in view are drawn
    drop(page, [trip, folder / "format.heic", tmp_path / "more.zip", tmp_path / "run.webm"])
    wait_until(page, "document.getElementById('shown').textContent === '3 of 3 photos' && " + DONE)
    wait_until(page, "document.querySelectorAll('.tile:not([hidden])').length === 3")
    assert sorted(names(page)) == ["format.heic", "more.zip/inside/format.heic", "trip/day.zip/inside/plain 1.jpg"]
    expect(page.locator(".tile:not([hidden])").filter(has_text="10 of 10")).to_have_count(3)
    wait_until(page, "[...document.querySelectorAll('.tile:not([hidden]) img')].every((one) => one.naturalWidth)")
    expect(page.locator(".video-card[data-state=done]")).to_have_count(2, timeout=60_000)
    assert sorted(page.locator(".video-title").all_inner_texts()) == ["run.webm", "walk.webm"]
    expect(page.locator(".video-timeline")).to_have_count(2)


def test_pasted_image_is_read(photos):
    page = photos(permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("""async () => {
        const canvas = new OffscreenCanvas(64, 64);
        canvas.getContext("2d").fillRect(0, 0, 32, 32);
        const blob = await canvas.convertToBlob();
        await navigator.clipboard.write([new ClipboardItem({"image/png": blob})]);
    }""")
    page.keyboard.press("Control+v")
    wait_until(page, "document.getElementById('shown').textContent === '1 of 1 photos' && " + DONE)
    assert page.locator(".tile-caption").inner_text() == "no face"


def test_keyboard_navigation(photos, fifty):
    folder, _ = fifty
    page = photos(viewport={"width": 1000, "height": 900})
    add_files(page, [folder / f"plain {number}.jpg" for number in range(1, 8)])
    page.locator(".tile-link[tabindex='0']").focus()
    page.keyboard.press("End")
    expect(page.locator(".tile-link", has_text="plain 7.jpg")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tile-link", has_text="plain 2.jpg")).to_be_focused()
    page.keyboard.press(" ")
    assert page.inner_text("#shown") == "7 of 7 photos, 1 selected"
    page.keyboard.press("Control+a")
    assert page.inner_text("#shown") == "7 of 7 photos, 7 selected"
    page.keyboard.press("Enter")
    assert page.inner_text("#single .single-title") == "plain 2.jpg"
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#single .single-title") == "plain 1.jpg"
    page.keyboard.press("ArrowLeft")            # wraps from the first to the last
    assert page.inner_text("#single .single-title") == "plain 7.jpg"
    page.keyboard.press("Escape")
    expect(page.locator("#single")).to_be_hidden()
    expect(page.locator(".tile-link", has_text="plain 7.jpg")).to_be_focused()     # the photo that was open


def test_mobile_layout(photos, fifty, tmp_path):
    folder, _ = fifty
    page = photos(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=2)
    add_files(page, [folder / name for name in ("two.jpg", "plain 1.jpg", "landscape 1.jpg", "text.jpg")])
    page.screenshot(path=tmp_path / "grid.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate("""[...document.querySelectorAll("main button, main .button, main select")]
        .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 32).map((one) => one.textContent)""")
    assert small == []
    page.locator(".tile-link", has_text="two.jpg").tap()
    expect(page.locator(".face-box")).to_have_count(2)
    wait_until(page, "document.querySelector('.single-sheet img').naturalWidth > 0")
    page.screenshot(path=tmp_path / "single.png")
    image, side = (page.locator(f"#single .single-{part}").bounding_box() for part in ("scroller", "side"))
    assert image["height"] > 300 and side["height"] > 250 and side["x"] + side["width"] <= 390
    page.get_by_role("button", name="Close").tap()
    expect(page.locator("#single")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_photo_page_has_no_serious_accessibility_violations(photos, fifty, server, scheme):
    folder, _ = fifty
    page = photos(color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    add_files(page, [folder / name for name in ("two.jpg", "plain 1.jpg", "landscape 1.jpg", "text.jpg")])
    page.add_script_tag(path=AXE)
    found = {"grid": page.evaluate(RULES)}
    page.locator(".tile-link", has_text="two.jpg").click()
    page.get_by_role("button", name="Explain").first.click()
    page.locator(".explanation-pair canvas").nth(1).wait_for()
    found["single"] = page.evaluate(RULES)
    page.keyboard.press("c")
    expect(page.locator("#comparison .face-card").first).to_be_visible()
    found["comparison"] = page.evaluate(RULES)
    assert found == {"grid": [], "single": [], "comparison": []}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_api_page_has_no_accessibility_violations(open_page, scheme):
    page = open_page("/api", color_scheme=scheme, bypass_csp=True, viewport={"width": 360, "height": 740})
    page.locator(".opblock-post .opblock-summary").first.click()
    page.locator("input[type=file]").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.add_script_tag(path=AXE)
    assert page.evaluate(RULES) == []


def test_interrupted_video_resumes(photos, tmp_path):
    video = tmp_path / "video.webm"
    photo_files.make_video(video, seconds=40, rate=5)
    page = photos()
    page.set_input_files("#pick-files", str(video))
    # After the two seconds without a face, which have no samples.
    wait_until(page, "document.querySelector('.video-card progress')?.value > 0.15", timeout=60_000)
    page.locator(".video-card").get_by_role("button", name="Cancel").click()
    page.locator(".video-card[data-state=stopped]").wait_for()
    page.reload()
    expect(page.locator(".video-card")).to_contain_text("Add the file again to continue from there")
    read = page.evaluate(MARK)
    assert 5.5 < read < 39
    page.set_input_files("#pick-files", str(video))
    page.locator(".video-card[data-state=done]").wait_for(timeout=120_000)
    record = page.evaluate(RECORD)
    times = record["times"]
    assert record["first"] == 0.125                      # the earlier samples are still there, once
    assert all(later - earlier > 0 for earlier, later in zip(times, times[1:], strict=False))
    assert [time for time in times if abs(time - read) < 0.3 and time <= read] and times[-1] > 39
    assert record["faces"] <= 2                          # one face before the gap and one after it


RECORD = """async () => {
    const open = indexedDB.open("emoscope-photos");
    const base = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
    const request = base.transaction("films").objectStore("films").getAll();
    const [video] = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    base.close();
    const width = 7 + video.labels.length;
    const column = (at) => [...Array(video.count).keys()].map((i) => video.data[i * width + at]);
    return {first: video.data[2], times: column(1), faces: new Set(column(0)).size, read: video.read};
}"""
# Writes a marker value to the first sample of the stored record; returns the seconds read so far.
MARK = """async () => {
    const open = indexedDB.open("emoscope-photos");
    const base = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
    const change = base.transaction("films", "readwrite");
    const request = change.objectStore("films").getAll();
    const [video] = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    video.data[2] = 0.125;
    change.objectStore("films").put(video);
    await new Promise((resolve) => (change.oncomplete = resolve));
    base.close();
    return video.read;
}"""
