"""Every page with the keyboard alone: Tab reaches each control in a visible place, and leaves the page again."""

import pytest

PAGES = ["/", "/live", "/photos", "/data/fer2013", "/data/fer2013/browse", "/models", "/models/raters",
         "/models/documents/tan", "/models/jury-live", "/about", "/responsible-use", "/api"]
# Number the controls that Tab should reach; of a group of radio buttons, Tab reaches one.
MARK = """() => {
  const groups = new Set();
  const controls = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled && one.tabIndex >= 0
      && !one.closest("[inert]") && one.type !== "hidden" && !(one.type === "radio" && (groups.has(one.name)
      || !groups.add(one.name))));
  controls.forEach((one, number) => one.dataset.walk = number);
  return controls.length;
}"""
# The focused control: its number, its name, whether its focus is visible and in the window.
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const group = one.type === "radio" && document.querySelector(`[type=radio][name="${one.name}"][data-walk]`);
  return {number: (group || one).dataset.walk ?? null, html: one.outerHTML.slice(0, 90),
    named: Boolean(one.ariaLabel || one.labels?.length || one.textContent.trim() || one.title || one.placeholder
      || one.getAttribute("aria-labelledby") || one.querySelector("img[alt], title")),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none"
      || one.matches("input") && getComputedStyle(one.parentElement).outlineStyle !== "none",
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth};
}"""
CONTROL = "(number) => document.querySelector(`[data-walk='${number}']`).outerHTML.slice(0, 90)"


@pytest.mark.parametrize("path", PAGES)
def test_tab_reaches_every_control_in_a_visible_place_and_leaves_the_page(open_page, path):
    page = open_page(path, reduced_motion="reduce")
    page.wait_for_load_state("networkidle")
    count = page.evaluate(MARK)
    reached, problems = set(), []
    for _ in range(count + 20):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:         # the end of the page
            break
        reached.add(focused["number"])
        problems += [f"{problem}: {focused['html']}" for problem in ("named", "ring", "inside") if not focused[problem]]
    else:
        pytest.fail("Tab does not leave the page")
    missed = [page.evaluate(CONTROL, number)
              for number in map(str, range(count)) if number not in reached]
    assert problems == [] and missed == []


def test_menu_and_theme_work_with_the_keyboard(open_page):
    page = open_page("/about")
    for _ in range(3):
        page.keyboard.press("Tab")      # skip link, name of the site, first page of the menu
    page.keyboard.press("Enter")
    page.wait_for_url("**/live")
    page.locator("[data-theme-toggle]").focus()
    before = page.locator("html").get_attribute("data-theme")
    page.keyboard.press("Space")
    assert page.locator("html").get_attribute("data-theme") != before
