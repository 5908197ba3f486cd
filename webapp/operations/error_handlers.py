"""Error responses: a page for people, JSON for programs, never a traceback."""

import logging

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException

from ..errors import AssetsMissingError
from ..languages.catalogues import N_, gettext, shown
from .logs import request_id

# status: (title, error code, what it means and what to do)
MESSAGES = {
    400: (N_("The request is invalid"), "bad_request",
          N_("The address or the data sent cannot be processed.")),
    404: (N_("There is no such page"), "not_found",
          N_("The address may be outdated or mistyped.")),
    405: (N_("Method not allowed"), "wrong_method",
          N_("The address exists, but not for this kind of request.")),
    413: (N_("The request is too large"), "too_large",
          N_("The request exceeds this server's size limit; send less.")),
    429: (N_("Too many requests"), "too_fast",
          N_("Wait a moment, then try again.")),
    500: (N_("Something went wrong"), "failed",
          N_("The error was logged. Try again; if it persists, contact the operator.")),
    503: (N_("Not ready"), "not_ready",
          N_("The server is busy or still starting. Try again in a moment.")),
}
log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, _handle_http_error)
    app.register_error_handler(Exception, _handle_exception)


def wants_json() -> bool:
    """Whether the request comes from a program."""
    if request.path.startswith("/api/") or request.path.endswith(".json"):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def error_response(status: int, message: str | None = None, code: str | None = None) -> tuple:
    """A Flask response of the status: the error page, or {"error": {"code", "message", "request"}}.

    message: a languages.catalogues.Message where the page shows it in the visitor's language.
    """
    title, default_code, default_message = MESSAGES.get(status, MESSAGES[500 if status >= 500 else 400])
    if wants_json():
        return {"error": {"code": code or default_code, "message": message or default_message,
                          "request": request_id()}}, status
    title, message = gettext(title), shown(message) if message else gettext(default_message)
    try:
        return render_template("error.html", code=status, title=title, message=message, request_id=request_id()), status
    except AssetsMissingError as error:
        log.error("%s", error)
        text = f"{status} {title}. {message} " + gettext("Request %(id)s.", id=request_id()) + "\n"
        return text, status, {"Content-Type": "text/plain; charset=utf-8"}


def _handle_http_error(error):
    if error.code is None or error.code < 400:
        return error
    # The descriptions given to abort() here are for visitors; Werkzeug's defaults are for programmers.
    custom = error.description if error.description != type(error).description else None
    body, status, *headers = error_response(error.code, custom if error.code in (400, 404, 422) else None)
    passed_on = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return body, status, passed_on | (headers[0] if headers else {})


def _handle_exception(error):
    log.error("%s %s: %s", request.method, request.path, error, exc_info=not isinstance(error, AssetsMissingError))
    return error_response(500)
