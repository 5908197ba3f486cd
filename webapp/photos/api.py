"""The JSON API, /api/v1: pictures in, readings out. /api/v1/openapi.json describes it to programs."""

import importlib.util
import json
import logging

import limits
from apiflask import APIBlueprint
from flask import current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from .. import bundles as bundles_
from ..operations import failures
from ..readers import UnknownModel
from ..settings import SettingsError
from ..vision.batching import Busy
from ..vision.crops import LANDMARKS
from ..vision.faces import PHOTO
from ..vision.images import ImageError
from . import schemas

FIELD = "picture"       # of the form; may be repeated
JSON = "application/json"
log = logging.getLogger(__name__)
api = APIBlueprint("api", __name__, url_prefix="/api/v1")


def check(settings):
    """Raise SettingsError where the rate or the message queue cannot be used."""
    if settings.api_rate:
        try:
            limits.parse_many(settings.api_rate)
        except ValueError:
            raise SettingsError(f"api_rate={settings.api_rate}: a number of requests and a time is meant, such as "
                                "'100 per minute'") from None
    if not settings.message_queue:
        return
    if not settings.message_queue.startswith(("redis://", "rediss://")):
        raise SettingsError(f"message_queue={settings.message_queue}: an address that begins with redis:// is meant")
    if not importlib.util.find_spec("redis"):
        raise SettingsError("message_queue: this needs the Python package redis; install it: pip install redis")


def init_app(app, settings):
    check(settings)
    limiter = Limiter(get_remote_address, app=app, storage_uri=settings.message_queue or "memory://",
                      strategy="moving-window", headers_enabled=True)
    if settings.api_rate:
        limiter.limit(settings.api_rate)(api)
    app.register_blueprint(api)


def _answers(schema, **others):
    """OpenAPI's `responses`: 200 with `schema`, errors by status, and too many requests."""
    errors = others | {"429": "Too many requests"}
    return {"200": {"description": "OK", "content": {JSON: {"schema": schema}}}} | {
        status.lstrip("_"): {"description": words, "content": {JSON: {"schema": schemas.Error}}}
        for status, words in errors.items()}


@api.get("/models")
@api.doc(responses=_answers(schemas.Models))
def models():
    """The models on offer, the default first."""
    site = _site()
    return {"models": bundles_.offered(site.bundles, site.settings.model)}


@api.post("/readings")
@api.input(schemas.Pictures, location="form_and_files", validation=False)
@api.doc(responses=_answers(schemas.Readings, _400="No picture, or an unknown model", _413="Too much at once"))
def readings(**_):
    """The readings of one or many pictures, each with its own error where it could not be read."""
    site = _site()
    pictures = request.files.getlist(FIELD) + request.files.getlist(FIELD + "s")
    if not pictures:
        return failures.answer(400, f"Send a form with one or more files named {FIELD!r}.", "no_picture")
    if len(pictures) > site.settings.request_pictures:
        return failures.answer(413, f"{len(pictures)} pictures came; at most {site.settings.request_pictures} are "
                                    "read at once.", "too_many_pictures")
    try:
        reader = site.readers.get(request.form.get("model"))
    except UnknownModel as error:
        return failures.answer(400, str(error), "unknown_model")
    return {"readings": [{"name": picture.filename or ""} | _read(reader, picture) for picture in pictures]}


@api.post("/explanations")
@api.input(schemas.ExplanationRequest, location="form_and_files", validation=False)
@api.doc(responses=_answers(schemas.Explanation, _400="No picture, or something in the form is not right",
                            _404="No such face, or no such expression", _413="Too large", _503="Busy"))
def explanations(**_):
    """What mattered in one face: how far the answer falls when a part of it is hidden."""
    settings, form = _site().settings, request.form
    landmarks = _landmarks(form.get("landmarks"))
    if landmarks is False or not form.get("face", "0").isdecimal():
        return failures.answer(400, "`face` is a whole number, `landmarks` JSON as in a reading.", "bad_face")
    return _of_one_picture(lambda reader, data: reader.explain(
        data, landmarks, int(form.get("face", "0")[:6]), form.get("expression") or None, PHOTO,
        settings.photo_threshold, settings.photo_pixels))


@api.post("/previews")
@api.input(schemas.PreviewRequest, location="form_and_files", validation=False)
@api.doc(responses=_answers(schemas.Error, _400="No picture", _413="Too large", _503="Busy") | {
    "200": {"description": "a small JPEG, upright", "content": {"image/jpeg": {}}}})
def previews(**_):
    """A picture that the browser cannot show, as a small JPEG; nothing of it is kept."""
    return _of_one_picture(lambda reader, data: current_app.response_class(
        reader.preview(data, _site().settings.photo_pixels), mimetype="image/jpeg"))


def _of_one_picture(answer):
    """`answer(reader, data)` of the form's one picture and model, or what was wrong in words."""
    site, picture = _site(), request.files.get(FIELD)
    if picture is None:
        return failures.answer(400, f"Send a form with a file named {FIELD!r}.", "no_picture")
    try:
        return answer(site.readers.get(request.form.get("model")), _bytes(picture, site.settings.photo_bytes))
    except UnknownModel as error:
        return failures.answer(400, str(error), "unknown_model")
    except ImageError as error:
        return failures.answer(413 if error.code.startswith("too_") else 400, str(error), error.code)
    except LookupError as error:
        return failures.answer(404, f"{error.args[0][0].upper()}{error.args[0][1:]}.", "no_such_face")
    except ValueError as error:
        return failures.answer(400, str(error), "bad_face")
    except Busy as error:
        return failures.answer(503, str(error), "busy")


def _landmarks(text):
    """{name: (x, y)} of `text`, JSON; None where there is none, False where it is not of that form."""
    if not text:
        return None
    try:
        given = json.loads(text[:2000])
        points = {name: tuple(float(value) for value in given[name]) for name in LANDMARKS}
    except (ValueError, TypeError, KeyError, OverflowError):
        return False
    # A face may reach over the picture's edge, but not far from it.
    near = all(len(point) == 2 and all(-2 <= value <= 3 for value in point) for point in points.values())
    return points if near else False


def _read(reader, picture):
    """{"reading"} or {"error": {"code", "message"}} of one file."""
    site = _site()
    try:
        reading = reader.read(_bytes(picture, site.settings.photo_bytes), long_sides=PHOTO,
                              threshold=site.settings.photo_threshold, max_pixels=site.settings.photo_pixels)
    except ImageError as error:
        return _error(error.code, str(error))
    except Busy as error:
        return _error("busy", str(error))
    except Exception as error:      # one picture's failure must not take the others with it
        log.error("a picture could not be read: %s", type(error).__name__, exc_info=True)
        return _error("failed", "The server could not read this picture; its log says why.")
    site.metrics.read("api", reading)
    return {"reading": reading}


def _bytes(picture, most):
    data = picture.stream.read(most + 1)
    if len(data) > most:
        raise ImageError("too_large", f"The file is larger than {most / 1e6:g} MB.")
    if not data:
        raise ImageError("not_a_picture", "The file is empty.")
    return data


def _error(code, message):
    _site().metrics.failed("api", code)
    return {"error": {"code": code, "message": message}}


def _site():
    return current_app.extensions["emoscope"]
