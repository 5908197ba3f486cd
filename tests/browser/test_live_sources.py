"""Sources and windows of the live page: a shared screen, picture-in-picture."""

import pytest
from playwright.sync_api import expect

FRAMES = """() => { const {window: floating} = documentPictureInPicture, {document: shown} = floating ?? window;
  const canvas = shown.querySelector("#canvas"), context = canvas.getContext("2d");
  return context.getImageData(0, 0, canvas.width, canvas.height).data.reduce((sum, one) => sum + one, 0); }"""
HIDE = """() => { Object.defineProperty(document, "hidden", {value: true, configurable: true});
  document.dispatchEvent(new Event("visibilitychange")); }"""
# The browser's window for the canvas as a video; headless Chromium has none.
VIDEO_ONLY = """delete window.documentPictureInPicture;
  HTMLVideoElement.prototype.requestPictureInPicture = async function () { window.floating = this; };
  Document.prototype.exitPictureInPicture = async () => floating.dispatchEvent(new Event("leavepictureinpicture"));"""


def changes(page, milliseconds=1500):
    """Whether the canvas changes meanwhile."""
    before = page.evaluate(FRAMES)
    page.wait_for_timeout(milliseconds)
    return page.evaluate(FRAMES) != before


def test_shared_screen_is_read_like_the_camera(open_page):
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    page = open_page("/live", flags=flags)
    page.click("#share-screen")
    expect(page.locator("#badge-state")).to_have_text("Shared screen")
    expect(page.locator("[data-figure=rate]")).not_to_have_text("–", timeout=20_000)
    assert page.evaluate("document.querySelector('#video').srcObject.getVideoTracks()[0].getSettings().displaySurface")
    expect(page.locator("#mirror")).to_have_attribute("aria-pressed", "false")
    page.evaluate("document.querySelector('#video').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.locator("#stage")).to_contain_text("Sharing has ended")
    expect(page.locator("#stage").get_by_role("button", name="Share a screen or tab")).to_be_visible()


def test_refused_screen_is_explained(open_page):
    refuse = """navigator.mediaDevices.getDisplayMedia =
        () => Promise.reject(new DOMException("", "NotAllowedError"))"""
    page = open_page("/live", script=refuse)
    page.click("#share-screen")
    expect(page.locator("#stage")).to_contain_text("choose a screen, a window or a tab")
    expect(page.locator("#stage").get_by_role("button", name="Start the camera")).to_be_visible()


def test_browser_that_cannot_share_or_float_offers_neither(open_page, video):
    page = open_page("/live", video("portrait"), script="""delete MediaDevices.prototype.getDisplayMedia;
        delete window.documentPictureInPicture;
        Object.defineProperty(Document.prototype, "pictureInPictureEnabled", {value: false})""")
    expect(page.locator("#share-screen")).to_be_hidden()
    page.click("#start")
    expect(page.locator("#pause")).to_be_visible()
    expect(page.locator("#float")).to_be_hidden()


@pytest.mark.parametrize("path", ["/live", "/live?on=device&backend=wasm"])
def test_picture_in_picture_continues_while_the_page_is_hidden(open_page, video, path):
    page = open_page(path, video("portrait"))
    page.click("#start")
    expect(page.locator("[data-face][data-box]")).to_have_count(1, timeout=90_000)
    page.click("#float")
    expect(page.locator(".floating-place")).to_be_visible()
    expect(page.locator("#full")).to_be_hidden()
    page.evaluate(HIDE)
    assert changes(page)
    expect(page.locator("[data-face][data-box]")).to_have_count(1)
    page.click("[data-view=large]")
    name = "documentPictureInPicture.window.document.querySelector('.large-name').textContent"
    page.wait_for_timeout(500)
    assert page.evaluate(name) in page.inner_text(".face-tally")
    page.evaluate("delete document.hidden")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator("#stage #canvas")).to_be_visible()
    expect(page.locator(".floating-place")).to_have_count(0)
    expect(page.locator("#full")).to_be_visible()
    assert changes(page)
    page.keyboard.press("p")
    expect(page.locator(".floating-place")).to_be_visible()
    page.click("#stop")
    expect(page.locator("#stage")).to_contain_text("The camera is off")


def test_canvas_floats_as_a_video_where_the_stage_cannot(open_page, video):
    page = open_page("/live", video("portrait"), script=VIDEO_ONLY)
    page.click("#start")
    expect(page.locator("[data-face][data-box]")).to_have_count(1, timeout=30_000)
    page.click("#float")
    expect(page.locator("#float")).to_have_attribute("aria-pressed", "true")
    page.evaluate(HIDE)
    assert page.evaluate("floating.srcObject.getVideoTracks()[0].readyState") == "live"
    page.evaluate("delete document.hidden")
    page.click("#float")
    expect(page.locator("#float")).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("floating.srcObject.getVideoTracks()[0].readyState") == "ended"
