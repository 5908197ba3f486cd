"""The language of a page: `lang` in its URL, the visitor's choice in the cookie `language`, the browser's languages.

A page with `lang` stores the language in the cookie, so the links of the chooser work without JavaScript.
"""

from urllib.parse import urlencode

from flask import Flask, Response, request
from jinja2 import Environment

from . import catalogues, data_texts, numbers, terms
from .catalogues import DEFAULT, LANGUAGES

COOKIE = "language"
PARAMETER = "lang"
YEAR = 365 * 24 * 3600      # s


def init_app(app: Flask) -> None:
    for language in LANGUAGES:
        catalogues.catalogue(language)
    add_to(app.jinja_env)
    app.jinja_env.globals.update(languages=LANGUAGES, language_link=link, language=catalogues.current)
    app.before_request(lambda: catalogues.use(chosen()))
    app.teardown_request(lambda _: catalogues.use(DEFAULT))
    app.after_request(_add_headers)


def add_to(environment: Environment) -> None:
    """Give a template environment the tag trans, gettext's functions, and names and numbers in the current language."""
    environment.policies["ext.i18n.trimmed"] = True
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: catalogues.catalogue(catalogues.current()).gettext(text),
        lambda *texts: catalogues.catalogue(catalogues.current()).ngettext(*texts), newstyle=True,
        pgettext=lambda *texts: catalogues.catalogue(catalogues.current()).pgettext(*texts),
        npgettext=lambda *texts: catalogues.catalogue(catalogues.current()).npgettext(*texts))
    environment.filters.update(expression=terms.expression, number=numbers.number, percent=numbers.percent,
                               localized=numbers.localized, data_text=data_texts.data_text)


def chosen() -> str:
    """The language of the current request."""
    for explicit in (request.args.get(PARAMETER), request.cookies.get(COOKIE)):
        if explicit in LANGUAGES:
            return explicit
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT


def link(language: str) -> str:
    """The URL of the current page, with its query, in `language`; relative, so it cannot lead elsewhere."""
    return "?" + urlencode([*arguments(), (PARAMETER, language)])


def arguments() -> list[tuple[str, str]]:
    """The (name, value) pairs of the current URL's query without the language."""
    return [(name, value) for name, value in request.args.items(multi=True) if name != PARAMETER]


def _add_headers(response: Response) -> Response:
    """The language of a page, and the cookie if the URL names another language than the cookie."""
    if response.mimetype != "text/html":
        return response
    response.headers["Content-Language"] = catalogues.current()
    response.vary.update(("Accept-Language", "Cookie"))
    language = request.args.get(PARAMETER)
    if language in LANGUAGES and language != request.cookies.get(COOKIE):
        response.set_cookie(COOKIE, language, max_age=YEAR, secure=request.is_secure, httponly=True, samesite="Lax")
    return response
