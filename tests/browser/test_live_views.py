"""The views of the live page: large votes, faces side by side, full screen."""

import pytest
from playwright.sync_api import expect

# Height of a capital letter (px) in the font of an element, and whether its text fits on the screen.
LETTERS = """([selector]) => [...document.querySelectorAll(selector)].map((one) => {
  const context = document.createElement("canvas").getContext("2d"), {x, right} = one.getBoundingClientRect();
  context.font = getComputedStyle(one).font;
  return {height: context.measureText("H").actualBoundingBoxAscent, fits: x >= 0 && right <= innerWidth};
})"""
# Whether a canvas shows more than one color.
COLORED = """(canvas) => { const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(data.filter((_, i) => i % 4 === 0)).size > 20; }"""


def play(page, faces=1):
    page.click("#start")
    expect(page.locator("[data-face][data-box]")).to_have_count(faces, timeout=30_000)


@pytest.mark.parametrize(("width", "height", "letters"), [(1280, 720, 70), (390, 844, 28)])
def test_large_votes_can_be_read_from_two_metres(open_page, video, width, height, letters):
    """17 mm on a screen of 28 cm and 1280 px are 77 px; the count is twice as high."""
    page = open_page("/live?view=large", video("portrait"), viewport={"width": width, "height": height})
    play(page)
    page.keyboard.press("f")
    expect(page.locator("#live-video")).to_have_attribute("data-full", "")
    [name] = page.evaluate(LETTERS, [".large-name"])
    [count] = page.evaluate(LETTERS, [".large-count b"])
    assert name["height"] >= letters and name["fits"]
    assert count["height"] >= 2 * letters and count["fits"]
    assert page.inner_text(".large-count b") == str(page.locator(
        f".large-face .expression-icon[data-expression={page.inner_text('.large-name')}]").count() - 1)


def test_faces_side_by_side_show_each_face_with_its_votes(open_page, video):
    page = open_page("/live", video("two"), viewport={"width": 390, "height": 844})
    play(page, faces=2)
    page.get_by_role("button", name="Faces", exact=True).click()
    tiles = page.locator("[data-tile]")
    expect(tiles).to_have_count(2)
    expect(tiles.locator(".ten-marks .expression-icon")).to_have_count(20)
    page.wait_for_timeout(500)
    for canvas in tiles.locator("canvas").all():
        assert canvas.evaluate(COLORED)
    assert page.url.endswith("/live?view=faces")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("1")
    expect(tiles.first).to_be_hidden()
    assert page.url.endswith("/live")


@pytest.mark.parametrize("supported", [True, False], ids=["full screen", "fills the window"])
def test_full_screen_hides_its_controls_until_there_is_input(open_page, video, supported):
    script = None if supported else "Object.defineProperty(document, 'fullscreenEnabled', {value: false})"
    page = open_page("/live", video("portrait"), script=script)
    play(page)
    page.click("#full")
    area = page.locator("#live-video")
    expect(area).to_have_attribute("data-idle", "", timeout=10_000)
    page.evaluate("document.activeElement.blur()")
    expect(page.locator("#pause")).to_be_hidden()
    assert page.evaluate("Boolean(document.fullscreenElement)") == supported
    box = page.locator("#stage").bounding_box()
    assert (box["x"], box["y"], box["width"]) == (0, 0, page.viewport_size["width"])
    page.mouse.move(200, 200)
    page.mouse.move(220, 210)
    expect(page.locator("#pause")).to_be_visible()
    page.keyboard.press("f")
    expect(area).not_to_have_attribute("data-full", "")


def test_only_usable_controls_are_shown_before_the_video(open_page):
    page = open_page("/live")
    expect(page.locator("#live button:visible, #live select:visible, #live input:visible")).to_have_text(
        ["Start the camera", "Use a sample video", "Open a video file", "Share a screen or tab", "Shortcuts"])
    expect(page.locator("#figures")).to_be_hidden()


@pytest.mark.parametrize(("source", "button"), [("file", "Open a video file"), ("screen", "Share a screen or tab")])
def test_link_to_a_source_that_needs_a_click_offers_it_first(open_page, source, button):
    page = open_page(f"/live?source={source}")
    first = page.locator(".stage-actions button").first
    expect(first).to_have_text(button)
    expect(page.locator(".stage-actions .primary")).to_have_count(1)
    expect(first).to_have_class("primary")


def test_address_describes_source_view_and_model(open_page):
    page = open_page("/live?source=sample&view=large&model=jury-pocket")
    expect(page.locator(".large-face").first).to_be_visible(timeout=30_000)
    expect(page.locator("#model")).to_have_value("jury-pocket")
    page.keyboard.press("3")
    page.select_option("#model", "jury-live")
    link = page.get_by_role("link", name="On this device")
    link.focus()
    for part in ("source=sample", "view=faces", "model=jury-live", "on=device"):
        assert part in link.get_attribute("href")
    link.click()
    expect(page.locator("[data-tile]").first).to_be_visible(timeout=90_000)
    assert "on=device" in page.url and "view=faces" in page.url
