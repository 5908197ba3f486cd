"""The connections below the live namespace: how their WebSockets receive and end, and which are closed unasked."""

import contextlib
import socket
import threading

from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from simple_websocket import ConnectionClosed
from wsproto.utilities import LocalProtocolError

from .conduct import SizeLimit

RECEIVE_BYTES = 65536       # of a WebSocket at a time
JOIN_SECONDS = 10.0         # a connection that has not joined the namespace by then is closed
CLOSE_SECONDS = 2.0         # for a client to answer the end of its WebSocket


def close_connection(engine, engine_id: str, wait: bool = False) -> None:
    """Close a connection; `wait` until the client has read everything, which may be never.

    Engine.IO waits always, in the request that breaks the protocol: 64 such requests would hold every thread.
    """
    if connection := engine.sockets.get(engine_id):
        connection.close(wait=wait, reason=engine.reason.SERVER_DISCONNECT)
        engine.sockets.pop(engine_id, None)


def watch(socketio, conduct, namespace: str) -> None:
    """Count invalid packets, and close each connection that does not join `namespace` within JOIN_SECONDS."""
    server = socketio.server
    handle_connect, handle_message = server.eio.handlers["connect"], server.eio.handlers["message"]

    def close_unless_joined(engine_id, address):
        connection = server.eio.sockets.get(engine_id)
        is_open = connection is not None and not connection.closed
        if is_open and server.manager.sid_from_eio_sid(engine_id, namespace) is None:
            conduct.strike(address, "not_joined")
            close_connection(server.eio, engine_id)

    def on_connect(engine_id, environ):
        conduct.begin(engine_id, environ)
        # It occupies a thread.
        timer = threading.Timer(JOIN_SECONDS, close_unless_joined, (engine_id, conduct.address(environ)))
        timer.daemon = True
        timer.start()
        return handle_connect(engine_id, environ)

    def on_message(engine_id, data):
        try:
            return handle_message(engine_id, data)
        except Exception:
            conduct.fail(engine_id)
            raise

    server.eio.handlers |= {"connect": on_connect, "message": on_message}


class WebSocket(SimpleWebSocketWSGI):
    """The library's WebSocket, for frames.

    A frame is received in few parts, each of which waits for Python's lock. Messages are not compressed: browsers
    would deflate every JPEG for nothing. A huge message ends at its head.
    """

    def __init__(self, handler, server, conduct, **options):
        super().__init__(handler, server, receive_bytes=RECEIVE_BYTES, **options)
        self._handler, self._server, self._conduct = handler, server, conduct
        self.app = self._begin

    def _begin(self, _):
        limit = SizeLimit(self._server.max_http_buffer_size,
                          lambda: self._conduct.strike(self._conduct.address(self.ws.environ), "huge_message"))
        self.ws.ws.connection._proto._frame_decoder.extensions.append(limit)
        return self._handler(self)

    def __call__(self, environ, start_response):
        offered = ("HTTP_SEC_WEBSOCKET_EXTENSIONS",)
        return super().__call__({name: environ[name] for name in environ if name not in offered}, start_response)

    def close(self):
        """Close. It is no error that the web server has closed the socket, or the client the WebSocket.

        Engine.IO's writer thread closes the WebSocket at the end of a connection, which can come after the request that
        carried it has ended, or while the reading thread answers the client's own close. The library expects a broken
        pipe there but neither a closed file descriptor nor a closed protocol. It waits for the client's answer, which
        may be never, with two threads.
        """
        with contextlib.suppress(OSError, ConnectionClosed, LocalProtocolError):
            super().close()
        timer = threading.Timer(CLOSE_SECONDS, self._stop_waiting)
        timer.daemon = True
        timer.start()

    def _stop_waiting(self):
        with contextlib.suppress(OSError):
            self.ws.sock.shutdown(socket.SHUT_RD)
