"""The texts of the OpenAPI document in the visitor's language, for the page /api; the document itself is in English."""

from collections.abc import Iterator
from typing import Any, cast

from apiflask import APIFlask
from flask import current_app

from .catalogues import gettext

_TEXTS = {"summary", "description"}


def translations() -> dict[str, str]:
    """{English text: text in the current language} of every summary and description of the site's document."""
    known = current_app.extensions.get("openapi_texts")
    if known is None:
        document = cast(APIFlask, current_app).spec
        known = current_app.extensions["openapi_texts"] = sorted(set(_texts(document)))
    return {text: gettext(text) for text in known}


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _texts(each)
    if isinstance(part, dict):
        for name, value in part.items():
            if name in _TEXTS and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
