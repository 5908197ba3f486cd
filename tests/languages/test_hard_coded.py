"""No visible text of the pages bypasses the catalogues.

The templates are checked as they are written, and every page as it is rendered with catalogues that mark their texts.
"""

import gettext

import pytest
import stubs
from visible_text import CLOSE, OPEN, untranslated

from tools import translations
from webapp import create_app
from webapp.languages import catalogues, data_texts
from webapp.settings import ROOT

TEMPLATES = sorted(str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html"))
PAGES = ["/", "/live", "/live?on=device", "/photos", "/photos?on=device", "/models", "/models/raters",
         "/models/documents", "/models/documents/valero", "/models/jury-live", "/models/seven-live", "/about",
         "/responsible-use", "/api", "/no-such-page", "/models/no-such-model"]
DATA = [f"/data/fer2013{view}"
        for view in ("", "/browse", "/samples/17", "/models?other=seven-live", "/map", "/issues",
                     "/you-against-ten?seed=1", "/browse?nonsense=1", "/samples/99999999")]
# The texts that are extracted for the catalogues, and their contexts.
WRITTEN = {(message.id[0] if isinstance(message.id, tuple) else message.id, message.context)
           for message in translations.extract("messages")}


class Marking(gettext.NullTranslations):
    """Catalogues that mark every text, and record in `texts` the (text, context) for which they were asked."""

    def __init__(self):
        super().__init__()
        self.texts = set()

    def gettext(self, message):
        return self.pgettext(None, message)

    def ngettext(self, singular, plural, number):
        return self.npgettext(None, singular, plural, number)

    def pgettext(self, context, message):
        self.texts.add((message, context))
        return OPEN + message + CLOSE

    def npgettext(self, context, singular, plural, number):
        self.texts.add((singular, context))
        return OPEN + (singular if number == 1 else plural) + CLOSE


@pytest.fixture(scope="module")
def real_app():
    """The site with the repository's bundles."""
    app = create_app(reader=stubs.StubReader())
    app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"
    return app


@pytest.fixture
def marking(monkeypatch):
    catalogue = Marking()
    monkeypatch.setattr(catalogues, "catalogue", lambda _: catalogue)
    data_texts._translate.cache_clear()
    yield catalogue
    data_texts._translate.cache_clear()


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_has_no_text_outside_the_catalogues(real_app, name):
    found = untranslated(_marked_source(real_app.jinja_env, name))
    assert found == []


@pytest.mark.parametrize("path", PAGES + DATA)
def test_rendered_page_has_no_text_outside_the_catalogues(real_app, marking, path):
    response = real_app.test_client().get(path, headers={"Accept-Language": "es"})
    assert "</html>" in response.text and OPEN in response.text
    found = untranslated(response.text)
    assert found == []
    assert marking.texts - WRITTEN == set(), "texts that the extraction does not find"


def _marked_source(environment, name):
    """The template's HTML: marks for expressions and for the blocks of the tag trans, nothing for other tags."""
    source, _, _ = environment.loader.get_source(environment, name)
    html, inside, tag = [], False, []
    for _, kind, value in environment.lex(source):
        if kind == "data" and not inside:
            html.append(value)
        elif kind == "variable_begin" and not inside:
            html.append(OPEN + CLOSE)
        elif kind == "block_begin":
            tag = []
        elif kind == "name":
            tag.append(value)
        elif kind == "block_end" and tag:
            inside = tag[0] == "trans" or (inside and tag[0] != "endtrans")
    return "".join(html)


def test_untranslated_finds_texts_and_attributes():
    page = (f'<p title="{OPEN}a{CLOSE}">{OPEN}One <b>two</b>{CLOSE} 7 <code>x = spam</code>Emoscope</p>'
            '<img alt="A cat"><p>Four <script>five()</script></p>')
    assert untranslated(page) == ["A cat", "Four"]
