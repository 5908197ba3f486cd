"""The page on responsible use, and the notice to visitors."""

import re

import pytest

DEFAULT = "This page recognizes facial expressions automatically."


def test_page_has_the_articles_and_dates(client):
    page = client.get("/responsible-use").text
    for words in ("Article 5(1)(f)", "2 February 2025", "Article 50(3)", "2 August 2026", "2 December 2027",
                  "Regulation (EU) 2026/1744", "C(2025) 5052", "BIPA", "CUBI", "HB 1493", "not legal advice"):
        assert words in page


def test_page_links_to_the_laws_themselves(client):
    page = client.get("/responsible-use").text
    for address in ("eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:32024R1689", "CELEX:32026R1744",
                    "CELEX:32016R0679", "digital-strategy.ec.europa.eu/", "www.ilga.gov/",
                    "statutes.capitol.texas.gov/", "app.leg.wa.gov/RCW/"):
        assert re.search(rf'<a href="https://[^"]*{re.escape(address)}', page), address


@pytest.mark.parametrize("path", ["/", "/live", "/about", "/models", "/no-such-page"])
def test_every_page_links_to_it(client, path):
    footer = client.get(path).text.partition("<footer")[2]
    assert 'href="/responsible-use"' in footer


@pytest.mark.parametrize("path", ["/live", "/live?on=device", "/photos", "/photos?on=device"])
def test_notice_is_on_by_default(client, path):
    page = client.get(path).text
    assert DEFAULT in page and 'id="visitor-notice"' in page and "visitor-notice.js" in page


def test_notice_is_not_on_pages_that_read_no_image(client):
    assert "visitor-notice" not in client.get("/about").text


def test_notice_is_the_operators_text(make_app):
    page = make_app(notice="Acme <Labs> tests this.").test_client().get("/live").text
    assert "Acme &lt;Labs&gt; tests this." in page and DEFAULT not in page


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_notice_is_hidden(make_app, empty):
    client = make_app(notice=empty).test_client()
    assert "visitor-notice" not in client.get("/live").text + client.get("/photos").text
