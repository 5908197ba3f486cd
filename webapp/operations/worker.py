"""gunicorn's threaded worker, which also waits for the head of a request without a thread.

gunicorn 27 hands a connection to a thread at its first byte. A client that then sends nothing holds the thread for as
long as it likes, so a few dozen such connections (slowloris) keep every new request out. Here the event loop collects
the head, and a thread serves it when it is complete. A client that sends a body or reads a response slowly does hold a
thread, but only as many as `turns` allows one address.

A client that has exceeded the limits too often is refused here, too (`strikes`): its requests cost no thread. What a
slow client has not read yet waits in the application and not, already computed, in the system (UNSENT_BYTES).

After the last response of a connection, gunicorn waits in the event loop for up to 2 s until the client closes, and
serves nobody meanwhile. Here the event loop waits for all of them together.
"""

import contextlib
import fcntl
import math
import re
import socket
import sys
import termios
import time
from collections import deque
from functools import partial
from selectors import EVENT_READ
from typing import ClassVar

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from .strikes import Strikes
from .turns import RUN, WAIT, Turns

HEAD_SECONDS = 10.0         # from the connection, or from the first byte of a further request, to the end of the head
HEAD_BYTES = 65536
REFUSE_SECONDS = 1.0        # until a client that has exceeded the limits too often gets its answer: it asks less
LINGER_SECONDS = 2.0        # for the client to close after the last response, of which it could lose the end otherwise
LINGER_BYTES = 65536        # that the client still sends meanwhile
STALL_SECONDS = 30.0        # without a byte of the body received, or for a part of the response to be read
STOP_BODY_SECONDS = 2.0     # when the worker stops, for bodies to arrive; frames have had `drain_seconds` before
STOP_RESPONSE_SECONDS = 6.0         # likewise for clients to read responses; one that is still computed has longer
UNSENT_BYTES = 131072       # of a response that wait in the system for a slow client
LIVE = re.compile(rb"[A-Z]+ /socket\.io/")       # the live connections, which webapp/live limits
JOINING = re.compile(rb"[A-Z]+ /socket\.io/(?![^ ]*[?&]sid=)")        # new ones
API = re.compile(rb"[A-Z]+ /api/v1/(?!openapi)")
_HEAD = b"HTTP/1.1 %s\r\nRetry-After: %d\r\nContent-Type: %s\r\nConnection: close\r\n\r\n"
REFUSAL = _HEAD % (b"503 Service Unavailable", 1, b"text/plain") + (
    b"Too many requests of this client are in progress; try again in a moment.\n")


class Worker(ThreadWorker):
    """A gthread worker in which half-sent requests hold no thread, and one client cannot hold all threads."""

    turns = Turns(0)        # of addresses; the server's configuration sets it
    strikes: ClassVar[dict[re.Pattern, Strikes]] = {}       # of addresses, by the requests that they refuse; likewise

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._closing: deque[TConn] = deque()       # connections that linger, the oldest first
        self._struck: deque[TConn] = deque()        # connections that wait to be refused
        self._served: set[TConn] = set()            # connections with a request in progress, live ones not counted
        self._stopping: float | None = None         # time since when

    def accept(self, listener):
        """Accept a connection and wait for its first head. At the limit, drop one that is refused or half-sent."""
        if self.cfg.is_ssl:
            return super().accept(listener)
        idle = self._struck or self._closing or self.pending_conns
        if self.nr_conns >= self.worker_connections - 1 and idle:
            self._drop(idle[0], idle)
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            client, address = listener.accept()
            self.nr_conns += 1
            if client.family in (socket.AF_INET, socket.AF_INET6) and hasattr(socket, "TCP_NOTSENT_LOWAT"):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
            self._await_head(TConn(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn, client):
        """Read the head of a further request of a connection."""
        if conn.is_http2 or self.cfg.is_ssl:
            return super().on_client_socket_readable(conn, client)
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_head(conn)
        self._read_head(conn, client)

    def finish_request(self, conn, fs):
        """After a request, wait for the next head, of which a part may have arrived with the last body."""
        unreader = getattr(conn.parser, "unreader", None)
        self._end_turn(conn)
        failed = not fs.cancelled() and fs.exception() is not None
        if failed or self.cfg.is_ssl:
            return super().finish_request(conn, fs)
        result = not fs.cancelled() and fs.result()
        if not result:
            self._linger(conn)
        elif result is True and unreader and (head := unreader.take_buffered()):
            conn.sock.setblocking(False)
            self._await_head(conn, head)
        else:
            super().finish_request(conn, fs)

    def handle_request(self, req, conn):
        """Serve a request. A client that stalls in its body or in reading the response is disconnected."""
        if ("UPGRADE", "websocket") not in [(name, value.lower()) for name, value in req.headers]:
            conn.sock.settimeout(STALL_SECONDS)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            raise StopIteration from None       # gunicorn closes the connection

    def murder_pending(self):
        """Close connections whose head is late; all of them soon when the worker stops."""
        if not self.alive:
            deadline = time.monotonic() + STOP_KEEPALIVE_LINGER
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, deadline)
            self._end_slow_requests()
        super().murder_pending()
        while self._struck and (not self.alive or self._struck[0].timeout <= time.monotonic()):
            conn = self._struck.popleft()
            self._refuse(conn, _too_often(conn.retry_after))
        while self._closing and self._closing[0].timeout <= time.monotonic():
            self._drop(self._closing[0], self._closing)

    def _end_slow_requests(self):
        """When the worker stops, end bodies that do not arrive soon, and later responses that are not read."""
        self._stopping = self._stopping or time.monotonic()
        seconds = time.monotonic() - self._stopping
        for conn in self._served if seconds >= STOP_BODY_SECONDS else ():
            with contextlib.suppress(OSError):
                slow = seconds >= STOP_RESPONSE_SECONDS and _unread(conn.sock)
                conn.sock.shutdown(socket.SHUT_RDWR if slow else socket.SHUT_RD)

    def _await_head(self, conn, head=b""):
        conn.head = bytearray(head)
        conn.timeout = time.monotonic() + HEAD_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._read_head, conn))
        self._serve_if_complete(conn)

    def _read_head(self, conn, client):
        try:
            data = client.recv(HEAD_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.head += data
        if not data or not self._serve_if_complete(conn) and len(conn.head) > HEAD_BYTES:
            self._drop(conn, self.pending_conns)

    def _serve_if_complete(self, conn):
        """Hand the connection to a thread if the head is complete; whether it is."""
        del conn.head[:len(conn.head) - len(conn.head.lstrip(b"\r\n"))]     # allowed before a request
        if b"\r\n\r\n" not in conn.head:
            return False
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
        self._begin_turn(conn)
        return True

    def _begin_turn(self, conn):
        """Serve the request, let it wait for others of its client, or refuse it."""
        address = conn.client[0] if isinstance(conn.client, tuple) else None
        conn.turn = None
        seconds = self._refused_for(address, conn.head) if address else 0
        if seconds:
            conn.timeout, conn.retry_after = time.monotonic() + REFUSE_SECONDS, math.ceil(seconds)
            self._struck.append(conn)
            return
        conn.turn = None if LIVE.match(conn.head) else address
        decision = self.turns.enter(conn.turn, conn) if conn.turn else RUN
        if decision == RUN:
            self._serve(conn)
        elif decision != WAIT:
            self._refuse(conn, REFUSAL)

    def _refused_for(self, address, head):
        """For how many more seconds the address is refused what it asks for; 0 if it is not."""
        return max((strikes.refuse(address) for pattern, strikes in self.strikes.items() if pattern.match(head)),
                   default=0)

    def _refuse(self, conn, response):
        with contextlib.suppress(OSError):
            conn.sock.send(response)
        self._linger(conn)      # with a body on its way, closing at once could lose the refusal

    def _end_turn(self, conn):
        """Serve the request that has waited for this one to end."""
        self._served.discard(conn)
        turn, conn.turn = getattr(conn, "turn", None), None
        if turn and (following := self.turns.leave(turn)):
            self._serve(following)

    def _serve(self, conn):
        conn.init()
        conn.parser.unreader.unread(bytes(conn.head))
        if not LIVE.match(conn.head):
            self._served.add(conn)
        self.enqueue_req(conn)

    def _linger(self, conn):
        """Close the connection when the client has done so, or soon."""
        conn.timeout, conn.drained = time.monotonic() + LINGER_SECONDS, 0
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            # A thread of a WebSocket may close its socket later: not this one, whose number the poller knows.
            conn.sock = socket.socket(fileno=conn.sock.detach())
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):       # closed already, by the client or such a thread
            self.nr_conns -= 1
            conn.close()
        else:
            self._closing.append(conn)

    def _drain(self, conn, client):
        try:
            data = client.recv(LINGER_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.drained += len(data)
        if not data or conn.drained > LINGER_BYTES:
            self._drop(conn, self._closing)

    def _drop(self, conn, idle):
        """Close a connection of `idle`: those that are refused, that linger or whose head is awaited."""
        if idle is not self._struck:
            self.poller.unregister(conn.sock)
        idle.remove(conn)
        self.nr_conns -= 1
        conn.close()


def _too_often(seconds):
    """The response to an address that is refused for so long."""
    return _HEAD % (b"429 Too Many Requests", seconds, b"application/json") + (
        b'{"error": {"code": "too_fast", "message": "This address has exceeded the limits too often; try again in '
        b'%d s.", "request": ""}}\n' % seconds)


def _unread(sock):
    """Bytes that were sent and that the client has not received."""
    return int.from_bytes(fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
