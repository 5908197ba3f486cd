"""The site in Spanish: every page at the narrowest width, the chooser, and the copy for offline use."""

import json
import re

import pytest
from playwright.sync_api import expect

PAGES = ["/", "/live", "/live?on=device", "/photos", "/photos?on=device", "/models", "/models/raters",
         "/models/documents", "/models/documents/valero", "/models/jury-live", "/models/seven-live", "/about",
         "/responsible-use", "/api", "/data/fer2013", "/data/fer2013/browse", "/data/fer2013/samples/17",
         "/data/fer2013/models?other=seven-live", "/data/fer2013/map", "/data/fer2013/issues",
         "/data/fer2013/you-against-ten?seed=1"]
OPEN_DETAILS = "for (const one of document.querySelectorAll('details')) one.open = true"


@pytest.mark.parametrize("width", [320, 640])
def test_no_horizontal_scrolling_in_spanish(open_page, server, width):
    page = open_page("/", viewport={"width": width, "height": 640}, locale="es-ES")
    widths = {}
    for path in PAGES:
        page.goto(server.url + path)
        page.evaluate(OPEN_DETAILS)
        assert page.evaluate("document.documentElement.lang") == "es", path
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    assert {path: found for path, found in widths.items() if found > width} == {}


def test_chooser_works_without_javascript_and_stays_on_the_page(open_page, server):
    page = open_page("/photos?on=device", java_script_enabled=False)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("navigation", name="Language").get_by_role("link", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    assert page.url == server.url + "/photos?on=device&lang=es"
    page.goto(server.url + "/models")
    expect(page.get_by_role("heading", level=1)).to_have_text("Modelos")
    chooser = page.get_by_role("navigation", name="Idioma")
    expect(chooser.get_by_role("link", name="Español")).to_have_attribute("aria-current", "true")
    chooser.get_by_role("link", name="English").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")


def test_models_have_their_titles_in_the_language_of_the_page(open_page):
    page = open_page("/photos", locale="es-ES")
    options = page.get_by_label("Modelo").locator("option")
    expect(options.first).to_have_text("En vivo: diez votos sobre ocho expresiones")
    assert not [text for text in options.all_inner_texts() if "votes" in text or "seven" in text]


def test_copy_for_offline_use_is_in_the_chosen_language(open_page, own_server):
    page = open_page("/", url=own_server.url)
    expect(page.locator("#demo-offline")).to_have_text("Ready for offline use.", timeout=60_000)
    page.get_by_role("link", name="Español").click()
    expect(page.locator("#demo-offline")).to_have_text("Lista para usarla sin conexión.", timeout=60_000)
    own_server.kill()
    page.goto(own_server.url + "/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("¿Cómo llamarían diez personas")
    expect(page.locator("#demo-sentence")).to_contain_text("de cada 10 personas", timeout=60_000)
    page.errors.clear()


SHOWN = """container => {
  const walker = document.createTreeWalker(container, NodeFilter.SHOW_TEXT), found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.closest("pre, code, textarea, style, script")) found.push(node.nodeValue.trim());
  }
  for (const one of container.querySelectorAll("[aria-label], [title]")) {
    found.push(one.getAttribute("aria-label") ?? one.getAttribute("title"));
  }
  return found.filter(text => /[a-z]{2}/i.test(text));
}"""
# Paths, methods, media types and names of the document, which are the same in all languages.
VERBATIM = re.compile(r"Api|Curl|GET|POST|/\u200b?\S*|(get|post) \S+|\w+/[\w-]+|array<string>|string|integer|binary")
FIELDS = {"picture", "model", "face", "landmarks", "expression"}


def test_api_reference_is_in_spanish(open_page):
    shown = {}
    for locale in ("en-US", "es-ES"):
        page = open_page("/api", locale=locale)
        page.wait_for_selector(".opblock-summary-control")
        for control in page.locator(".opblock-summary-control").all():
            control.click()
        execute = "Execute" if locale == "en-US" else "Ejecutar"
        page.locator(".opblock").first.get_by_role("button", name=execute).click()
        page.wait_for_selector(".live-responses-table .highlight-code, .live-responses-table pre")
        shown[locale] = set(page.locator("#api").evaluate(SHOWN))
    assert {"Request body", "Too large", "Server response"} <= shown["en-US"]
    assert {"Cuerpo de la solicitud", "Demasiado grande", "Respuesta del servidor"} <= shown["es-ES"]
    assert [text for text in shown["en-US"] & shown["es-ES"] - FIELDS if not VERBATIM.fullmatch(text)] == []


def test_installed_app_has_its_description_in_spanish(open_page):
    page = open_page("/live", locale="es-ES")
    manifest = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert manifest["errors"] == []
    found = json.loads(manifest["data"])
    assert found["lang"] == "es" and "diez personas" in found["description"] and found["icons"]
