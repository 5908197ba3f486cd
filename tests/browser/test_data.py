"""The data explorer in Chromium, on synthetic faces, with and without the image store."""

import re
from pathlib import Path

import pytest

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .map(({id, nodes}) => id + ": " + nodes.map((node) => node.target.join(" ")).join(", "))"""
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def browser(playwright, chromium_path):
    browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def page(browser):
    """A page. Errors in its console fail the test."""
    errors = []
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    yield page
    context.close()
    assert errors == []


def wait_for_map(page):
    page.wait_for_selector("#map[data-ready]", timeout=60_000)


@pytest.mark.parametrize("store", ["images", "bare"])
def test_every_page_renders(page, sites, store):
    for path in ("", "/browse", "/samples/4", "/models", "/map", "/issues"):
        response = page.goto(f"{sites[store]}/data/drawn{path}")
        assert response.status == 200
        assert page.locator("h1").inner_text()
        if path in ("", "/models"):
            page.wait_for_selector(".drawing svg rect, .drawing svg circle")
            charts = page.locator("[data-chart]")
            assert page.locator("[data-chart] .drawing svg.plot").count() == charts.count() > 2
            assert page.locator("[data-chart] table").count() == charts.count(), "each chart has a table"
        if path == "/map":
            wait_for_map(page)
            assert page.locator("#legend li").count() == 7, "the seven labels"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert (page.locator("text=how to install them").count() > 0) is (store == "bare")


@pytest.mark.parametrize("name", ["plain", "novotes", "nomodels"])
def test_data_sets_without_votes_or_models_have_every_page(page, sites, name):
    for path in ("", "/browse", "/samples/4", "/models", "/map", "/issues"):
        assert page.goto(f"{sites['bare']}/data/{name}{path}").status == 200
        if path == "/map":
            wait_for_map(page)
            assert page.locator("#legend a").count() == 7
        if path == "":
            page.wait_for_selector("#labels .drawing svg rect")
        assert page.locator("[data-chart]").count() == page.locator("[data-chart] .drawing svg.plot").count()


def test_thumbnails_share_one_sprite_sheet(page, sites):
    sheets = []
    page.on("request", lambda request: sheets.append(request.url) if "pictures.png" in request.url else None)
    page.goto(sites["images"] + "/data/drawn/browse?size=30")
    page.wait_for_load_state("networkidle")
    assert len(sheets) == 1
    styles = page.eval_on_selector_all(".thumb", "all => all.map(one => one.style.backgroundPosition)")
    assert len(styles) == 30 and len(set(styles)) == 30
    assert styles[13] == "-96px -96px"


SHOWN_FACES = """async (root) => {
  const shown = [...document.querySelectorAll(root + " .thumb[data-shown]")];
  const urls = new Set(shown.map((one) => one.style.backgroundImage.slice(5, -2)));
  const widths = await Promise.all([...urls].map(async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image.width;
  }));
  return [shown.length, Math.min(...widths)];}"""


@pytest.mark.parametrize(("path", "root", "count"), [
    ("/browse?size=30", ".tiles", 30), ("/issues", ".issue-list", 1), ("/samples/4", ".tiles", 8),
    ("/models?split=Training&model=seven-drawn", ".confusion", 7)])
def test_average_faces_are_shown_where_the_images_are_not_installed(page, sites, path, root, count):
    page.goto(f"{sites['bare']}/data/drawn{path}")
    shown, width = page.evaluate(SHOWN_FACES, root)
    assert shown >= count and width >= 48
    assert "average-faces.jpg" in page.locator(f"{root} .thumb[data-shown]").first.get_attribute("style")


def test_map_shows_the_face_of_the_point_under_the_pointer(page, sites):
    page.goto(sites["bare"] + "/data/drawn/map")
    wait_for_map(page)
    page.locator("#map").scroll_into_view_if_needed()
    x, y = page.evaluate("emoscopeMap.getScreenPosition(17)")
    box = page.locator("#map canvas").bounding_box()
    assert page.locator("#hover").is_hidden()
    page.mouse.move(box["x"] + x - 9, box["y"] + y)
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.wait_for_selector("#hover img[src*='average-faces.jpg?rows=']")
    row = re.search(r"rows=(\d+)", page.get_attribute("#hover img", "src"))[1]
    assert re.fullmatch(rf"Row {row} · \w+", page.inner_text("#hover figcaption"))
    page.wait_for_function("document.querySelector('#hover img').naturalWidth === 48")
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.wait_for_selector("#hover", state="hidden")


def test_button_imports_the_images(browser, sites, tmp_path):
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(sites["bare"] + "/data/plain#images")
    page.click("[data-copy]")
    page.wait_for_selector("[data-copy]:text('Copied')")
    assert page.evaluate("navigator.clipboard.readText()") == "python -m training dataset import fer2013.csv"
    (tmp_path / "other.csv").write_text("a,b\n")
    page.set_input_files("#import input", tmp_path / "other.csv")
    page.click("#import button")
    page.wait_for_selector("#import .notice:has-text('the first line must be')")
    page.set_input_files("#import input", sites["files"] / "fer2013.csv")
    page.click("#import button")
    page.wait_for_selector("text=The images are installed on this server", timeout=60_000)
    page.goto(sites["bare"] + "/data/plain/browse?size=3")
    assert "pictures.png" in page.locator(".thumb").first.get_attribute("style")
    context.close()


def test_views_are_saved_opened_and_deleted(page, sites):
    page.goto(sites["bare"] + "/data/drawn/browse?label=fear&sort=-row")
    page.click("#saved-views summary")
    page.fill("#save-view input", "afraid")
    page.press("#save-view input", "Enter")
    page.wait_for_selector("#saved-list a[aria-current]:text('afraid')")
    page.goto(sites["bare"] + "/data/drawn/map?split=Training")
    wait_for_map(page)
    page.click("#saved-views summary")
    page.click("#saved-list a")
    page.wait_for_url("**/browse?label=fear&sort=-row")
    page.goto(sites["bare"] + "/data/plain/browse")
    assert page.inner_text("#saved-count") == "", "views belong to a data set"
    page.goto(sites["bare"] + "/data/drawn")
    assert page.inner_text("#saved-count") == "(1)"
    page.click("#saved-views summary")
    page.click("#saved-list button")
    page.wait_for_selector("#saved-status:text('afraid is deleted')")
    page.keyboard.press("Escape")
    assert page.locator("#saved-views[open]").count() == 0
    assert page.locator("#saved-list a").count() == 0


def test_two_models_are_compared_on_the_filtered_images(page, sites):
    page.goto(sites["bare"] + "/data/drawn/browse?split=Training&brightness=..150&other=seven-drawn")
    count = page.locator(".count b").inner_text()
    page.click("text=Compare jury-drawn and seven-drawn on these images")
    page.wait_for_url("**/models?**")
    assert f"of {count} images" in page.inner_text(".comparison")
    cell = page.locator(".comparison .confusion td:not(.diagonal) a").filter(has_not_text=re.compile("^0$")).first
    rows = cell.inner_text()
    cell.click()
    page.wait_for_url("**/browse?**other_answer=**")
    assert page.locator(".count b").inner_text() == rows
    assert "brightness=..150" in page.url


def test_label_issue_leads_to_its_reasons(page, sites):
    page.goto(sites["bare"] + "/data/drawn/issues")
    page.click(".issue-list .tile >> nth=0")
    page.wait_for_url("**/samples/**#why")
    assert page.inner_text("#why") == "Why this label may be wrong"
    sources = page.locator(".evidence tbody th").all_inner_texts()
    assert len(sources) >= 5 and sources[0] == "the raters’ votes" and "jury-drawn" in sources


def test_menu_leads_to_the_same_page_of_another_data_set(page, sites):
    page.goto(sites["bare"] + "/data/drawn/issues")
    page.click(".data-set summary")
    page.click(".data-set a:has-text('nomodels')")
    page.wait_for_url("**/data/nomodels/issues")


SHIFT = """() => new Promise((done) => { let sum = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.value; })
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300); })"""


@pytest.mark.parametrize("width", [390, 1280])
def test_browse_does_not_shift_while_it_loads(browser, sites, width):
    context = browser.new_context(viewport={"width": width, "height": 844}, has_touch=width == 390)
    page = context.new_page()
    for path in ("/browse", "/issues", "/samples/4"):
        page.goto(sites["bare"] + "/data/drawn" + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate(SHIFT) < 0.02, path
    page.goto(sites["bare"] + "/data/drawn/browse")
    if width == 390:
        assert page.locator(".ranges").is_hidden()
        page.click(".facets summary")
    assert page.locator(".ranges").is_visible()
    context.close()


def test_bar_opens_its_images_and_back_returns(page, sites):
    page.goto(sites["bare"] + "/data/drawn")
    bar = page.locator("#labels .drawing a").first
    bar.wait_for()
    overview = page.url
    bar.click()
    page.wait_for_url("**/browse?**")
    assert "label=" in page.url and "split=" in page.url
    assert page.locator(".count b").inner_text() == str(page.locator(".tile").count())
    page.go_back()
    page.wait_for_url(overview)
    page.wait_for_selector("#labels .drawing svg")


def test_confusion_matrix_cell_opens_its_images(page, sites):
    page.goto(sites["bare"] + "/data/drawn/models?model=seven-drawn&split=Training")
    cell = page.locator(".sides .confusion td.diagonal a").first
    rows = cell.inner_text()
    cell.click()
    page.wait_for_url("**/browse?**")
    assert page.locator(".count b").inner_text() == rows
    parameters = set(page.url.partition("?")[2].split("&"))
    assert {"model=seven-drawn", "label=anger", "answer=anger", "split=Training"} <= parameters


def test_filters_are_added_and_removed(page, sites):
    page.goto(sites["bare"] + "/data/drawn/browse")
    page.locator(".bars a", has_text="PrivateTest").click()
    page.wait_for_url("**split=PrivateTest**")
    page.fill("input[name=brightness]", "60..")
    page.press("input[name=brightness]", "Enter")
    page.wait_for_url("**brightness=60..**")
    assert "entropy=" not in page.url, "empty fields are left out of the URL"
    assert page.locator(".chip").count() == 2
    shown = page.locator(".count b").inner_text()
    other = page.context.new_page()
    other.goto(page.url)
    assert other.locator(".count b").inner_text() == shown, "the URL determines the view"
    assert other.locator(".tile").all_inner_texts() == page.locator(".tile").all_inner_texts()
    other.close()
    page.locator(".chip", has_text="split").click()
    page.wait_for_url(re.compile(r"\?brightness=60\.\.$"))


def test_infinite_scroll_loads_the_rest(page, sites):
    page.goto(sites["images"] + "/data/drawn/browse?layout=scroll&size=40")
    for _ in range(40):
        if page.locator(".tile").count() == 240:
            break
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(100)
    rows = page.eval_on_selector_all(".tile", "all => all.map(one => Number(one.dataset.row))")
    assert rows == list(range(240))
    assert page.locator(".thumb:not([data-shown])").count() == 0
    assert page.locator("[data-infinite]").count() == 0


def test_keyboard_navigates_browse_and_samples(page, sites):
    page.goto(sites["bare"] + "/data/drawn/browse?label=fear&sort=-row")
    rows = page.eval_on_selector_all(".tile", "all => all.map(one => one.dataset.row)")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/samples/{rows[1]}?**")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/samples/{rows[2]}?**")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/samples/{rows[1]}?**")
    page.keyboard.press("Escape")
    page.wait_for_url("**/browse?label=fear&sort=-row")


def test_lasso_on_the_map_opens_browse(page, sites):
    page.goto(sites["bare"] + "/data/drawn/map?split=Training")
    wait_for_map(page)
    page.click("#lasso")
    box = page.locator("#map").bounding_box()
    x, y, side = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["height"] * 0.3
    corners = [(-side, -side), (side, -side), (side, side), (-side, side), (-side, -side)]
    page.mouse.move(x + corners[0][0], y + corners[0][1])
    page.mouse.down()
    for (x1, y1), (x2, y2) in zip(corners, corners[1:], strict=False):
        for step in range(1, 9):
            page.mouse.move(x + x1 + (x2 - x1) * step / 8, y + y1 + (y2 - y1) * step / 8)
            page.wait_for_timeout(25)
    page.mouse.up()
    page.wait_for_url("**/browse?**lasso=**", timeout=10_000)
    assert "split=Training" in page.url
    count = int(page.locator(".count b").inner_text())
    assert 0 < count < 160
    assert page.locator(".chip", has_text="drawn on the map").count() == 1


def test_legend_filters_the_map_and_back_restores_it(page, sites):
    page.goto(sites["bare"] + "/data/drawn/map?split=Training&colour=right")
    wait_for_map(page)
    entries = page.locator("#legend a").all_inner_texts()
    assert sum(int(text.rsplit(" ", 1)[1]) for text in entries) == 160 and len(entries) == 3, entries
    count = entries[0].rsplit(" ", 1)[1]
    page.locator("#legend a").first.click()
    page.wait_for_url("**right=yes**")
    assert {"split=Training", "colour=right"} <= set(page.url.partition("?")[2].split("&"))
    wait_for_map(page)
    assert page.get_attribute("#map", "data-ready") == count
    page.click("#browse-selection")
    page.wait_for_url("**/browse?**right=yes**")
    assert page.locator(".count b").inner_text() == count
    page.go_back()
    page.go_back()
    wait_for_map(page)
    assert page.get_attribute("#map", "data-ready") == "160"


def test_wheel_zooms_the_map(page, sites):
    page.goto(sites["bare"] + "/data/drawn/map")
    wait_for_map(page)
    distance = "emoscopeMap.get('camera').distance[0]"
    before = page.evaluate(distance)
    page.locator("#map").hover()
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"{distance} < {before} * 0.9")


def test_sample_is_selected_on_the_map(page, sites):
    page.goto(sites["bare"] + "/data/drawn/samples/17")
    page.click("text=Show on the map")
    wait_for_map(page)
    assert page.get_attribute("#map", "data-ready") == "240"
    assert page.evaluate("emoscopeMap.get('selectedPoints')") == [17]
    assert page.inner_text("#status") == "Row 17 is selected"
    assert page.url.endswith("/map#row-17"), "selecting a row does not open it"


def test_occlusion_map_is_overlaid_on_the_image(page, sites):
    page.route("**/explanation.json*", lambda route: route.fulfill(
        json={"falls": [[0.0] * 12] * 6 + [[0.5] * 12] * 6, "label": "fear"}))
    page.goto(sites["images"] + "/data/drawn/samples/5")
    button = page.locator("[data-explain]").first
    button.click()
    page.wait_for_selector(".portrait canvas")
    alpha = page.eval_on_selector(".portrait canvas", """one => {
        const data = one.getContext("2d").getImageData(0, 0, 12, 12).data; return [data[3], data[4 * 143 + 3]];}""")
    assert alpha[0] == 0 and alpha[1] > 100
    assert "fear" in button.inner_text()
    column, text = (page.locator(one).first.bounding_box() for one in (".predictions > div", "[data-explain]"))
    assert text["x"] + text["width"] <= column["x"] + column["width"] + 1, "the text stays in its column"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_violations(browser, sites, scheme):
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    page, found = context.new_page(), {}
    for store in ("images", "bare"):
        for path in ("", "/browse?label=fear&right=no", "/samples/4", "/models?other=seven-drawn", "/map", "/issues"):
            page.goto(f"{sites[store]}/data/drawn{path}")
            if path == "/map":
                wait_for_map(page)
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            page.evaluate(AXE.read_text())
            found[store, path] = page.evaluate(RULES)
    context.close()
    assert {where: rules for where, rules in found.items() if rules} == {}


def test_no_view_scrolls_horizontally_on_a_phone(browser, sites):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    for path in ("", "/browse?label=fear&right=no", "/samples/4", "/models?other=seven-drawn", "/map", "/issues"):
        page.goto(sites["images"] + f"/data/drawn{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    context.close()


def test_mean_faces_have_one_size_on_a_phone(browser, sites):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(sites["bare"] + "/data/drawn")
    sizes = page.eval_on_selector_all(".faces svg", """all => all.map(one => {
        const box = one.getBoundingClientRect(); return [box.width, box.height];})""")
    assert len(sizes) == 2 * 3 * 7 and all(size == [72, 72] for size in sizes)
    context.close()


@pytest.fixture
def phone_map(browser, sites):
    """The map on a phone, and touch(kind, (x, y), …), which sends touch events."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(sites["bare"] + "/data/drawn/map")
    wait_for_map(page)
    page.locator("#map").scroll_into_view_if_needed()
    cdp = context.new_cdp_session(page)

    def touch(kind, *points):
        cdp.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": [
            {"x": float(x), "y": float(y), "id": index} for index, (x, y) in enumerate(points)]})
        page.wait_for_timeout(30)

    yield page, touch
    context.close()


def center(page):
    box = page.locator("#map").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_one_finger_selects_an_area_on_a_phone(phone_map):
    page, touch = phone_map
    page.tap("#lasso")
    x, y = center(page)
    corners = [(-60, -60), (60, -60), (60, 60), (-60, 60), (-60, -60)]
    touch("Start", (x - 60, y - 60))
    for (x1, y1), (x2, y2) in zip(corners, corners[1:], strict=False):
        for step in range(1, 6):
            touch("Move", (x + x1 + (x2 - x1) * step / 5, y + y1 + (y2 - y1) * step / 5))
    touch("End")
    page.wait_for_url("**/browse?**lasso=**", timeout=10_000)
    assert 0 < int(page.locator(".count b").inner_text()) < 240


def test_two_fingers_zoom_and_pan_the_map_and_one_scrolls_the_page(phone_map):
    page, touch = phone_map
    x, y = center(page)
    camera = "[emoscopeMap.get('camera').distance[0], ...emoscopeMap.get('cameraTarget')]"
    distance, *target = page.evaluate(camera)
    touch("Start", (x - 20, y), (x + 20, y))
    for step in range(1, 9):
        touch("Move", (x - 20 - 5 * step, y), (x + 20 + 5 * step, y))
    touch("End")
    page.wait_for_function(f"{camera}[0] < {distance} * 0.6")
    _, *target = page.evaluate(camera)
    touch("Start", (x - 20, y), (x + 20, y))
    for step in range(1, 9):
        touch("Move", (x - 20 + 5 * step, y), (x + 20 + 5 * step, y))
    touch("End")
    page.wait_for_function(f"{camera}[1] < {target[0]} - 0.05", timeout=5000)
    before = page.evaluate(camera), page.evaluate("scrollY")
    touch("Start", (x, y))
    for step in range(1, 9):
        touch("Move", (x, y - 12 * step))
    touch("End")
    page.wait_for_function(f"scrollY > {before[1]} + 20")
    assert page.evaluate(camera) == before[0]


def test_map_without_webgl_refers_to_browse(playwright, chromium_path, sites):
    flags = [*FLAGS, "--disable-gpu", "--disable-3d-apis"]
    browser = playwright.chromium.launch(executable_path=chromium_path, args=flags)
    page = browser.new_page()
    page.goto(sites["bare"] + "/data/drawn/map")
    page.wait_for_selector("text=The map needs WebGL")
    browser.close()


def test_charts_follow_the_dark_theme(browser, sites):
    """Axes and text of the charts use the theme's colors."""
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(sites["bare"] + "/data/drawn")
    page.wait_for_selector("#labels .drawing svg")
    ink = page.eval_on_selector("#labels .drawing svg text", "one => getComputedStyle(one).fill")
    assert min(map(int, re.findall(r"\d+", ink)[:3])) > 150, ink
    context.close()


def test_invalid_filter_shows_an_error_page(browser, sites):
    page = browser.new_page()
    assert page.goto(sites["bare"] + "/data/drawn/browse?label=joy").status == 400
    assert "must be one of anger, disgust" in page.locator("main").inner_text()
    page.close()


def test_quiz_by_keyboard_ends_with_the_agreement_of_visitor_model_and_raters(page, sites):
    sent = []
    page.on("request", lambda request: sent.append((request.method, request.url)))
    page.goto(f"{sites['images']}/models/raters")
    page.get_by_role("link", name="You against ten").click()
    page.get_by_text("Face 1 of 20").wait_for()
    page.keyboard.press("1")
    page.keyboard.press("Backspace")
    page.get_by_text("Face 1 of 20").wait_for()
    before = len(sent)
    for number in range(20):
        image = page.get_by_role("img").evaluate("(face) => face.style.backgroundImage")
        assert image.startswith('url("/data/drawn/pictures.png?rows=')
        page.keyboard.press(str(1 + number % 8))
    results = page.get_by_role("region", name="of 10 people agree with you")
    assert results.evaluate("(section) => section === document.activeElement")
    rows = results.get_by_role("row").all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == ["Who", "You", "jury-drawn", "One of the ten, with the others"]
    assert all(0 <= float(row.split("\t")[1]) <= 10 for row in rows[1:])
    assert results.get_by_role("listitem").count() == 20
    assert len(sent) == before, sent[before:]        # no answer is sent
    page.evaluate(AXE.read_text())
    assert page.evaluate(RULES) == []


def test_quiz_says_that_the_faces_did_not_load_and_tries_again(browser, sites):
    page = browser.new_page()
    page.route("**/you-against-ten.json*", lambda route: route.abort(), times=1)
    page.goto(f"{sites['images']}/data/drawn/you-against-ten?seed=3")
    page.get_by_text("The faces did not load").wait_for()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("Face 1 of 20").wait_for()
    assert page.get_by_text("The faces did not load").is_hidden()
    page.close()
