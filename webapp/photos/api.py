"""The JSON API, /api/v1: images in, readings out. /api/v1/openapi.json describes it for programs."""

import importlib.util
import json
import logging
from collections.abc import Callable
from typing import Any

import limits
from apiflask import APIBlueprint, APIFlask
from flask import current_app, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.datastructures import FileStorage

from .. import bundles as bundles_
from ..languages.catalogues import N_
from ..operations.admission import RESERVED_THREADS, Admission
from ..operations.error_handlers import error_response
from ..operations.logs import request_id
from ..readers import UnknownModelError
from ..settings import Settings, SettingsError
from ..vision.batching import OverloadedError
from ..vision.crops import LANDMARKS
from ..vision.faces import PHOTO_LONG_SIDES
from ..vision.images import ImageError
from . import schemas

FIELD = "picture"       # form field of an image; may be repeated
JSON = "application/json"
REFUSALS_PER_MINUTE = 300       # of one address by `api_rate`; then the server's event loop refuses further requests
log = logging.getLogger(__name__)
api = APIBlueprint("api", __name__, url_prefix="/api/v1")


def check(settings: Settings) -> None:
    """Raise SettingsError if the rate limit or the message queue is not usable."""
    if settings.api_rate:
        try:
            limits.parse_many(settings.api_rate)
        except ValueError:
            raise SettingsError("`api_rate` must be a number of requests per time, such as '100 per minute', got "
                                f"{settings.api_rate!r}") from None
    if not settings.message_queue:
        return
    if not settings.message_queue.startswith(("redis://", "rediss://")):
        raise SettingsError(f"`message_queue` must be a redis:// URL, got {settings.message_queue!r}")
    if not importlib.util.find_spec("redis"):
        raise SettingsError("`message_queue` requires the Python package redis, which is not installed; "
                            "run `pip install -r requirements-cluster.txt`")


def init_app(app: APIFlask, settings: Settings) -> None:
    check(settings)
    seconds = 1             # until Redis counts as away; each process then counts by itself
    timeouts: dict[str, str | int] = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    limiter = Limiter(get_remote_address, app=app, storage_uri=settings.message_queue or "memory://",
                      storage_options=timeouts if settings.message_queue else {},
                      in_memory_fallback_enabled=True, strategy="moving-window", headers_enabled=True)
    if settings.api_rate:
        limiter.limit(settings.api_rate)(api)
    connections = app.extensions["socketio"].server.eio.sockets
    app.extensions["emoscope_admission"] = Admission(
        settings.api_requests, lambda: settings.threads - RESERVED_THREADS - len(connections))
    app.register_blueprint(api)


@api.before_request
def _admit():
    """Refuse a request, before its body is read, if too many are in progress."""
    client = get_remote_address()
    if _admission().enter(client):
        g.admitted = client
        return None
    _site().metrics.count_error("api", "busy")
    return error_response(503, "Too many requests are in progress; try again in a moment.", "busy")


@api.after_request
def _count_refusal(response):
    """Count a request that was over the rate limit: a client that goes on is refused without a thread."""
    if response.status_code == 429:
        _site().api_strikes.add(get_remote_address())
    return response


@api.teardown_request
def _leave(_):
    if client := g.pop("admitted", None):
        _admission().leave(client)


def _responses(schema, **errors):
    """OpenAPI `responses`: 200 with `schema`, and error descriptions by status, passed as `_400`."""
    errors = {"_503": N_("Overloaded")} | errors
    errors["_429"] = N_("Too many requests")
    return {"200": {"description": N_("OK"), "content": {JSON: {"schema": schema}}}} | {
        status.removeprefix("_"): {"description": description, "content": {JSON: {"schema": schemas.Error}}}
        for status, description in errors.items()}


@api.get("/models")
@api.doc(operation_id="list_models", summary=N_("List the available models, the default first"),
         responses=_responses(schemas.Models))
def models():
    site = _site()
    return {"models": bundles_.available(site.bundles, site.settings.model)}


@api.post("/readings")
@api.input(schemas.ReadingRequest, location="form_and_files", validation=False)
@api.doc(operation_id="read_images",
         summary=N_("Read one or more images. An image that cannot be read has its own error."),
         responses=_responses(schemas.Readings, _400=N_("No image, or an unknown model"), _413=N_("Too large")))
def readings(**_):
    site = _site()
    images = request.files.getlist(FIELD) + request.files.getlist(FIELD + "s")
    if not images:
        return error_response(400, f"The form must have one or more files named {FIELD!r}.", "no_picture")
    if len(images) > site.settings.request_images:
        return error_response(413, f"A request must have at most {site.settings.request_images} images, got "
                                   f"{len(images)}; send several requests.", "too_many_pictures")
    try:
        reader = site.readers.get(request.form.get("model"))
    except UnknownModelError as error:
        return error_response(400, str(error), "unknown_model")
    return {"readings": [{"name": image.filename or ""} | _read(reader, image) for image in images]}


@api.post("/explanations")
@api.input(schemas.ExplanationRequest, location="form_and_files", validation=False)
@api.doc(operation_id="explain_face",
         summary=N_("Explain one face: how much the probability drops when a region is occluded"),
         responses=_responses(schemas.Explanation, _400=N_("No image, or an invalid form field"),
                              _404=N_("No such face, or no such expression"), _413=N_("Too large")))
def explanations(**_):
    settings, form = _site().settings, request.form
    landmarks, valid = _parse_landmarks(form.get("landmarks"))
    if not valid or not form.get("face", "0").isdecimal():
        return error_response(400, "`face` must be a non-negative integer, `landmarks` JSON as in a reading.",
                              "bad_face")
    return _process_one(lambda reader, data: reader.explain(
        data, landmarks, int(form.get("face", "0")[:6]), form.get("expression") or None, PHOTO_LONG_SIDES,
        settings.photo_threshold, settings.photo_pixels))


@api.post("/previews")
@api.input(schemas.PreviewRequest, location="form_and_files", validation=False)
@api.doc(operation_id="preview_image",
         summary=N_("Convert an image that the browser cannot display to a small JPEG. Nothing is stored."),
         responses=_responses(schemas.Error, _400=N_("No image"), _413=N_("Too large")) | {
        "200": {"description": N_("a small upright JPEG"),
                "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}})
def previews(**_):
    return _process_one(lambda reader, data: current_app.response_class(
        reader.preview(data, _site().settings.photo_pixels), mimetype="image/jpeg"))


def _process_one(process: Callable[[Any, bytes], Any]):
    """`process(reader, data)` with the form's image and model, or an error response."""
    site, image = _site(), request.files.get(FIELD)
    if image is None:
        return error_response(400, f"The form must have a file named {FIELD!r}.", "no_picture")
    try:
        return process(site.readers.get(request.form.get("model")), _bytes(image, site.settings.photo_bytes))
    except UnknownModelError as error:
        return error_response(400, str(error), "unknown_model")
    except ImageError as error:
        return error_response(413 if error.code.startswith("too_") else 400, str(error), error.code)
    except LookupError as error:
        return error_response(404, f"{error.args[0][0].upper()}{error.args[0][1:]}.", "no_such_face")
    except ValueError as error:
        return error_response(400, str(error), "bad_face")
    except OverloadedError as error:
        return error_response(503, str(error), "busy")


def _parse_landmarks(text: str | None) -> tuple[dict[str, tuple[float, ...]] | None, bool]:
    """({name: (x, y)}, True) for `text`, JSON; (None, True) without text; (None, False) if the text is invalid."""
    if not text:
        return None, True
    try:
        given = json.loads(text[:2000])
        points = {name: tuple(float(value) for value in given[name]) for name in LANDMARKS}
    except (ValueError, TypeError, KeyError, OverflowError):
        return None, False
    # A face may extend beyond the edge of the image, but not far.
    if all(len(point) == 2 and all(-2 <= value <= 3 for value in point) for point in points.values()):
        return points, True
    return None, False


def _read(reader, image):
    """{"reading"} or {"error": {"code", "message", "request"}} of one uploaded file."""
    site = _site()
    try:
        reading = reader.read(_bytes(image, site.settings.photo_bytes), long_sides=PHOTO_LONG_SIDES,
                              threshold=site.settings.photo_threshold, max_pixels=site.settings.photo_pixels)
    except ImageError as error:
        return _error(error.code, str(error))
    except OverloadedError as error:
        return _error("busy", str(error))
    except Exception as error:      # a failure on one image must not affect the others
        log.error("an image could not be read: %s", type(error).__name__, exc_info=True)
        return _error("failed", "The server could not read this image; its log has the details under "
                                f"{request_id()}.")
    site.metrics.count_reading("api", reading)
    return {"reading": reading}


def _bytes(image: FileStorage, limit: int) -> bytes:
    data = image.stream.read(limit + 1)
    if len(data) > limit:
        raise ImageError("too_large", f"The file must have at most {limit / 1e6:g} MB.")
    if not data:
        raise ImageError("not_a_picture", "The file is empty.")
    return data


def _error(code, message):
    _site().metrics.count_error("api", code)
    return {"error": {"code": code, "message": message, "request": request_id()}}


def _admission():
    return current_app.extensions["emoscope_admission"]


def _site():
    return current_app.extensions["emoscope"]
