"""Errors in words: a page for people, JSON for programs, a traceback for neither."""

import logging

from flask import render_template, request
from werkzeug.exceptions import HTTPException

from ..pages.assets import AssetsMissing

# status: (title, code for programs, what it means and what to do)
WORDS = {
    400: ("The request was not understood", "bad_request", "Something in the address or the data sent is not right."),
    404: ("There is no such page", "not_found", "The address may be old or mistyped."),
    405: ("This cannot be done here", "wrong_method", "The address exists, but not for this kind of request."),
    413: ("That was too much at once", "too_large", "The request is larger than this server takes; send less."),
    429: ("Too many requests", "too_fast", "Wait a moment, then try again."),
    500: ("Something is wrong on this server", "failed", "It was logged. Try again; if it stays, tell who runs it."),
    503: ("Not ready", "not_ready", "The server has more to do than it can, or is starting. Try again in a moment."),
}
log = logging.getLogger(__name__)


def init_app(app):
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _broken)


def wants_json():
    """Whether the request comes from a program."""
    if request.path.startswith("/api/") or request.path.endswith(".json"):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def answer(status, message=None, code=None):
    """The error page, or {"error": {"code", "message"}}, with its status."""
    title, known_code, known_message = WORDS.get(status, WORDS[500 if status >= 500 else 400])
    message = message or known_message
    if wants_json():
        return {"error": {"code": code or known_code, "message": message}}, status
    try:
        return render_template("error.html", code=status, title=title, message=message), status
    except AssetsMissing as error:
        log.error(error)
        return f"{status} {title}. {message}\n", status, {"Content-Type": "text/plain; charset=utf-8"}


def _refused(error):
    if error.code is None or error.code < 400:
        return error
    # A description of our own, given to abort(), is for the visitor; the library's are for programmers.
    own = error.description if error.description != type(error).description else None
    body, status, *headers = answer(error.code, own if error.code in (400, 404, 422) else None)
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return body, status, kept | (headers[0] if headers else {})


def _broken(error):
    log.error("%s %s: %s", request.method, request.path, error, exc_info=not isinstance(error, AssetsMissing))
    return answer(500)
