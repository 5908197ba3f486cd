"""The language of a page: the URL, the cookie, the browser's languages."""

import pytest


def _language(response):
    language = response.headers["Content-Language"]
    assert f'<html lang="{language}">' in response.text
    assert ("Saltar al contenido" in response.text) == (language == "es")
    return language


@pytest.mark.parametrize(("accepted", "language"), [
    (None, "en"), ("es", "es"), ("es-MX,es;q=0.9,en;q=0.8", "es"), ("en-GB,en;q=0.9,es;q=0.8", "en"), ("*", "en"),
    ("fr-FR,fr;q=0.9,es;q=0.5", "es"), ("de", "en"), ("es;q=0", "en"), ("\x7f;;q=q,,", "en")])
def test_browsers_languages_choose(client, accepted, language):
    assert _language(client.get("/", headers={"Accept-Language": accepted} if accepted else {})) == language


def test_choice_in_the_url_is_kept_in_a_cookie_and_overrides_the_browser(client):
    chosen = client.get("/?lang=es", headers={"Accept-Language": "en"})
    assert _language(chosen) == "es"
    cookie = chosen.headers["Set-Cookie"]
    assert cookie.startswith("language=es;") and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie       # this request was not encrypted
    assert _language(client.get("/live", headers={"Accept-Language": "en"})) == "es"
    again = client.get("/?lang=es")
    assert "Set-Cookie" not in again.headers
    assert _language(client.get("/about?lang=en")) == "en"
    assert _language(client.get("/", headers={"Accept-Language": "es"})) == "en"


def test_cookie_is_secure_over_https(client):
    assert "Secure" in client.get("/?lang=es", base_url="https://localhost").headers["Set-Cookie"]


@pytest.mark.parametrize("value", ["", "xx", "ES", "../../etc", "es; en", "%00"])
def test_unknown_language_is_ignored(client, value):
    response = client.get("/", query_string={"lang": value})
    assert _language(response) == "en" and "Set-Cookie" not in response.headers
    client.set_cookie("language", value)
    assert _language(client.get("/", headers={"Accept-Language": "es"})) == "es"


def test_no_cookie_without_a_choice(client):
    assert "Set-Cookie" not in client.get("/", headers={"Accept-Language": "es"}).headers


def test_chooser_returns_to_the_same_page_with_its_query(client):
    page = client.get("/live?on=device&lang=en&source=sample").text
    assert '<a href="?on=device&amp;source=sample&amp;lang=es" lang="es" hreflang="es">Español</a>' in page
    assert ('<a href="?on=device&amp;source=sample&amp;lang=en" lang="en" hreflang="en" aria-current="true">English</a>'
            in page)
    assert '<link rel="alternate" hreflang="es" href="?on=device&amp;source=sample&amp;lang=es">' in page


def test_chooser_cannot_lead_to_another_site(client):
    page = client.get("//evil.example/x?lang=es").text
    assert 'href="//' not in page and "evil.example" not in page


def test_caches_keep_the_languages_apart(client):
    vary = client.get("/").headers["Vary"]
    assert "Accept-Language" in vary and "Cookie" in vary
    for path in ("/models.json", "/api/v1/openapi.json"):
        response = client.get(path + "?lang=es")
        assert "Set-Cookie" not in response.headers and "Content-Language" not in response.headers


def test_error_pages_are_translated_and_json_is_not(client):
    page = client.get("/models/nope?lang=es")
    assert page.status_code == 404 and _language(page) == "es"
    assert "Aquí no hay ningún modelo" in page.text and "Esta página no existe" in page.text
    error = client.get("/models/nope.json", headers={"Accept-Language": "es"}).json["error"]
    assert error["message"] == "There is no model 'nope' here."


def test_language_does_not_leak_into_the_next_request(client):
    assert _language(client.get("/", headers={"Accept-Language": "es"})) == "es"
    assert _language(client.get("/")) == "en"


def test_redirect_keeps_the_choice(make_app):
    """The page that the quiz redirects to has no `lang`; the cookie of the redirect carries the choice."""
    client = make_app(datasets="static/datasets").test_client()
    response = client.get("/data/fer2013/you-against-ten?lang=es")
    assert response.status_code == 302 and "lang=" not in response.location
    assert client.get(response.location).headers["Content-Language"] == "es"


def test_notice_is_translated_unless_it_is_the_operators(make_app):
    spanish = {"Accept-Language": "es"}
    assert "pide su consentimiento" in make_app().test_client().get("/live", headers=spanish).text
    assert "Our own notice." in make_app(notice="Our own notice.").test_client().get("/live", headers=spanish).text
