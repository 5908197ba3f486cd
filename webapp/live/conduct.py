"""The conduct of live connections: which are closed for what they send, and which addresses may open further ones."""

import threading
from collections.abc import Callable

from wsproto.extensions import Extension
from wsproto.frame_protocol import CloseReason, Opcode, RsvBits

from ..operations.strikes import Strikes

# Errors for which a connection is closed. A client that is only too fast is not hostile, and its frames are cheap.
CLIENT_ERRORS = frozenset({"wrong_type", "unknown_event", "too_large", "not_a_picture", "truncated", "too_many_pixels",
                           "too_many_scans", "unsupported"})
ACKNOWLEDGE_SECONDS = 0.2       # for the last acknowledgement to be queued before the connection closes


class Conduct:
    """Errors in succession by connection, connections and strikes by address.

    The counts are attributes of Engine.IO's connections and vanish with them.
    """

    def __init__(self, engine, settings, strikes: Strikes, close: Callable[[str], None], count: Callable[[str], None]):
        """engine: python-engineio's server. close: closes the connection with this id without waiting for the client.

        count: is told the reason of each connection that is closed.
        """
        self._engine, self._settings, self._strikes, self._close, self._count = engine, settings, strikes, close, count
        self._lock = threading.Lock()

    def begin(self, engine_id: str, environ: dict) -> None:
        """Record a new connection."""
        connection = self._engine.sockets[engine_id]
        connection.address, connection.errors = self.address(environ), 0

    def address(self, environ: dict) -> str:
        """The client's address, or "" behind a proxy, whose address all clients have."""
        return "" if self._settings.proxies else environ.get("REMOTE_ADDR", "")

    def refuse(self, environ: dict) -> bool:
        """Whether the address may not open a further connection."""
        address = self.address(environ)
        if not address:
            return False
        if self._strikes.refuse(address) > 0:
            return True
        limit = self._settings.live_connections
        return 0 < limit <= sum(getattr(connection, "address", None) == address for connection in self.open)

    @property
    def open(self) -> list:
        """Engine.IO's open connections. It holds closed ones, too, for some time."""
        return [connection for connection in list(self._engine.sockets.values()) if not connection.closed]

    def succeed(self, engine_id: str) -> None:
        """A frame of the connection was read."""
        if connection := self._engine.sockets.get(engine_id):
            connection.errors = 0

    def fail(self, engine_id: str) -> bool:
        """Count an error of the connection; whether it was one too many, for which the connection is closed soon."""
        connection = self._engine.sockets.get(engine_id)
        if connection is None:
            return False
        with self._lock:
            connection.errors = getattr(connection, "errors", 0) + 1
            last = connection.errors == self._settings.live_errors
        if last:
            connection.receive = lambda packet: None        # what it still sends is not even decoded
            timer = threading.Timer(ACKNOWLEDGE_SECONDS, self._close, (engine_id,))
            timer.daemon = True
            timer.start()
            self.strike(getattr(connection, "address", ""), "errors")
        return last

    def strike(self, address: str, reason: str) -> None:
        """Count a connection of `address` that is closed for `reason`: errors, huge_message or not_joined."""
        self._count(reason)
        self._strikes.add(address)


class SizeLimit(Extension):
    """Ends a WebSocket at the head of a message of more than `limit` bytes, before its bytes are received.

    What wsproto calls an extension, it is not negotiated with the client.
    """

    name = "size-limit"

    def __init__(self, limit: int, exceeded: Callable[[], None]):
        self._limit, self._exceeded, self._total = limit, exceeded, 0

    def offer(self) -> bool:
        """Nothing is offered to the client."""
        return False

    def frame_inbound_header(self, proto, opcode: Opcode, rsv: RsvBits, payload_length: int) -> CloseReason | RsvBits:
        """Add the length of a part of the message."""
        if not opcode.iscontrol():
            self._total = payload_length + (self._total if opcode is Opcode.CONTINUATION else 0)
        if self._total <= self._limit:
            return RsvBits(False, False, False)
        self._exceeded()
        return CloseReason.MESSAGE_TOO_BIG
