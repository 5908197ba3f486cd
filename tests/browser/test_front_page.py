"""The demo of the front page: it reads the sample photo on the device, sends nothing, and follows its sliders."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import synthetic_images
from playwright.sync_api import expect
from test_device import NO_GRAPHICS, NO_WASM, requests_of
from test_device_parity import as_png
from test_every_page import AXE, RULES

FRONT = "/?backend=wasm"
OWN_FILES = re.compile(r"/static/|/device/files/|/$|/sw\.js$")


def wait_read(page):
    """Wait until the demo has read its current image and effects."""
    expect(page.locator("#demo")).to_have_attribute("data-state", "ready", timeout=90_000)
    expect(page.locator("#demo")).to_have_attribute("data-reading", "false", timeout=30_000)


def move(page, effect, value):
    page.locator(f"#demo-{effect}").fill(str(value))
    wait_read(page)


def votes(page):
    """{expression: votes} of the demo."""
    return {name: int(count) for name, count in re.findall(r"(\w+) (\d+)", page.inner_text("#demo-tally"))}


def test_demo_reads_the_sample_and_only_gets_files_of_the_site(open_page, server):
    page = open_page("/about")
    seen = requests_of(page)
    page.goto(server.url + FRONT)
    wait_read(page)
    assert votes(page)["happiness"] >= 7 and sum(votes(page).values()) == 10
    expect(page.locator("#demo-marks .expression-icon")).to_have_count(10)
    expect(page.locator("#demo-status")).to_be_hidden()
    move(page, "blur", 30)
    assert len(seen) > 5
    for method, url, body in seen:
        assert (method, body) == ("GET", None), url
        assert url.startswith((server.url, f"blob:{server.url}")), url
        assert OWN_FILES.search(urlsplit(url.removeprefix("blob:")).path) or url.startswith("blob:"), url


def test_page_cannot_send(open_page):
    page = open_page(FRONT)
    wait_read(page)
    refused = page.evaluate("""async () => {
      const tries = [fetch("/api/v1/readings", {method: "POST", body: "x"}), fetch("https://example.org/")];
      return (await Promise.allSettled(tries)).map(({status}) => status);
    }""")
    assert refused == ["rejected"] * 2
    page.errors.clear()         # the browser logs each blocked request


def test_sliders_move_the_votes_and_reset_restores_them(open_page):
    page = open_page(FRONT)
    wait_read(page)
    before = votes(page)
    expect(page.locator("#demo-reset")).to_be_hidden()
    move(page, "cover", 55)
    assert votes(page).get("happiness", 0) < before["happiness"]
    expect(page.locator("#demo-cover + output")).to_have_text("55 %")
    page.click("#demo-reset")
    wait_read(page)
    assert votes(page) == before
    move(page, "blur", 100)
    expect(page.locator("#demo-sentence")).to_have_text("No face found")
    expect(page.locator("#demo-marks .expression-icon")).to_have_count(0)
    page.click("#demo-reset")
    wait_read(page)
    assert votes(page) == before


@pytest.mark.parametrize(("effect", "value"), [("turn", 40), ("crop", 60), ("darken", 50)])
def test_face_is_found_in_the_altered_image(open_page, effect, value):
    """The box is drawn on the altered image; a turn, a crop or less light does not lose the face."""
    page = open_page(FRONT)
    wait_read(page)
    before = page.evaluate("document.querySelector('#demo-canvas').toDataURL()")
    move(page, effect, value)
    expect(page.locator("#demo")).to_have_attribute("data-faces", "1")
    assert page.evaluate("document.querySelector('#demo-canvas').toDataURL()") != before


def test_other_photos_show_other_expressions_under_the_same_effects(open_page):
    """The arrow keys choose a photo; it is downloaded only then, and the sliders stay where they are."""
    page = open_page(FRONT)
    wait_read(page)
    wait_cached(page)
    seen = requests_of(page)
    move(page, "darken", 10)
    page.get_by_role("radio", name="Collins").focus()
    assert seen == []
    page.keyboard.press("ArrowRight")
    expect(page.locator("#demo-credit")).to_contain_text("Grace Hopper. Photo: US Navy, public domain.")
    wait_read(page)
    assert [Path(url).name for _, url, _ in seen[:1]] == ["grace-hopper.jpg"]
    assert votes(page)["neutral"] >= 6
    assert page.input_value("#demo-darken") == "10"
    expect(page.get_by_role("img", name="Grace Hopper")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#demo-credit")).to_contain_text("Lav Varshney, CC0")
    wait_read(page)
    assert votes(page)["sadness"] >= 2, "the raters would disagree"
    page.keyboard.press("ArrowRight")
    expect(page.locator("#demo-credit")).to_contain_text("Eileen Collins")
    wait_read(page)
    assert votes(page)["happiness"] >= 7


def test_chosen_photo_stays_offline_and_a_missing_one_is_reported(open_page, own_server):
    page = open_page(FRONT, url=own_server.url)
    wait_read(page)
    wait_cached(page)
    page.get_by_role("radio", name="Hopper").check()
    for _ in range(300):        # the policy of the page blocks wait_for_function
        if page.evaluate("async () => Boolean(await caches.match('/static/samples/grace-hopper.jpg'))"):
            break
        page.wait_for_timeout(100)
    page.goto(own_server.url + FRONT)
    wait_read(page)
    wait_cached(page)
    own_server.kill()
    page.goto(own_server.url + "/")
    wait_read(page)
    page.get_by_role("radio", name="Hopper").check()
    expect(page.locator("#demo-credit")).to_contain_text("Grace Hopper")
    page.get_by_role("radio", name="Photographer").click()
    expect(page.locator("#demo-status")).to_contain_text("could not be loaded")
    expect(page.get_by_role("radio", name="Hopper")).to_be_checked()
    page.errors.clear()


def wait_cached(page):
    expect(page.locator("#demo-offline")).to_have_text("Ready for offline use.", timeout=60_000)


def test_demo_works_offline(open_page, own_server):
    page = open_page(FRONT, url=own_server.url)
    wait_read(page)
    before = votes(page)
    wait_cached(page)
    own_server.kill()
    page.goto(own_server.url + "/")
    wait_read(page)
    assert page.evaluate("document.querySelector('#demo-sample').naturalWidth") == 440
    assert votes(page) == before
    page.errors.clear()


def test_own_image_replaces_the_sample(open_page, tmp_path):
    path = tmp_path / "own.png"
    path.write_bytes(as_png(list(synthetic_images.make(2))[1]))
    page = open_page(FRONT)
    wait_read(page)
    wait_cached(page)
    move(page, "darken", 20)
    seen = requests_of(page)
    page.set_input_files("#demo-file", path)
    expect(page.locator("#demo-credit")).to_be_hidden()
    expect(page.locator("#demo-photos :checked")).to_have_count(0)
    wait_read(page)
    assert page.input_value("#demo-darken") == "0"
    expect(page.locator("#demo")).to_have_attribute("data-faces", "1")
    assert [url for _, url, _ in seen if not url.startswith("blob:")] == []
    page.get_by_role("radio", name="Collins").check()
    wait_read(page)
    expect(page.locator("#demo-credit")).to_be_visible()
    assert votes(page)["happiness"] >= 7


def test_undecodable_file_is_reported_and_the_sample_stays(open_page, tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("no image")
    page = open_page(FRONT)
    wait_read(page)
    page.set_input_files("#demo-file", path)
    expect(page.locator("#demo-status")).to_contain_text("cannot decode “notes.png” as an image")
    assert votes(page)["happiness"] >= 7


def test_dropped_image_is_read(open_page):
    page = open_page(FRONT)
    wait_read(page)
    page.evaluate("""async () => {
      const photo = await (await fetch("/static/samples/eileen-collins.jpg")).blob();
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([photo], "dropped.jpg", {type: photo.type}));
      const event = new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true});
      document.querySelector("#demo-stage").dispatchEvent(event);
    }""")
    expect(page.locator("#demo-credit")).to_be_hidden()
    wait_read(page)
    assert votes(page)["happiness"] >= 7


def test_without_javascript_the_page_shows_the_photo_and_the_reason(open_page):
    page = open_page("/", java_script_enabled=False)
    expect(page.locator("#demo-sample")).to_be_visible()
    expect(page.locator("#demo noscript .notice")).to_be_visible()
    expect(page.locator("#demo-blur")).to_be_hidden()
    expect(page.locator("#demo-sentence")).to_be_hidden()


def test_without_a_backend_the_reason_is_shown(open_page):
    page = open_page("/", flags=[*NO_GRAPHICS, NO_WASM])
    expect(page.locator("#demo")).to_have_attribute("data-state", "failed", timeout=60_000)
    expect(page.locator("#demo-status")).to_contain_text("this browser has no WebAssembly")
    expect(page.get_by_role("link", name="Try it live")).to_be_visible()


def test_old_browser_is_told_where_else_to_try(open_page):
    page = open_page("/", script="delete window.OffscreenCanvas")
    expect(page.locator("#demo-status")).to_contain_text("The demo needs a newer browser.")
    expect(page.locator("#demo-blur")).to_be_hidden()


def test_failed_download_can_be_repeated(open_page):
    broken = [True]

    def answer(route):
        route.fulfill(status=200, body=b"half of it") if broken[0] else route.continue_()

    page = open_page(FRONT, routes={"**/device/files/*/weights.bin": answer}, service_workers="block")
    expect(page.locator("#demo-status")).to_contain_text("arrived damaged twice", timeout=60_000)
    broken[0] = False
    page.get_by_role("button", name="Try again").click()
    wait_read(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_demo_fits_and_has_no_accessibility_violations(open_page, scheme, width):
    page = open_page(FRONT, viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
    wait_read(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.add_script_tag(path=AXE)
    assert page.evaluate(RULES) == []


def test_first_reading_of_both_visits(open_page, server):
    """Prints the time from opening the page to the first reading: first visit, then later ones."""
    page = open_page(FRONT)
    for visit in range(3):
        if visit:
            page.goto(server.url + FRONT)
        wait_read(page)
        time = page.evaluate("performance.getEntriesByName('emoscope-first-reading')[0].startTime")
        print(f"visit {visit + 1}: first reading after {time / 1000:.2f} s")
        assert time > 0


def test_sample_photos_are_small():
    photos = list(Path("static/samples").glob("*.jpg"))
    assert len(photos) == 3
    assert max(photo.stat().st_size for photo in photos) < 40_000
