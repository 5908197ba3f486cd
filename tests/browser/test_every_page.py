"""Every page in light and dark, narrow and wide: no accessibility violation, no horizontal scrolling, no error."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ["/", "/live", "/live?on=device", "/photos", "/photos?on=device", "/models", "/models/raters",
         "/models/documents", "/models/documents/tan", "/models/jury-live", "/models/seven-live", "/about",
         "/responsible-use", "/api", "/no-such-page"]
DATA = [f"/data/fer2013{view}"
        for view in ("", "/browse", "/samples/17", "/models?other=seven-live", "/map", "/issues",
                     "/you-against-ten?seed=1")]
RULES = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .map(({id, nodes}) => id + ": " + nodes.map((node) => node.target.join(" ")).join(", "))"""
OPEN_DETAILS = "for (const one of document.querySelectorAll('details')) one.open = true"
# Elements with running transitions or animations of some duration.
MOVING = """() => [...document.querySelectorAll("*")].filter((one) => {
  const {transitionDuration, transitionProperty, animationName, scrollBehavior} = getComputedStyle(one);
  return transitionDuration.split(", ").some((time) => parseFloat(time)) && transitionProperty !== "none"
    || animationName !== "none" || scrollBehavior === "smooth"; }).map((one) => one.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_violations(open_page, server, scheme):
    page = open_page("/", color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    found = {}
    for path in PAGES + DATA:
        _open(page, server.url + path)
        page.evaluate(OPEN_DETAILS)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        page.add_script_tag(path=AXE)
        found[path] = page.evaluate(RULES)
    _ignore_missing_page(page)
    assert {path: violations for path, violations in found.items() if violations} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_violations_while_live(open_page, video, scheme):
    page = open_page("/live", video("two"), color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    page.click("#start")
    expect(page.locator(".face-card")).to_have_count(2, timeout=30_000)
    page.add_script_tag(path=AXE)
    page.keyboard.press("m")
    page.set_viewport_size({"width": 320, "height": 640})
    found = {}
    for view in ("video", "large", "faces", "challenge"):
        page.click(f"[data-view={view}]")
        page.wait_for_timeout(300)
        found[view] = page.evaluate(RULES)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, view
    assert {view: violations for view, violations in found.items() if violations} == {}


# 320 px is WCAG's narrowest width (1.4.10); 640 px is a window of 1280 px at 200 % zoom (1.4.4).
@pytest.mark.parametrize(("width", "height", "scale"), [(320, 640, 1), (640, 450, 2)])
def test_no_horizontal_scrolling(open_page, server, width, height, scale):
    page = open_page("/", viewport={"width": width, "height": height}, device_scale_factor=scale)
    widths = {}
    for path in PAGES + DATA:
        _open(page, server.url + path)
        page.evaluate(OPEN_DETAILS)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    _ignore_missing_page(page)
    assert {path: found for path, found in widths.items() if found > width} == {}


def test_no_motion_where_reduced_motion_is_preferred(open_page, server):
    page = open_page("/", reduced_motion="reduce")
    moving = {}
    for path in PAGES:
        _open(page, server.url + path)
        moving[path] = page.evaluate(MOVING)
    _ignore_missing_page(page)
    assert {path: found for path, found in moving.items() if found} == {}


def test_screen_reader_hears_an_expression_once_not_with_every_result(open_page, video):
    """Every change of a live region is announced; the results change many times per second."""
    page = open_page("/live", video("portrait"), bypass_csp=True)
    page.click("#start")
    expect(page.locator(".face-card")).to_have_count(1, timeout=30_000)
    page.evaluate("""() => { window.heard = []; window.changes = 0;
      const live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log], output";
      new MutationObserver((records) => { for (const {target} of records) {
        const element = target instanceof Element ? target : target.parentElement;
        const region = element?.closest(live);
        if (region) heard.push(region.textContent); else if (element?.closest(".live")) changes++; }
      }).observe(document.body, {childList: true, characterData: true, subtree: true}); }""")
    page.wait_for_function("changes >= 60", timeout=60_000)
    page.wait_for_function("document.querySelector('#announcements').textContent", timeout=30_000)
    heard, seconds = page.evaluate("[heard, performance.now() / 1000]")
    assert len(heard) <= 1 + seconds / 6, heard
    assert all(before != after for before, after in zip(heard, heard[1:], strict=False)), heard


@pytest.mark.parametrize("path", ["/live", "/photos", "/photos?on=device"])
def test_visitor_notice_is_shown_until_dismissed_in_this_browser(open_page, server, path):
    page = open_page(path)
    notice = page.get_by_role("region", name="Notice")
    expect(notice).to_contain_text("recognizes facial expressions")
    expect(notice.get_by_role("link", name="Responsible use")).to_be_visible()
    notice.get_by_role("button", name="Understood").press("Enter")
    expect(notice).to_be_hidden()
    expect(page.locator("main")).to_be_focused()
    page.reload()
    expect(page.locator("h1")).to_be_attached()
    expect(page.locator("#visitor-notice")).to_be_hidden()
    page.evaluate("localStorage.setItem('emoscope-notice', 'an older text')")
    page.reload()
    expect(notice).to_be_visible()


def test_raters_page_draws_the_curve_and_the_bands(open_page):
    page = open_page("/models/raters")
    charts = page.locator("[data-chart]")
    expect(charts.locator(".drawing svg.plot")).to_have_count(3)
    expect(page.locator("#juries svg.plot circle")).to_have_count(10)
    expect(page.locator("#agreement .chart-legend li").first).to_have_text("One rater")
    assert charts.locator("table").count() == 3, "each chart has a table"


def test_documents_page_draws_a_chart_of_each_sweep(open_page):
    page = open_page("/models/documents")
    page.get_by_role("link", name="Hameed").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hameed")
    sweeps = page.locator("[data-chart=sweep]")
    expect(sweeps.locator(".drawing svg.plot")).to_have_count(4)
    expect(page.locator("#sweep-optimizer svg.plot circle")).to_have_count(4)     # two values, the document's and ours
    page.get_by_role("navigation", name="Documents").get_by_role("link", name="Nama").press("Enter")
    spreads = page.locator("#sweep-networks td[data-low]")
    expect(spreads).not_to_have_count(0)
    expect(page.locator("#sweep-networks svg.plot line[marker-end]")).to_have_count(spreads.count())
    page.get_by_role("navigation", name="Documents").get_by_role("link", name="Valero").press("Enter")
    expect(page.get_by_role("row", name="difference of Gaussians").first).to_contain_text("24.0 %")


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


def _open(page, url):
    """Open the page and wait until its scripts have drawn it."""
    page.goto(url)
    if "/api" in url:
        page.wait_for_selector(".opblock")
    for chart in page.locator("[data-chart]").all():
        chart.locator("svg.plot").wait_for(state="attached")
