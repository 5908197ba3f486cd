"""The challenge on the live page: ten of ten people would say the chosen expression."""

import cv2
import pytest
from playwright.sync_api import expect

# Keeps the texts of the countdown.
COUNTS = """() => { window.counts = []; const count = document.querySelector("#challenge-count");
  new MutationObserver(() => counts.push(count.textContent)).observe(count, {childList: true}); }"""


@pytest.mark.parametrize("path", ["/live", "/live?on=device&backend=wasm"])
def test_challenge_is_won_and_its_best_frame_saved(open_page, server, path):
    """The sample video shows happiness, so the round is won. On the device, nothing is requested meanwhile."""
    page = open_page(path)
    page.click("#sample")
    expect(page.locator("[data-face][data-box]").first).to_be_visible(timeout=90_000)
    page.keyboard.press("4")
    challenge = page.locator("#challenge")
    challenge.get_by_role("button", name="happiness").click()
    assert "view=challenge" in page.url and "expression=happiness" in page.url
    page.wait_for_timeout(1000)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.evaluate(COUNTS)
    challenge.get_by_role("button", name="Start").click()
    expect(challenge).to_have_attribute("data-phase", "won", timeout=40_000)
    assert page.evaluate("counts[0]") == "3"
    expect(challenge.get_by_role("status")).to_contain_text("Ten of ten say happiness after")
    expect(challenge.get_by_role("img")).to_be_visible()
    with page.expect_download() as download:
        challenge.get_by_role("button", name="Save the image").click()
    image = cv2.imread(str(download.value.path()))
    assert image.shape == (528, 640, 3)      # the frame and the caption
    caption = image[480:].reshape(-1, 3)
    assert caption.max() > 240 and (caption.max(axis=1) < 30).mean() > 0.6
    sent = [url for url in requests if url.startswith("http") and "/static/" not in url]
    assert path == "/live" or sent == [], sent
    assert page.evaluate("Object.keys(localStorage).filter((key) => key !== 'emoscope-notice')") == []
    page.evaluate("counts.length = 0")
    challenge.get_by_role("button", name="Again").click()
    page.wait_for_timeout(3500)
    expect(challenge).to_have_attribute("data-phase", "won", timeout=40_000)
    assert page.evaluate("counts[0]") == "3"
    challenge.get_by_role("button", name="Another expression").click()
    expect(challenge.get_by_role("button", name="happiness")).to_contain_text("10 of 10")


def test_link_opens_the_challenge_with_its_expression(open_page):
    page = open_page("/live?source=sample&view=challenge&expression=fear")
    expect(page.locator("#challenge [aria-pressed=true]")).to_have_text("fear", timeout=30_000)
    page.keyboard.press("1")
    expect(page.locator("#challenge")).to_be_hidden()
    assert page.url.endswith("/live?source=sample")


def test_model_without_votes_has_no_challenge(open_page):
    page = open_page("/live?source=sample&view=challenge&model=seven-live")
    expect(page.locator("#challenge")).to_contain_text("Choose a model of votes", timeout=30_000)
    page.select_option("#model", "jury-live")
    expect(page.locator("#challenge").get_by_role("button", name="surprise")).to_be_visible()
