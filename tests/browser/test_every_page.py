"""Every page in light and dark, mobile and desktop: no accessibility violation, no horizontal scrolling, no error."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ["/", "/live", "/photos", "/data", "/models", "/models/jury-live", "/about", "/no-such-page"]
RULES = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(({impact}) => ["serious", "critical"].includes(impact))
  .map(({id, nodes}) => id + ": " + nodes.map((node) => node.target.join(" ")).join(", "))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_accessibility_violations(open_page, server, scheme):
    page = open_page("/", color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    found = {}
    for path in PAGES:
        page.goto(server.url + path)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        page.add_script_tag(path=AXE)
        found[path] = page.evaluate(RULES)
    _ignore_missing_page(page)
    assert {path: violations for path, violations in found.items() if violations} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_accessibility_violations_while_live(open_page, video, scheme):
    page = open_page("/live", video("two"), color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    page.click("#start")
    expect(page.locator(".face-card")).to_have_count(2, timeout=30_000)
    page.add_script_tag(path=AXE)
    assert page.evaluate(RULES) == []


def test_no_horizontal_scrolling_on_mobile(open_page, server):
    page = open_page("/", viewport={"width": 360, "height": 740}, has_touch=True)
    for path in PAGES:
        page.goto(server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    _ignore_missing_page(page)


def test_chosen_theme_persists(open_page, server):
    page = open_page("/", color_scheme="light")
    page.click("[data-theme-toggle]")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(server.url + "/about")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.click("[data-theme-toggle]")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_skip_link_is_first(open_page):
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_missing_page_links_to_the_front_page(open_page):
    page = open_page("/no-such-page")
    expect(page.get_by_role("link", name="To the front page")).to_be_visible()
    _ignore_missing_page(page)


def _ignore_missing_page(page):
    """Chromium logs the expected 404 as an error."""
    page.errors[:] = [error for error in page.errors if "404" not in error]
