"""Texts of the scripts in the page's language: every visible one comes from the catalogue."""

import json
import re

import pytest

from tools import translations

OPEN, CLOSE = "⟦", "⟧"
# Shown as they are: names of files, folders, models, data sets and formats, units.
DATA = re.compile(r"[\w, ]+\.(jpg|webm)|\b(jury|seven)-\w+|\d+\.\d+\.\d+|https?://\S+|"
                  r"\b(CSV|JSON|PNG|MP4|WebM|WebGL|WebGPU|WebAssembly|MB|mil)\b|"
                  r"/(series|groups|portraits|no faces)\b")
# Every visible text and attribute, and every text drawn on a canvas.
RECORD = """
    window.drawn = new Set();
    const draw = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        drawn.add(text);
        return draw.call(this, text, ...rest);
    };
"""
VISIBLE = """(html) => {
    const hidden = "script, style, noscript, kbd, code, #model, #reader-choice select"; // titles of models are data
    const attributes = ["alt", "aria-label", "aria-valuetext", "data-help", "placeholder", "title"];
    const textsOf = (root) => {
        const found = [];
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            if (!walker.currentNode.parentElement?.closest(hidden)) found.push(walker.currentNode.data);
        }
        for (const element of root.querySelectorAll("*:not([aria-hidden=true] *)")) {
            found.push(...attributes.map((name) => element.getAttribute(name)));
        }
        return found.map((text) => (text ?? "").replace(/\\s+/g, " ").trim()).filter(Boolean);
    };
    const served = new Set(textsOf(new DOMParser().parseFromString(html, "text/html")));
    return { served: [...served], texts: [...textsOf(document.documentElement), ...drawn] };
}"""


@pytest.fixture(scope="module")
def marking():
    """A catalogue in which every text is marked."""
    messages = {}
    for message in translations.extract("scripts"):
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        marked = [f"{OPEN}{text}{CLOSE}" for text in texts]
        messages[texts[0]] = marked if len(texts) > 1 else marked[0]
    return "globalThis.emoscopeCatalogue = " + json.dumps({"language": "es", "messages": messages})


@pytest.fixture
def open_marked(open_page, marking):
    def open_(path, url=None):
        routes = {"**/static/dist/scripts-es-*.js":
                  lambda route: route.fulfill(body=marking, content_type="text/javascript")}
        return open_page(path, script=RECORD, url=url, routes=routes, locale="es-ES")
    return open_


def bypassing(page):
    """The texts that scripts show now and that are neither in the catalogue nor made of the served page's texts."""
    html = page.request.get(page.url, headers={"Accept-Language": "es-ES"}).text()
    assert '<html lang="es">' in html
    visible, found = page.evaluate(VISIBLE, html), set()
    served = sorted(filter(str.strip, visible["served"]), key=len, reverse=True)
    for text in set(visible["texts"]) - set(served):
        rest = text
        while OPEN in rest:                 # the innermost first
            rest, count = re.subn(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}", " ", rest)
            assert count, text
        for part in served:
            rest = rest.replace(part, " ") if len(part) > 2 else rest
        if re.search(r"[^\W\d_]{3}", DATA.sub(" ", rest)):
            found.add(text)
    return found


def test_live_page_shows_no_text_outside_the_catalogue(open_marked):
    page = open_marked("/live?source=sample")
    page.locator(".face-card").first.wait_for()
    found = bypassing(page)
    for button in ("record", "mark"):
        page.click(f"#{button}")
    for view in ("large", "faces", "challenge"):
        page.click(f"button[data-view={view}]")
        page.wait_for_timeout(400)
        found |= bypassing(page)
    for button in ("record", "stop", "help"):
        page.click(f"#{button}")
    found |= bypassing(page)
    assert page.evaluate("[...drawn].some((text) => text.includes('⟦'))")
    assert found == set()


def test_photo_page_shows_no_text_outside_the_catalogue(open_marked):
    page = open_marked("/photos?source=sample")
    page.locator("#progress-status", has_text=f"{OPEN}Done").wait_for()
    found = bypassing(page)
    page.locator(".tile-link:visible").first.click()
    page.locator("#single .face-card").first.wait_for()
    page.locator("#single .explanation button").click()
    page.locator("#single .explanation-figure").wait_for()
    found |= bypassing(page)
    page.keyboard.press("c")
    page.locator("#comparison .face-card").first.wait_for()
    found |= bypassing(page)
    page.keyboard.press("Escape")
    page.click("#stacks")
    found |= bypassing(page)
    page.click("#clear")
    found |= bypassing(page)
    assert found == set()


def test_front_page_shows_no_text_outside_the_catalogue(open_marked):
    page = open_marked("/")
    page.locator("#demo[data-reading=false]").wait_for(timeout=60000)
    assert bypassing(page) == set()


def test_data_pages_show_no_text_outside_the_catalogue(open_marked, sites):
    for path in ("/data/fer2013", "/data/fer2013/models", "/models/raters"):
        page = open_marked(path)
        page.locator("[data-chart] svg.plot").first.wait_for()
        assert bypassing(page) == set()
    page = open_marked("/data/drawn/you-against-ten", sites["images"])
    page.locator("#quiz [data-label]").first.wait_for()
    while page.locator("#quiz").is_visible():
        page.locator("#quiz [data-label]").first.click()
    assert page.locator("#quiz-headline").inner_text().startswith(OPEN)
    assert bypassing(page) == set()


def test_english_pages_load_no_catalogue(open_page):
    requests = []
    page = open_page("/live", routes={"**/static/dist/scripts-*": lambda route: (requests.append(route.request.url),
                                                                                route.continue_())})
    assert page.evaluate("globalThis.emoscopeCatalogue") is None and requests == []
