"""Connections that misbehave, for benchmarks.soak and benchmarks.memory.

Each function occupies one until `stop` is set.
"""

import contextlib
import http.client
import itertools
import os
import random
import socket

import socketio
import websocket

from benchmarks.costliest import jpeg

COSTLY = jpeg(700, 3000)        # 24 kB: thousands of scans, refused before decoding
BOUNDARY = "soak"
FORM = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n'.encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()
TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def flood(address, stop):
    """Post costly images as fast as the server answers."""
    while not stop.is_set():
        with contextlib.suppress(OSError, http.client.HTTPException):
            post(address, COSTLY)
        stop.wait(0.05)


def slow_head(address, stop):
    """Send a request's head a byte at a time (slowloris)."""
    _trickle(address, stop, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")


def slow_body(address, stop):
    """Announce an upload and send it a byte at a time."""
    _trickle(address, stop, b"POST /api/v1/readings HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; "
                            b"boundary=soak\r\nContent-Length: 1000000\r\n\r\n")


def half_open(address, stop):
    """Connect and send nothing."""
    _trickle(address, stop, b"", silent=True)


def slow_reader(address, stop):
    """Request a large file and read it a few bytes at a time."""
    _trickle(address, stop, b"GET /data/fer2013/browse.csv HTTP/1.1\r\nHost: x\r\n\r\n", silent=True, read=64,
             source="127.0.0.4")


def wrong_types(address, stop):
    """Send events with random arguments."""
    rng = random.Random(os.getpid())
    values = [None, 1, -1, "text", b"bytes", [], {}, {"id": "1"}, {"id": -1}, {"id": 1, "model": "nope"}, 1e99]
    for client in _clients(address, stop, "127.0.0.5"):
        for _ in range(50):
            if client.connected:
                client.emit(rng.choice(["frame", "hello", "nope", "connect"]),
                            tuple(rng.choices(values, k=rng.randrange(4))), namespace="/live")
            stop.wait(0.2)


def frame_flood(address, stop):
    """Send frames that are no images without waiting for the results."""
    data = os.urandom(40_000)
    for client in _clients(address, stop, "127.0.0.6"):
        for number in itertools.count():
            if stop.is_set() or not client.connected:
                break
            client.emit("frame", ({"id": number}, data), namespace="/live")
            stop.wait(0.05)


def huge_messages(address, stop):
    """Send messages over the transport's limit, which closes the connection."""
    for connection in _sockets(address, stop, "127.0.0.7"):
        with contextlib.suppress(OSError, websocket.WebSocketException):    # closed at the message's head
            connection.send(b"4" + bytes(9_000_000), websocket.ABNF.OPCODE_BINARY)
        stop.wait(3)


def never_join(address, stop):
    """Open live connections without joining the namespace."""
    for connection in _sockets(address, stop, "127.0.0.8"):
        connection.settimeout(30)
        with contextlib.suppress(OSError, websocket.WebSocketException):
            connection.recv()       # Engine.IO's greeting; then the server closes the connection
            connection.recv()
        stop.wait(0.5)


KINDS = (flood, slow_head, slow_body, half_open, slow_reader, wrong_types, frame_flood, huge_messages, never_join)


def post(address, data, source="127.0.0.2", timeout=60):
    """(status, body) of an image posted to the API from the address `source`."""
    connection = http.client.HTTPConnection(*address, timeout=timeout, source_address=(source, 0))
    try:
        connection.request("POST", "/api/v1/readings", FORM + data + END, TYPE)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _trickle(address, stop, data, silent=False, read=0, source="127.0.0.3"):
    """From the address `source`, send `data`, then a byte per second unless `silent`, reading `read` bytes.

    Connects again when disconnected.
    """
    while not stop.is_set():
        with contextlib.suppress(OSError), socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(5)
            connection.bind((source, 0))
            connection.connect(address)
            connection.sendall(data)
            for _ in range(60):
                if stop.wait(1):
                    return
                if not silent:
                    connection.sendall(b"a")
                if read and not connection.recv(read):
                    break
        stop.wait(1)


def _clients(address, stop, source):
    """Connected Socket.IO clients from the address `source`, one after the other."""
    while not stop.is_set():
        with contextlib.suppress(socketio.exceptions.SocketIOError, OSError, AttributeError):
            connection = socket.create_connection(address, timeout=10, source_address=(source, 0))
            client = socketio.Client(reconnection=False, websocket_extra_options={"socket": connection})
            client.connect("http://{}:{}".format(*address), namespaces=["/live"], transports=["websocket"],
                           wait_timeout=10)
            yield client
        with contextlib.suppress(Exception):        # of a client in any state
            client.disconnect()
            connection.close()
        stop.wait(1 + random.random())


def _sockets(address, stop, source):
    """WebSockets of the live path from the address `source`, one after the other."""
    while not stop.is_set():
        with contextlib.suppress(OSError, websocket.WebSocketException):
            connection = websocket.create_connection(
                "ws://{}:{}/socket.io/?EIO=4&transport=websocket".format(*address), timeout=10,
                socket=socket.create_connection(address, timeout=10, source_address=(source, 0)))
            try:
                yield connection
            finally:
                connection.close(timeout=0)
        stop.wait(1 + random.random())
