"""The live socket: namespace /live, binary frames in, readings out, one frame in flight per client.

Frames are neither stored nor logged. docs/socket.md describes the events and the error codes.
"""

import functools
import logging
import threading
import time
import weakref

from flask import Flask, request
from flask_socketio import ConnectionRefusedError, Namespace, SocketIO

from .. import bundles as bundles_
from ..operations.draining import guard_live_connections
from ..operations.logs import request_id
from ..readers import UnknownModelError
from ..vision.batching import OverloadedError
from ..vision.faces import LIVE_LONG_SIDES
from ..vision.images import ImageError
from ..vision.reading import AbandonedError
from .backpressure import InFlight, RateLimiter, Turns
from .conduct import CLIENT_ERRORS, Conduct
from .connections import WebSocket, close_connection, watch
from .followed_faces import MAX_FACES, faces_of, problem_of

NAMESPACE = "/live"
EVENTS = ("hello", "frame")
CODES = {
    "wrong_type": "the event's arguments do not have the documented types",
    "unknown_event": "no such event",
    "wrong_order": "the frame's id is not greater than the previous one",
    "too_many_errors": "the last of `live_errors` errors in succession; the connection is closed",
    "too_fast": "more frames per second than `limits.frames_per_second`",
    "too_large": "more bytes than `limits.frame_bytes`",
    "replaced": "a newer frame arrived before this one was processed",
    "unknown_model": "no model has the name in `model`",
    "not_a_picture": "the bytes are not an image in a supported format",
    "truncated": "the image is incomplete or damaged",
    "too_many_pixels": "more pixels than `limits.frame_pixels`",
    "too_many_scans": "a progressive JPEG with too many scans for its size",
    "unsupported": "the image's pixel format cannot be displayed unambiguously",
    "busy": "the server is overloaded or stopping",
    "failed": "an unexpected error; see the server's log",
}
# A message over the transport's limit closes the connection, so frames are rejected with an error well below it.
TRANSPORT_LIMIT_FACTOR = 8

log = logging.getLogger(__name__)


class FrameError(Exception):
    """A frame is rejected. code: a key of CODES; the message is for people."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def init_app(app: Flask, site) -> SocketIO:
    """Register the namespace on `app` and return the SocketIO object, which is also app.extensions["socketio"]."""
    settings = site.settings
    origins = [origin.strip() for origin in settings.origins.split(",") if origin.strip()]
    socketio = SocketIO(app, async_mode="threading", manage_session=False,
                        cors_allowed_origins="*" if "*" in origins else _allowed_origins(origins),
                        max_http_buffer_size=TRANSPORT_LIMIT_FACTOR * settings.live_bytes,
                        message_queue=settings.message_queue or None,
                        logger=logging.getLogger("socketio"), engineio_logger=logging.getLogger("engineio"))
    for library in ("socketio", "engineio"):        # what clients do wrong is no warning of ours
        logging.getLogger(library).setLevel(logging.ERROR)
    logging.getLogger("engineio").addFilter(_is_no_invalid_packet)
    if settings.process:        # the proxy finds the process of a session in its id
        generate_id = socketio.server.eio.generate_id
        socketio.server.eio.generate_id = lambda: f"{settings.process}.{generate_id()}"
    engine, limit = socketio.server.eio, max_connections(settings)
    conduct = Conduct(engine, settings, site.live_strikes, functools.partial(close_connection, engine),
                      site.metrics.count_closed)
    live = Live(site, conduct)
    socketio.on_namespace(live)
    site.drain.add(lambda seconds: live.drain(seconds))
    app.wsgi_app = guard_live_connections(  # type: ignore[method-assign]
        app.wsgi_app, lambda environ: site.drain.active or len(conduct.open) >= limit or conduct.refuse(environ))
    engine.disconnect = functools.partial(close_connection, engine)
    watch(socketio, conduct, NAMESPACE)
    engine._async = {**engine._async, "websocket": functools.partial(WebSocket, conduct=conduct)}
    site.metrics.add_gauge("emoscope_live_connections", "Open live connections, those that have not joined included",
                           lambda: len(conduct.open))
    site.metrics.add_gauge("emoscope_live_clients", "Connected live clients", lambda: live.clients)
    site.metrics.add_gauge("emoscope_live_busy", "Live clients with a frame in progress", lambda: live.busy)
    site.metrics.add_gauge("emoscope_live_waiting", "Live frames waiting for their turn", lambda: live.waiting)
    site.metrics.add_gauge("emoscope_live_refused", "Live connections refused for the conduct of their address",
                           lambda: site.live_strikes.refusals)
    site.metrics.add_gauge("emoscope_api_refused", "API requests refused without a thread, far over the rate limit",
                           lambda: site.api_strikes.refusals)
    return socketio


def _is_no_invalid_packet(record: logging.LogRecord) -> bool:
    """Whether Engine.IO's record is about something else than a packet of a client that breaks the protocol.

    It logs a traceback for each, and a client can send thousands. Handlers of events run elsewhere.
    """
    if record.msg not in ("message handler error", "post request handler error"):
        return True
    log.debug("a client sent an invalid packet")
    return False


def _allowed_origins(others):
    """None, which allows only the own origin in Socket.IO, or a function that also allows `others`."""
    if not others:
        return None

    def allowed(origin, environ):
        scheme = environ.get("HTTP_X_FORWARDED_PROTO", environ["wsgi.url_scheme"]).split(",")[0].strip()
        host = environ.get("HTTP_X_FORWARDED_HOST", environ.get("HTTP_HOST", "")).split(",")[0].strip()
        return origin in others or origin == f"{scheme}://{host}"

    return allowed


def max_connections(settings) -> int:
    """Connections that may be open: the live clients, and some of the other threads for clients that are joining."""
    return settings.live_clients + max(1, (settings.threads - settings.live_clients) // 4)


class Client:
    """The state of one connected client, discarded on disconnect."""

    def __init__(self, rate: float):
        self.in_flight, self.rate_limiter = InFlight(), RateLimiter(rate)
        self.newest, self._lock = -1, threading.Lock()
        self._handlers: weakref.WeakSet[threading.Thread] = weakref.WeakSet()

    @property
    def busy(self) -> bool:
        """Whether a frame is in progress or its acknowledgement is not yet queued: its thread does both."""
        with self._lock:
            return any(thread.is_alive() for thread in self._handlers)

    def enter(self) -> None:
        """Record that the current thread handles a frame."""
        with self._lock:
            self._handlers.add(threading.current_thread())

    def accept(self, number: int) -> bool:
        """Whether `number` is greater than all previous ids; records it if so."""
        with self._lock:
            if number <= self.newest:
                return False
            self.newest = number
            return True


class Live(Namespace):
    """The event handlers. Socket.IO runs each event in its own thread."""

    def __init__(self, site, conduct):
        super().__init__(NAMESPACE)
        self._site, self._settings, self._conduct = site, site.settings, conduct
        self._clients: dict[str, Client] = {}
        at_once = site.readers.at_once
        self._turn = {"turn": Turns(at_once)} if at_once else {}
        self._lock = threading.Lock()

    @property
    def clients(self) -> int:
        """Number of connected clients."""
        return len(self._clients)

    @property
    def busy(self) -> int:
        """Number of clients with a frame in progress."""
        return sum(client.busy for client in list(self._clients.values()))

    @property
    def waiting(self) -> int:
        """Number of waiting frames."""
        return sum(client.in_flight.waiting for client in list(self._clients.values()))

    def trigger_event(self, event, *args):
        """Dispatch an event; acknowledge unknown events with an error instead of leaving the client waiting."""
        if event in (*EVENTS, "connect", "disconnect"):
            return super().trigger_event(event, *args)
        return self._error(None, "unknown_event", f"Unknown event; the events are: {', '.join(EVENTS)}.", args[0])

    def on_connect(self, *_):
        with self._lock:
            if len(self._clients) >= self._settings.live_clients:
                raise ConnectionRefusedError("The server has reached its maximum number of live clients; "
                                             "try again later.")
            self._clients[_session_id()] = Client(self._settings.live_rate)

    def on_disconnect(self, *_):
        with self._lock:
            client = self._clients.pop(_session_id(), None)
        if client:
            client.in_flight.close()

    def drain(self, seconds: float) -> None:
        """Close every connection as soon as its frames in progress are acknowledged, at the latest after `seconds`.

        The transport is closed, not the namespace: clients then reconnect by themselves.
        """
        end, closed = time.monotonic() + seconds, set()
        while self._clients and time.monotonic() < end + 1:
            for session_id, client in list(self._clients.items()):
                if session_id not in closed and (not client.busy or time.monotonic() >= end):
                    closed.add(session_id)
                    self._close_connection(self._engine_id(session_id))
            time.sleep(0.01)
        for engine_id in list(self.socketio.server.eio.sockets):     # connections that did not join the namespace
            self._close_connection(engine_id)

    def _engine_id(self, session_id=None):
        """Engine.IO's id of the connection of a session; by default that of the present event."""
        return self.socketio.server.manager.eio_sid_from_sid(session_id or _session_id(), NAMESPACE)

    def _close_connection(self, engine_id):
        """Close in a thread: it waits until the client has read everything, which may be never."""
        engine = self.socketio.server.eio
        if connection := engine.sockets.get(engine_id):
            connection.receive = lambda packet: None    # half a frame is an error in a closing connection
            threading.Thread(target=close_connection, args=(engine, engine_id, True), daemon=True).start()

    def on_hello(self, *_):
        """Return the available models, the limits, the engine, and what the server stores."""
        site, settings = self._site, self._settings
        return {"models": bundles_.available(site.bundles, settings.model),
                "limits": {"frame_bytes": settings.live_bytes, "frame_pixels": settings.live_pixels,
                           "frames_per_second": settings.live_rate, "frames_in_flight": 1,
                           "followed_faces": MAX_FACES},
                "engine": site.readers.engine, "keeps": "nothing"}

    def on_frame(self, *args):
        """Read a frame, ({id, width, height, sent, model?, follow?}, bytes).

        Returns {id, reading} or {id, error: {code, message, request}}.
        """
        metadata = args[0] if args and isinstance(args[0], dict) else {}
        number = metadata.get("id") if _is_non_negative_integer(metadata.get("id")) else None
        try:
            reading = self._read(*_validate(args))
        except (FrameError, ImageError) as error:
            return self._error(number, error.code, str(error))
        except UnknownModelError as error:
            return self._error(number, "unknown_model", str(error))
        except OverloadedError as error:
            return self._error(number, "busy", str(error))
        except AbandonedError:
            return self._error(number, "wrong_order", "The connection is closed.")
        except Exception as error:      # a failure on one frame must not close the connection
            log.error("a frame could not be read: %s", type(error).__name__, exc_info=True)
            return self._error(number, "failed", "The server could not read this frame; its log has the details under "
                                                 f"{request_id()}.")
        self._site.metrics.count_reading("live", reading)
        self._conduct.succeed(self._engine_id())
        return {"id": number, "reading": reading}

    def _read(self, metadata, data):
        client, settings = self._clients.get(_session_id()), self._settings
        if client is None:
            raise FrameError("wrong_order", "The connection is closed.")
        if self._site.drain.active:
            raise FrameError("busy", "The server is restarting.")
        client.enter()
        if not client.rate_limiter.take():
            raise FrameError("too_fast", f"Frames must arrive at no more than {settings.live_rate:g} per second; send "
                                         "the next frame after the previous one is acknowledged.")
        if not client.accept(metadata["id"]):
            raise FrameError("wrong_order", f"`id` must be greater than {client.newest}, got {metadata['id']}.")
        if len(data) > settings.live_bytes:
            raise FrameError("too_large", f"A frame must have at most {settings.live_bytes:,} bytes, got "
                                          f"{len(data):,}; reduce its size or quality.")
        reader = self._site.readers.get(metadata.get("model"))
        if not client.in_flight.enter():
            raise FrameError("replaced", "A newer frame replaced this one.")
        try:
            follow = {"follow": faces_of(metadata["follow"])} if "follow" in metadata else {}
            return reader.read(data, long_sides=LIVE_LONG_SIDES, threshold=settings.live_threshold,
                               max_pixels=settings.live_pixels, abandoned=lambda: client.in_flight.closed,
                               **self._turn, **follow)
        finally:
            client.in_flight.leave()

    def _error(self, number, code, message, session_id=None):
        if code in CLIENT_ERRORS and self._conduct.fail(self._engine_id(session_id)):
            code, message = "too_many_errors", (
                f"{self._settings.live_errors} events in succession were invalid; the connection is closed. The last "
                f"one: {message}")
        self._site.metrics.count_error("live", code)
        return {"id": number, "error": {"code": code, "message": message, "request": request_id()}}


def _session_id() -> str:
    return request.sid      # type: ignore[attr-defined]  # Flask-SocketIO adds it


def _validate(args):
    """(metadata, data) of the arguments of a `frame` event. Raises FrameError wrong_type."""
    if len(args) != 2 or not isinstance(args[0], dict) or not isinstance(args[1], bytes | bytearray):
        types = ", ".join(type(one).__name__ for one in args) or "nothing"
        raise FrameError("wrong_type", f"`frame` must have two arguments, an object and bytes, got {types}.")
    metadata, data = args
    if not _is_non_negative_integer(metadata.get("id")):
        raise FrameError("wrong_type", f"`id` must be a non-negative integer, got {metadata.get('id')!r}.")
    for name in ("width", "height"):
        if name in metadata and not (_is_non_negative_integer(metadata[name]) and metadata[name] > 0):
            raise FrameError("wrong_type", f"`{name}` must be a positive integer, got {metadata[name]!r}.")
    sent = metadata.get("sent", 0)
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        raise FrameError("wrong_type", f"`sent` must be a time in milliseconds, got {sent!r}.")
    if problem := problem_of(metadata.get("follow", [])):
        raise FrameError("wrong_type", problem)
    if not isinstance(metadata.get("model"), str | None):
        raise FrameError("wrong_type", f"`model` must be the name of a model, got {metadata['model']!r}.")
    return metadata, data


def _is_non_negative_integer(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
