"""The live socket: namespace /live, binary frames in, readings out, one frame in flight a client.

No picture is kept, and none is logged. docs/socket.md describes the events and the codes.
"""

import logging
import threading

from flask import request
from flask_socketio import ConnectionRefusedError, Namespace, SocketIO

from .. import bundles as bundles_
from ..readers import UnknownModel
from ..vision.batching import Busy
from ..vision.faces import LIVE
from ..vision.images import ImageError
from .backpressure import Allowance, Slot

NAMESPACE = "/live"
EVENTS = ("hello", "frame")
CODES = {
    "wrong_type": "the event's arguments are not what this page describes",
    "unknown_event": "there is no such event",
    "wrong_order": "the frame's id is not larger than that of the frame before",
    "too_fast": "more frames a second than `limits.frames_per_second`",
    "too_large": "more bytes than `limits.frame_bytes`",
    "replaced": "a newer frame came before this one's turn",
    "unknown_model": "no bundle has the name in `model`",
    "not_a_picture": "the bytes are no picture that can be read",
    "truncated": "the picture is incomplete or damaged",
    "too_many_pixels": "more pixels than `limits.frame_pixels`",
    "too_many_scans": "a progressive JPEG of more scans than its size allows",
    "unsupported": "the picture's pixels have no one meaning on a screen",
    "busy": "the server has more to do than it can",
    "failed": "the server could not read the frame; its log says why",
}
# A message over the transport's limit cuts the connection, so the limit that is answered in words lies far below.
TRANSPORT_TIMES = 8

log = logging.getLogger(__name__)


class FrameError(Exception):
    """A frame is not read. code: a key of CODES; the text is for people."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def init_app(app, site):
    """Open the namespace on `app`; the SocketIO object, which is app.extensions["socketio"] too."""
    settings = site.settings
    origins = [origin.strip() for origin in settings.origins.split(",") if origin.strip()]
    socketio = SocketIO(app, async_mode="threading", manage_session=False,
                        cors_allowed_origins="*" if "*" in origins else _origins(origins),
                        max_http_buffer_size=TRANSPORT_TIMES * settings.live_bytes,
                        message_queue=settings.message_queue or None)
    live = Live(site)
    socketio.on_namespace(live)
    site.metrics.watch("emoscope_live_clients", "Live clients connected", lambda: live.clients)
    site.metrics.watch("emoscope_live_waiting", "Live frames that wait for their client's turn", lambda: live.waiting)
    return socketio


def _origins(others):
    """None, the library's word for our own origin alone, or a function that allows `others` too."""
    if not others:
        return None

    def allowed(origin, environ):
        scheme = environ.get("HTTP_X_FORWARDED_PROTO", environ["wsgi.url_scheme"]).split(",")[0].strip()
        host = environ.get("HTTP_X_FORWARDED_HOST", environ.get("HTTP_HOST", "")).split(",")[0].strip()
        return origin in others or origin == f"{scheme}://{host}"

    return allowed


class Client:
    """What the server knows of a connected client, forgotten when it goes."""

    def __init__(self, rate):
        self.slot, self.allowance, self.newest, self.lock = Slot(), Allowance(rate), -1, threading.Lock()

    def in_order(self, number):
        """True for an id larger than all before it."""
        with self.lock:
            if number <= self.newest:
                return False
            self.newest = number
            return True


class Live(Namespace):
    """Handlers of the namespace; the library runs each event in a thread of its own."""

    def __init__(self, site):
        super().__init__(NAMESPACE)
        self._site, self._settings = site, site.settings
        self._clients, self._lock = {}, threading.Lock()

    @property
    def clients(self):
        return len(self._clients)

    @property
    def waiting(self):
        return sum(client.slot.waiting for client in list(self._clients.values()))

    def trigger_event(self, event, *args):
        """Answer an event that does not exist, where the library would let the client wait."""
        if event in (*EVENTS, "connect", "disconnect"):
            return super().trigger_event(event, *args)
        return self._error(None, "unknown_event", f"There is no such event; there are: {', '.join(EVENTS)}.")

    def on_connect(self, *_):
        with self._lock:
            if len(self._clients) >= self._settings.live_clients:
                raise ConnectionRefusedError("The server has as many live visitors as it can serve; try again later.")
            self._clients[request.sid] = Client(self._settings.live_rate)

    def on_disconnect(self, *_):
        with self._lock:
            client = self._clients.pop(request.sid, None)
        if client:
            client.slot.close()

    def on_hello(self, *_):
        """The models on offer, the limits, the engine, and what the server keeps."""
        site, settings = self._site, self._settings
        return {"models": bundles_.offered(site.bundles, settings.model),
                "limits": {"frame_bytes": settings.live_bytes, "frame_pixels": settings.live_pixels,
                           "frames_per_second": settings.live_rate, "frames_in_flight": 1},
                "engine": site.readers.engine, "keeps": "nothing"}

    def on_frame(self, *args):
        """A frame, ({id, width, height, sent, model?}, bytes): {id, reading} or {id, error: {code, message}}."""
        about = args[0] if args and isinstance(args[0], dict) else {}
        number = about.get("id") if _is_whole(about.get("id")) else None
        try:
            reading = self._read(*_checked(args))
        except (FrameError, ImageError) as error:
            return self._error(number, error.code, str(error))
        except UnknownModel as error:
            return self._error(number, "unknown_model", str(error))
        except Busy as error:
            return self._error(number, "busy", str(error))
        except Exception as error:      # one frame's failure must not take the connection with it
            log.error("a frame could not be read: %s", type(error).__name__, exc_info=True)
            return self._error(number, "failed", "The server could not read this frame; its log says why.")
        self._site.metrics.read("live", reading)
        return {"id": number, "reading": reading}

    def _read(self, about, data):
        client, settings = self._clients.get(request.sid), self._settings
        if client is None:
            raise FrameError("wrong_order", "The connection is closed.")
        if not client.allowance.take():
            raise FrameError("too_fast", f"Frames came faster than {settings.live_rate:g} a second; send the next "
                                         "when the answer is in.")
        if not client.in_order(about["id"]):
            raise FrameError("wrong_order", f"Frame {about['id']} is not newer than frame {client.newest}.")
        if len(data) > settings.live_bytes:
            raise FrameError("too_large", f"The frame has {len(data):,} bytes; at most {settings.live_bytes:,} are "
                                          "read. Make it smaller or compress it more.")
        reader = self._site.readers.get(about.get("model"))
        if not client.slot.enter():
            raise FrameError("replaced", "A newer frame took this one's place.")
        try:
            return reader.read(data, long_sides=LIVE, threshold=settings.live_threshold,
                               max_pixels=settings.live_pixels)
        finally:
            client.slot.leave()

    def _error(self, number, code, message):
        self._site.metrics.failed("live", code)
        return {"id": number, "error": {"code": code, "message": message}}


def _checked(args):
    """(about, data) of a frame event's arguments. Raises FrameError wrong_type."""
    if len(args) != 2 or not isinstance(args[0], dict) or not isinstance(args[1], bytes | bytearray):
        kinds = ", ".join(type(one).__name__ for one in args) or "nothing"
        raise FrameError("wrong_type", f"A frame is an object and then bytes; this was: {kinds}.")
    about, data = args
    if not _is_whole(about.get("id")):
        raise FrameError("wrong_type", "id: a whole number that grows from frame to frame is meant.")
    for name in ("width", "height"):
        if name in about and not (_is_whole(about[name]) and about[name] > 0):
            raise FrameError("wrong_type", f"{name}: a whole number of pixels is meant.")
    sent = about.get("sent", 0)
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        raise FrameError("wrong_type", "sent: a time in milliseconds is meant.")
    if not isinstance(about.get("model"), str | None):
        raise FrameError("wrong_type", "model: a bundle's name is meant.")
    return about, data


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
