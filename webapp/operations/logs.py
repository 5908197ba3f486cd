"""The log: lines of text or JSON with the id of their request, on standard error.

Every HTTP request and every event of the live socket has an id. It is in the log, in the header X-Request-ID and in
each error that the visitor sees, so that an operator finds the lines of an error that a visitor reports.
"""

import contextlib
import faulthandler
import json
import logging
import os
import re
import secrets
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, g, has_request_context, request

from ..settings import Settings

HEADER = "X-Request-ID"
FIELDS = ("request", "address", "method", "path", "status", "milliseconds")     # of a JSON line, where they are known
_VALID = re.compile(r"[A-Za-z0-9._-]{8,64}")
MAX_NATIVE_LINE = 500       # bytes

log = logging.getLogger(__name__)
native_log = logging.getLogger("webapp.native")


def init_app(app: Flask, settings: Settings) -> None:
    """Give each request an id and, with the setting `log_requests`, a line in the log."""
    logging.getLogger("webapp").setLevel(settings.log_level.upper())
    app.before_request(_start)
    app.after_request(_end)
    app.extensions["emoscope_log_requests"] = settings.log_requests
    app.extensions["emoscope_trust_request_id"] = settings.proxies > 0


def request_id() -> str:
    """The id of the current request or event of the live socket.

    A trusted proxy may choose the id of a request. The events of a connection have an id each. Outside of both, the
    id is a new one.
    """
    if not has_request_context():
        return secrets.token_hex(6)
    if "request_id" not in g:
        given = request.headers.get(HEADER, "")
        trusted = current_app.extensions["emoscope_trust_request_id"] and not hasattr(request, "sid")
        g.request_id = given if trusted and _VALID.fullmatch(given) else secrets.token_hex(6)
    return g.request_id


def setup(settings: Settings) -> None:
    """Write the log of the process to standard error in the format of the setting `log_format`."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(settings))
    handler.addFilter(RequestFilter(settings.log_addresses))
    logging.basicConfig(handlers=[handler], force=True)
    logging.captureWarnings(True)
    threading.excepthook = _log_thread_exception


def formatter(settings: Settings) -> logging.Formatter:
    """The formatter of the setting `log_format`."""
    return JsonFormatter(settings.process) if settings.log_format == "json" else TextFormatter()


class RequestFilter(logging.Filter):
    """Adds the request's id and, if `addresses`, the client's address to a record."""

    def __init__(self, addresses: bool):
        super().__init__()
        self._addresses = addresses

    def filter(self, record: logging.LogRecord) -> bool:
        if has_request_context() and not hasattr(record, "request"):
            record.request = request_id()
            if self._addresses:
                record.address = request.remote_addr
        return True


class TextFormatter(logging.Formatter):
    """`LEVEL logger: message [request id]`."""

    def __init__(self):
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:      # noqa: N802, the name in the standard library
        known = [getattr(record, name) for name in ("request", "address") if getattr(record, name, None)]
        return super().formatMessage(record) + (f" [{' '.join(known)}]" if known else "")


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, and where known process, FIELDS, exception."""

    def __init__(self, process: str = ""):
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": moment, "level": record.levelname.lower(), "logger": record.name,
                                "message": record.getMessage()}
        if self._process:
            line["process"] = self._process
        line |= {name: getattr(record, name) for name in FIELDS if getattr(record, name, None) is not None}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def capture_native_stderr() -> None:
    """Log what C libraries write to standard error at level debug, so that odd images do not fill the log.

    Python's standard error, and a crash report of faulthandler, still go to the original one. Call it in the process
    that serves, before its threads start.
    """
    original = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    for handler in logging.getLogger().handlers + logging.getLogger("gunicorn.error").handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
            handler.setStream(original)
    sys.stderr = original
    faulthandler.enable(original)
    receiving, sending = os.pipe()
    os.dup2(sending, 2)
    os.close(sending)
    threading.Thread(target=_log_native, args=(os.fdopen(receiving, "rb"),), name="native-log", daemon=True).start()


def _log_native(stream: Any) -> None:
    while line := stream.readline(MAX_NATIVE_LINE):
        native_log.debug("%s", line.decode(errors="replace").rstrip())


def _log_thread_exception(arguments: Any) -> None:
    if arguments.exc_type is not SystemExit:
        name = arguments.thread.name if arguments.thread else "a thread"
        log.error("%s ended with an error", name, exc_info=(arguments.exc_type, arguments.exc_value,
                                                           arguments.exc_traceback))


def _start() -> None:
    g.started = time.monotonic()


def _end(response):
    response.headers[HEADER] = request_id()
    if current_app.extensions["emoscope_log_requests"]:
        milliseconds = round((time.monotonic() - g.get("started", time.monotonic())) * 1000, 1)
        known = {"method": request.method, "path": request.path, "status": response.status_code,
                 "milliseconds": milliseconds}
        log.info("%(method)s %(path)s %(status)d in %(milliseconds).1f ms", known, extra=known)
    return response
