"""The photo page with real files, the real model and a real browser."""

import json
import zipfile

import photo_files
import pytest
from photo_page import add_files, stored_counts, wait_until
from playwright.sync_api import expect


def saved_json(page):
    with page.expect_download() as download:
        page.click("#save-json")
    return json.loads(download.value.path().read_text())["photos"]


def chip(page, show):
    return page.locator(f".chip[data-show={show}]")


def link(page, name):
    """The link of a photo in the grid."""
    return page.locator(".tile:not([hidden]) .tile-link", has_text=name)


def is_close(box, expected):
    sides = ("x", "y", "width", "height")
    return all(abs(box[side] - value) < 0.03 for side, value in zip(sides, expected, strict=True))


def test_fifty_mixed_photos(photos, fifty, tmp_path):
    folder, made = fifty
    page = photos(viewport={"width": 1280, "height": 900})
    add_files(page, [folder / one.name for one in made])
    read = {photo["name"]: photo for photo in saved_json(page)}
    assert len(read) == 50
    for one in made:
        photo = read[one.name]
        assert photo.get("error", {}).get("code", "") == one.error, one.name
        if one.error:
            assert photo["error"]["message"].endswith("."), one.name
            continue
        boxes = [face["box"] for face in photo["reading"]["faces"]]
        assert len(boxes) == len(one.boxes), one.name
        assert all(any(is_close(box, expected) for box in boxes) for expected in one.boxes), (one.name, boxes)
        assert all(face["expression"] == "happiness" for face in photo["reading"]["faces"]), one.name
    invalid = sum(bool(one.error) for one in made)
    assert chip(page, "failed").inner_text().split()[-1] == str(invalid)
    chip(page, "failed").click()
    assert page.locator(".tile:visible").count() == invalid
    assert "not a supported image" in page.locator(".tile:visible", has_text="text.jpg").inner_text()
    page.screenshot(path=tmp_path / "invalid.png")
    chip(page, "failed").click()

    # A reload restores all photos with their thumbnails.
    page.reload()
    page.wait_for_selector("#photos[data-ready]", state="attached")
    assert page.inner_text("#shown") == "50 of 50 photos"
    wait_until(page, "[...document.querySelectorAll('.tile-image')].filter((one) => one.naturalWidth).length > 10")
    assert {photo["name"]: photo for photo in saved_json(page)} == read

    # The thumbnail of each rotated photo equals that of the upright one.
    upright = thumbnail(page, "orientation 1.jpg")
    for orientation in range(2, 9):
        other = thumbnail(page, f"orientation {orientation}.jpg")
        assert sum(abs(a - b) for a, b in zip(upright, other, strict=True)) / len(upright) < 8, orientation

    # Clear all empties every store.
    page.click("#clear")
    page.wait_for_selector("#photos[data-empty=true]")
    assert stored_counts(page) == {"photos": 0, "thumbnails": 0, "previews": 0, "films": 0}


def thumbnail(page, name):
    """Green channel of the stored thumbnail of a photo, reduced to 8 x 8."""
    return page.evaluate("""async (name) => {
        const open = indexedDB.open("emoscope-photos");
        const base = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
        const get = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
        const store = (name) => base.transaction(name).objectStore(name);
        const photo = (await get(store("photos").getAll())).find((one) => one.name === name);
        const image = await createImageBitmap(await get(store("thumbnails").get(photo.id)));
        const context = new OffscreenCanvas(8, 8).getContext("2d");
        context.drawImage(image, 0, 0, 8, 8);
        base.close();
        return [...context.getImageData(0, 0, 8, 8).data].filter((_, i) => i % 4 === 1);
    }""", name)


def test_sample_album_in_one_click(photos):
    page = photos()
    expect(page.locator("#sample-credit")).to_be_hidden()
    page.get_by_role("button", name="Open the sample album").click()
    expect(page.locator("#progress-status")).to_have_text("Done: 18 of 18", timeout=60_000)
    expect(page.locator("#sample-credit")).to_contain_text("Eileen Collins (NASA)")
    read = saved_json(page)
    assert {photo["path"].split("/")[1] for photo in read} == {"series", "groups", "portraits", "no faces"}
    assert all(photo["taken"].startswith("2026-05-0") for photo in read)
    expressions = [{face["expression"] for face in photo["reading"]["faces"]} for photo in read]
    assert {"happiness"} in expressions and {"neutral"} in expressions and set() in expressions
    assert max(len(photo["reading"]["faces"]) for photo in read) == 3
    assert int(chip(page, "unsure").inner_text().split()[-1]) >= 1
    page.get_by_role("button", name="Open the sample album").click()        # the same photos again
    page.wait_for_timeout(500)
    assert page.inner_text("#shown") == "18 of 18 photos"


def test_missing_sample_album_is_reported(photos):
    page = photos(routes={"**/samples/album.zip": lambda route: route.abort()})
    page.click("#sample-album")
    expect(page.locator("#message")).to_have_text("The sample album could not be loaded. Check the connection and "
                                                  "try again.")
    page.errors.clear()


def test_filters_are_part_of_the_url(photos, fifty):
    folder, _ = fifty
    page = photos()
    add_files(page, [folder / name for name in ("two.jpg", "landscape 1.jpg", "plain 1.jpg", "text.jpg")])
    for show, count in {"happiness": 2, "several": 1, "none": 1, "failed": 1}.items():
        chip(page, show).click()
        assert f"show={show}" in page.url
        assert page.inner_text("#shown").startswith(f"{count} of 4")
        assert chip(page, show).inner_text().split()[-1] == str(count)
    page.fill("#search", "plain")
    page.select_option("#sort", "votes")
    chip(page, "happiness").click()
    page.locator("#votes").fill("9")
    assert all(part in page.url for part in ("show=happiness", "search=plain", "sort=votes", "votes=9"))
    page.reload()
    page.wait_for_selector("#photos[data-ready]", state="attached")
    assert page.inner_text("#shown") == "1 of 4 photos"
    assert page.input_value("#search") == "plain"


@pytest.fixture
def album(photos):
    """album(**context) -> the page with the sample album, read."""
    def open_(**context):
        page = photos("/photos?source=sample", **context)
        expect(page.locator("#progress-status")).to_have_text("Done: 18 of 18", timeout=60_000)
        return page
    return open_


def test_faces_folder_and_dates_are_filters_with_a_link(album):
    page = album()
    page.click("#more-filters summary")
    page.select_option("#folder", label="sample album/groups (4)")
    expect(page.locator("#shown")).to_have_text("4 of 18 photos")
    page.select_option("#faces", "2")
    expect(page.locator("#shown")).to_have_text("3 of 18 photos")
    page.fill("#from", "2026-05-03")
    page.fill("#to", "2026-05-03")
    page.fill("#search", "TWO jpg 3")
    page.select_option("#sort", "certainty")
    expect(page.locator("#shown")).to_have_text("1 of 18 photos")
    address = page.url
    page.goto("about:blank")
    page.goto(address)      # the same view again, with its filters in sight
    expect(page.locator("#shown")).to_have_text("1 of 18 photos")
    expect(page.locator("#from")).to_be_visible()
    values = [page.input_value(f"#{name}") for name in ("folder", "faces", "from", "to", "sort")]
    assert values == ["sample album/groups", "2", "2026-05-03", "2026-05-03", "certainty"]
    page.fill("#to", "2026-05-02")
    expect(page.locator("#nothing")).to_be_visible()
    page.click("#reset")
    expect(page.locator("#shown")).to_have_text("18 of 18 photos")
    expect(page.locator("#reset")).to_be_hidden()


def names(page):
    """File names in the grid, in display order."""
    return page.evaluate("""[...document.querySelectorAll(".tile:not([hidden])")]
        .sort((a, b) => a.dataset.index - b.dataset.index).map((one) => one.querySelector(".tile-name").textContent)""")


def test_stacks_show_the_best_photo_and_the_choice_can_be_changed(album):
    page = album(viewport={"width": 1280, "height": 1600})
    page.get_by_role("button", name="Stacks: 3").click()
    expect(page.locator("#shown")).to_have_text("12 of 18 photos")
    # One of four is dark, one has fewer votes for happiness; one of three is unsure; one of two has an unsure face.
    first, *rest = names(page)[:3]
    assert first in ("collins 3.jpg", "collins 4.jpg") and rest == ["hopper 2.jpg", "two 2.jpg"]
    badge = page.get_by_role("button", name="Stack of 2 photos. Best: 2 faces")
    badge.click()
    expect(page.locator("#shown")).to_have_text("13 of 18 photos")
    expect(badge).to_have_attribute("aria-expanded", "true")
    address = page.url
    page.get_by_role("button", name="Make two 1.jpg the best of its stack").click()
    expect(page.get_by_role("button", name="Stack of 2 photos. Best: your choice")).to_be_visible()
    assert names(page)[2:4] == ["two 1.jpg", "two 2.jpg"]
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("#photos[data-ready]", state="attached")
    expect(page.locator("#shown")).to_have_text("13 of 18 photos")
    wait_until(page, "document.querySelectorAll('.tile:not([hidden])').length === 13")
    assert names(page)[2:4] == ["two 1.jpg", "two 2.jpg"]          # the choice is stored, the open stack is in the link
    link(page, "two 1.jpg").focus()
    page.keyboard.press("s")
    expect(page.locator("#shown")).to_have_text("12 of 18 photos")
    page.keyboard.press("s")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("b")
    page.keyboard.press("b")                                        # again: no choice
    expect(page.get_by_role("button", name="Stack of 2 photos. Best: 2 faces")).to_be_visible()


def test_photos_of_an_earlier_version_get_their_stacks(album):
    """Records without a hash are completed from their previews."""
    page = album()
    page.evaluate("""async () => {
        const open = indexedDB.open("emoscope-photos");
        const base = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
        const change = base.transaction("photos", "readwrite"), store = change.objectStore("photos");
        const all = store.getAll();
        all.onsuccess = () => { for (const { hash, sharpness, ...photo } of all.result) store.put(photo); };
        await new Promise((resolve) => (change.oncomplete = resolve));
        base.close();
    }""")
    page.reload()
    expect(page.get_by_role("button", name="Stacks: 3")).to_be_visible(timeout=20_000)


def test_single_photo_view(photos, fifty):
    folder, _ = fifty
    page = photos(permissions=["clipboard-read", "clipboard-write"])
    add_files(page, [folder / name for name in ("two.jpg", "plain 1.jpg", "format.heic")])
    page.locator(".tile-link").first.click()
    assert page.inner_text("#single .single-title") == "two.jpg"
    assert page.locator(".face-box").count() == 2
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#single .single-title") == "plain 1.jpg"
    assert "photo=" in page.url
    page.locator("#single .single-sheet img").wait_for()
    width = page.locator("#single .single-sheet").bounding_box()["width"]
    page.keyboard.press("+")
    assert page.locator("#single .single-sheet").bounding_box()["width"] == pytest.approx(1.5 * width, rel=0.01)
    page.get_by_role("button", name="Copy as JSON").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["faces"][0]["expression"] == "happiness"
    page.get_by_role("button", name="Explain").click()
    page.locator(".explanation-pair canvas").nth(1).wait_for()
    page.keyboard.press("ArrowRight")       # HEIC: this browser cannot display it, so the preview comes from the server
    wait_until(page, "document.querySelector('.single-sheet img').naturalWidth > 100")
    assert page.inner_text("#single .single-title") == "format.heic"
    page.keyboard.press("Escape")
    wait_until(page, "!location.search.includes('photo=')")


def test_two_photos_are_compared_and_zoomed_together(album):
    page = album(viewport={"width": 1280, "height": 900})
    page.fill("#search", "groups two")
    page.select_option("#sort", "name")
    expect(page.locator("#compare")).to_be_hidden()
    for name in ("two 1.jpg", "two 3.jpg"):
        link(page, name).click(modifiers=["Control"])
    page.get_by_role("button", name="Compare").click()
    halves = page.locator(".comparison-half")
    expect(halves.locator(".single-title")).to_have_text(["two 1.jpg", "two 3.jpg"])
    # Faces are numbered from left to right in both.
    assert [halves.nth(half).locator(".face-sentence").all_inner_texts()[0] for half in (0, 1)] == [
        "Unsure: the ten would split", "10 of 10 people would call this happiness"]
    wait_until(page, "[...document.querySelectorAll('.comparison img')].every((one) => one.naturalWidth)")
    for _ in range(3):
        page.keyboard.press("+")
    page.evaluate("document.querySelectorAll('.comparison .single-scroller')[1].scrollTo(100, 160)")
    same = """(() => { const [a, b] = [...document.querySelectorAll(".comparison .single-scroller")].map((one) =>
        [one.scrollLeft + one.clientWidth / 2, one.scrollTop + one.clientHeight / 2].map((value, i) =>
            value / (i ? one.scrollHeight : one.scrollWidth)));
        return a.every((value, i) => Math.abs(value - b[i]) < 0.01) && a[0] < 0.45; })()"""
    wait_until(page, same)
    page.keyboard.press("ArrowRight")                       # another second photo at the same zoom
    expect(halves.locator(".single-title")).to_have_text(["two 1.jpg", "two 2.jpg"])
    wait_until(page, same)
    page.get_by_role("button", name="Swap").click()
    expect(halves.locator(".single-title")).to_have_text(["two 2.jpg", "two 1.jpg"])
    page.reload()                                           # the link contains both
    expect(halves.locator(".single-title")).to_have_text(["two 2.jpg", "two 1.jpg"])
    page.keyboard.press("Escape")
    expect(page.locator("#comparison")).to_be_hidden()
    wait_until(page, "!location.search.includes('photo=') && !location.search.includes('with=')")
    link(page, "two 1.jpg").click()
    page.keyboard.press("c")                                # this photo and the next one
    expect(halves.locator(".single-title")).to_have_text(["two 1.jpg", "two 2.jpg"])
    expect(page.locator("#single")).to_be_hidden()


def test_keyboard_culling_filter_and_lists(album):
    page = album(viewport={"width": 1280, "height": 1600})
    link(page, "collins 1.jpg").focus()
    for key in "xxkk":                      # each key goes on to the next photo
        page.keyboard.press(key)
    expect(link(page, "hopper 1.jpg")).to_be_focused()
    page.keyboard.press("Enter")            # the open photo is marked with the same keys
    page.keyboard.press("x")
    expect(page.locator("#single .single-title")).to_have_text("hopper 2.jpg")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#single .single-title")).to_have_text("hopper 3.jpg")
    page.keyboard.press("Escape")
    chips = {mark: page.locator(f".chip[data-mark={mark}]") for mark in ("keep", "reject", "none")}
    assert {mark: one.locator(".chip-count").inner_text() for mark, one in chips.items()} == {
        "keep": "3", "reject": "3", "none": "12"}
    chips["keep"].click()
    assert "mark=keep" in page.url
    wait_until(page, "document.querySelectorAll('.tile:not([hidden])').length === 3")
    assert names(page) == ["collins 3.jpg", "collins 4.jpg", "hopper 2.jpg"]
    with page.expect_download() as download:
        page.click("#save-names")
    assert download.value.path().read_text().splitlines() == [
        f"sample album/series/{name}.jpg" for name in ("collins 3", "collins 4", "hopper 2")]
    assert [photo["mark"] for photo in saved_json(page)] == ["keep"] * 3
    chips["none"].click()                   # what is left to decide: a marked photo leaves, the next takes its place
    wait_until(page, "document.querySelectorAll('.tile:not([hidden])').length === 12")
    link(page, "hopper 3.jpg").focus()
    page.keyboard.press("k")
    expect(link(page, "two 1.jpg")).to_be_focused()
    page.keyboard.press("x")
    expect(link(page, "two 2.jpg")).to_be_focused()
    page.click("#reset")
    page.reload()                           # marks are stored
    expect(page.locator(".tile[data-mark=keep]:not([hidden]), .tile[data-mark=reject]:not([hidden])")).to_have_count(8)


def test_every_change_can_be_undone_and_done_again(album):
    page = album(viewport={"width": 1280, "height": 1600})
    undo, redo = page.locator("#undo"), page.locator("#redo")
    expect(undo).to_be_hidden()
    before = saved_json(page)
    thumbnails = "[...document.querySelectorAll('.tile:not([hidden]) .tile-image')].every((one) => one.naturalWidth)"
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(page.locator(".tile[data-mark=reject]:not([hidden])")).to_have_count(18)
    page.click("#unselect")
    page.fill("#search", "collins")
    page.get_by_role("button", name="Remove shown").click()
    expect(page.locator("#message")).to_contain_text("Removed 5 photos from this page.")
    page.fill("#search", "")
    expect(page.locator("#shown")).to_have_text("13 of 13 photos")
    page.click("#clear")
    expect(page.locator("#photos")).to_have_attribute("data-empty", "true")
    assert stored_counts(page) == {"photos": 0, "thumbnails": 0, "previews": 0, "films": 0}
    page.locator("#message").get_by_role("button", name="Undo").click()
    expect(page.locator("#shown")).to_have_text("13 of 13 photos")
    wait_until(page, thumbnails)
    page.keyboard.press("Control+z")
    expect(page.locator("#shown")).to_have_text("18 of 18 photos")
    assert undo.get_attribute("title") == "Undo: reject 18 photos"
    undo.click()
    expect(page.locator(".tile[data-mark=reject]:not([hidden])")).to_have_count(0)
    expect(undo).to_be_hidden()
    assert saved_json(page) == before
    for shown in ("18 of 18 photos", "13 of 13 photos", ""):
        page.keyboard.press("Control+Shift+z")
        expect(page.locator("#shown")).to_have_text(shown)
    expect(redo).to_be_hidden()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator("#shown")).to_have_text("18 of 18 photos")
    page.reload()                           # what was restored is stored again, with its previews
    page.wait_for_selector("#photos[data-ready]", state="attached")
    assert stored_counts(page) == {"photos": 18, "thumbnails": 18, "previews": 18, "films": 0}
    wait_until(page, thumbnails)
    link(page, "two 1.jpg").click()
    wait_until(page, "document.querySelector('#single .single-sheet img').naturalWidth > 100")
    expect(redo).to_be_hidden()


def test_zip_import_and_export(photos, fifty, tmp_path):
    folder, _ = fifty
    with zipfile.ZipFile(tmp_path / "holiday.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("plain 1.jpg", "landscape 1.jpg", "text.jpg"):
            archive.write(folder / name, f"beach/{name}")
        archive.writestr("notes.txt", "not an image")
    page = photos()
    add_files(page, [tmp_path / "holiday.zip", folder / "two.jpg"])
    assert page.inner_text("#shown") == "4 of 4 photos"
    with page.expect_download() as download:
        page.click("#save-zip")
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["happiness/plain 1.jpg", "happiness/two.jpg", "no-face/landscape 1.jpg",
                                              "not-read/text.jpg"]
        assert archive.read("happiness/plain 1.jpg") == (folder / "plain 1.jpg").read_bytes()
    with page.expect_download() as download:
        page.click("#save-csv")
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 1 + 2 + 1 + 1 + 1      # header, two faces, one face, no face, failed
    page.click("#print")
    wait_until(page, "window.printed")


def test_report_is_one_file_with_and_without_images(album, fifty, tmp_path):
    folder, _ = fifty
    page = album()
    nasty = tmp_path / "<b title='x'>&amp.jpg"
    nasty.write_bytes((folder / "text.jpg").read_bytes())
    add_files(page, [nasty])
    page.locator("body").press("k")                       # the first photo
    saved = {}
    for images in (True, False):
        page.set_checked("#report-images", images)
        with page.expect_download() as download:
            page.get_by_role("button", name="Report").click()
        saved[images] = tmp_path / f"report {images}.html"
        download.value.save_as(saved[images])
    assert saved[False].stat().st_size < 20_000 < saved[True].stat().st_size
    requested = []
    report = page.context.new_page()
    report.on("request", lambda request: requested.append(request.url))
    report.goto(saved[True].as_uri())
    assert [url for url in requested if not url.startswith("data:")] == [saved[True].as_uri()]
    expect(report.locator("h1")).to_have_text("Photos")
    rows = report.locator("tr").all_inner_texts()
    assert {"Photos\t19", "with an error\t1", "without a face\t3", "with several faces\t4", "kept\t1",
            "Faces\t20"} <= set(rows)
    expect(report.locator("figure")).to_have_count(19)
    expect(report.locator("figure img")).to_have_count(18)
    expect(report.locator(".box")).to_have_count(20)
    assert report.evaluate("[...document.images].every((one) => one.naturalWidth > 100)")
    three = report.locator("figure", has_text="three.jpg")
    expect(three.locator("li")).to_have_count(3)
    expect(three).to_contain_text("10 of 10 people would call this happiness")
    expect(three).to_contain_text("balanced: happiness 0.9")
    expect(report.locator("figure", has_text=nasty.name)).to_contain_text("not a supported image")
    expect(report.locator(".mark")).to_have_text("Kept")
    expect(report.locator(".credit")).to_contain_text("Eileen Collins (NASA)")
    report.goto(saved[False].as_uri())
    expect(report.locator("figure")).to_have_count(19)
    expect(report.locator("img, .box")).to_have_count(0)


def test_pause_cancel_and_retry(photos, fifty):
    folder, made = fifty
    page = photos()
    page.set_input_files("#pick-files", [str(folder / one.name) for one in made if one.name.startswith("plain")])
    page.click("#pause")
    page.get_by_role("button", name="Resume").wait_for()
    wait_until(page, "!document.querySelector('#progress-files li')")
    paused = page.inner_text("#progress-status")
    page.wait_for_timeout(500)
    assert page.inner_text("#progress-status") == paused and paused.startswith("Paused")
    page.click("#cancel")
    page.get_by_role("button", name="Retry").wait_for()
    page.click("#retry")
    page.click("#pause")
    wait_until(page, "document.getElementById('progress-status').textContent.startsWith('Done: 10 of 10')")


def test_selection_and_removal(photos, fifty):
    folder, _ = fifty
    page = photos()
    add_files(page, [folder / f"plain {number}.jpg" for number in range(1, 6)])
    page.locator(".tile-link").nth(1).click(modifiers=["Control"])
    page.locator(".tile-link").nth(3).click(modifiers=["Shift"])
    assert page.inner_text("#shown") == "5 of 5 photos, 3 selected"
    page.click("#remove")
    wait_until(page, "document.getElementById('shown').textContent === '2 of 2 photos'")
    assert stored_counts(page)["photos"] == 2


def test_video_gets_a_timeline_and_exports(photos, tmp_path):
    photo_files.make_video(tmp_path / "video.webm")
    page = photos(viewport={"width": 1280, "height": 1000})
    page.set_input_files("#pick-files", [str(tmp_path / "video.webm")])
    page.locator(".video-card[data-state=done]").wait_for(timeout=90_000)
    assert page.locator(".video-timeline").count() >= 1
    page.locator(".video-moments button", has_text="appears").last.click()
    wait_until(page, "document.querySelector('.video-card video').currentTime > 4.8")
    page.locator(".video-card .face-box").first.wait_for()
    with page.expect_download() as download:
        page.locator(".video-downloads button", has_text="JSON").click()
    video = json.loads(download.value.path().read_text())
    samples = [sample for face in video["faces"] for sample in face["samples"]]
    assert video["duration"] == pytest.approx(8, abs=0.3)
    assert all(sample["shares"]["happiness"] >= 5 for sample in samples)
    assert not [sample for sample in samples if 3.3 < sample["seconds"] < 4.7]     # no face in view
    assert len(samples) > 25
    with page.expect_download() as download:
        page.locator(".video-downloads button", has_text="WebVTT").click()
    assert download.value.path().read_text().startswith("WEBVTT\n\n00:00:0")
    page.reload()
    page.locator(".video-card[data-state=done]").wait_for()
    assert page.locator(".video-moments button").count() >= 2
    page.locator(".video-downloads button", has_text="Remove").click()
    wait_until(page, "!document.querySelector('.video-card')")
    assert stored_counts(page)["films"] == 0
    page.locator("#message").get_by_role("button", name="Undo").click()
    page.locator(".video-card[data-state=done]").wait_for()
    assert stored_counts(page)["films"] == 1
