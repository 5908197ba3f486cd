"""The live socket with Socket.IO's test client: every event, every error code, and the state of a client."""

import gc
import logging
import socket
import threading
import time
import types

import pytest
import stubs

from webapp.live import connections, namespace
from webapp.live.backpressure import InFlight, RateLimiter, Turns
from webapp.readers import FixedReader
from webapp.vision.batching import OverloadedError
from webapp.vision.reading import AbandonedError


@pytest.fixture
def connect(make_app):
    """connect(**settings) -> a test client connected to a new application."""
    def connect_(**settings):
        app = make_app(**settings)
        client = app.extensions["socketio"].test_client(app, namespace="/live")
        client.app = app
        return client
    return connect_


def call(client, event, *args):
    """Emit an event and return the acknowledgement."""
    return client.emit(event, *args, namespace="/live", callback=True)


def frame(client, number, data=None, **metadata):
    return call(client, "frame", {"id": number, "width": 64, "height": 48, "sent": 1.5} | metadata,
               stubs.jpeg() if data is None else data)


def namespace_(client):
    return client.app.extensions["socketio"].server.namespace_handlers["/live"]


def test_hello_returns_models_limits_engine_and_storage(connect):
    hello = call(connect(), "hello")
    assert [(model["name"], model["raters"], model["default"]) for model in hello["models"]] == [
        ("stub", 10, True), ("other", None, False)]
    assert hello["models"][0]["labels"] == stubs.LABELS
    assert hello["limits"] == {"frame_bytes": 1_000_000, "frame_pixels": 4_000_000, "frames_per_second": 60.0,
                               "frames_in_flight": 1, "followed_faces": 8}
    assert hello["engine"] == "given" and hello["keeps"] == "nothing"


def test_frame_is_acknowledged_with_its_reading(connect):
    client = connect()
    for number in (0, 1, 7):
        result = frame(client, number)
        assert result["id"] == number
        assert result["reading"]["faces"][0]["votes"]["happiness"] == 7
        assert result["reading"]["picture"] == {"width": 64, "height": 48}


def test_frame_can_select_a_model(connect):
    client = connect()
    assert "reading" in frame(client, 1, model="other")
    assert "reading" in frame(client, 2, model=None)
    assert frame(client, 3, model="nope")["error"]["code"] == "unknown_model"


def test_frame_can_carry_faces_to_follow(connect, reader):
    client = connect()
    assert call(client, "hello")["limits"]["followed_faces"] == 8
    assert "followed" not in frame(client, 1)["reading"]
    known = frame(client, 2)["reading"]["faces"]
    assert frame(client, 3, follow=known)["reading"]["followed"] is True
    face, = reader.followed
    assert face.box == (0.3, 0.2, 0.2, 0.25) and face.landmarks["nose"] == (0.4, 0.36)
    assert frame(client, 4, follow=[])["reading"]["followed"] is False
    text = client.app.extensions["emoscope"].metrics.text().decode()
    assert 'emoscope_frames_total{search="followed"} 1.0' in text
    assert 'emoscope_frames_total{search="whole"} 1.0' in text


BOX, LANDMARKS = stubs.FACE["box"], stubs.FACE["landmarks"]
WRONG_FACES = {
    "object": {}, "text": "face", "too many": [stubs.FACE] * 9, "no face": [None], "list": [[1, 2]],
    "no box": [{"landmarks": LANDMARKS}], "no landmarks": [{"box": BOX}],
    "not a number": [{"box": BOX | {"x": float("nan")}, "landmarks": LANDMARKS}],
    "infinite": [{"box": BOX | {"width": float("inf")}, "landmarks": LANDMARKS}],
    "huge": [{"box": BOX | {"height": 10 ** 90}, "landmarks": LANDMARKS}],
    "no width": [{"box": BOX | {"width": 0}, "landmarks": LANDMARKS}],
    "boolean": [{"box": BOX | {"y": True}, "landmarks": LANDMARKS}],
    "text in box": [{"box": BOX | {"y": "0.1"}, "landmarks": LANDMARKS}],
    "missing landmark": [{"box": BOX, "landmarks": {"nose": [0.4, 0.3]}}],
    "short landmark": [{"box": BOX, "landmarks": LANDMARKS | {"nose": [0.4]}}],
    "far landmark": [{"box": BOX, "landmarks": LANDMARKS | {"nose": [0.4, 1e9]}}],
}


@pytest.mark.parametrize("follow", WRONG_FACES.values(), ids=WRONG_FACES.keys())
def test_wrong_faces_to_follow_are_rejected_without_closing_the_connection(connect, reader, follow):
    client = connect()
    error = frame(client, 1, follow=follow)["error"]
    assert error["code"] == "wrong_type" and "`follow`" in error["message"] or "of `follow`" in error["message"]
    assert len(error["message"]) < 250
    assert reader.sizes == [] and "reading" in frame(client, 2)


WRONG_TYPES = {
    "nothing": (), "missing bytes": ({"id": 1},), "missing object": (b"bytes",), "swapped": (b"bytes", {"id": 1}),
    "text for bytes": ({"id": 1}, "text"), "list for bytes": ({"id": 1}, [1, 2]), "missing id": ({}, b"bytes"),
    "text id": ({"id": "1"}, b"bytes"), "fractional id": ({"id": 1.5}, b"bytes"),
    "boolean id": ({"id": True}, b"bytes"), "negative id": ({"id": -1}, b"bytes"),
    "width": ({"id": 1, "width": "wide"}, b"bytes"),
    "height": ({"id": 1, "height": 0}, b"bytes"), "sent": ({"id": 1, "sent": "now"}, b"bytes"),
    "model": ({"id": 1, "model": ["stub"]}, b"bytes"), "too many arguments": ({"id": 1}, b"bytes", 1),
}


@pytest.mark.parametrize("args", WRONG_TYPES.values(), ids=WRONG_TYPES.keys())
def test_wrong_types_are_rejected_without_closing_the_connection(connect, args):
    client = connect()
    error = call(client, "frame", *args)["error"]
    assert error["code"] == "wrong_type" and error["message"].endswith(".")
    assert client.is_connected("/live")
    assert "reading" in frame(client, 1)


@pytest.mark.parametrize(("data", "code"), [
    (b"", "not_a_picture"), (b"not an image", "not_a_picture"), (stubs.jpeg()[:-300], "truncated"),
    (bytes(1_000_001), "too_large"), (stubs.jpeg(2400, 1800), "too_many_pixels"),
])
def test_invalid_frames_are_rejected_without_closing_the_connection(connect, data, code):
    client = connect()
    result = frame(client, 1, data)
    assert result["id"] == 1 and result["error"]["code"] == code
    assert client.is_connected("/live")
    assert "reading" in frame(client, 2)


def test_frame_with_an_old_id_is_rejected(connect, reader):
    client = connect()
    frame(client, 5)
    for number in (5, 4, 0):
        assert frame(client, number)["error"]["code"] == "wrong_order"
    assert len(reader.sizes) == 1
    assert "reading" in frame(client, 6)


def test_rate_limit_applies_per_client(connect):
    client = connect(live_rate=1.0)
    codes = [frame(client, number).get("error", {}).get("code") for number in range(8)]
    assert codes[0] is None and "too_fast" in codes and set(codes) == {None, "too_fast"}
    other = client.app.extensions["socketio"].test_client(client.app, namespace="/live")
    assert "reading" in frame(other, 0)


@pytest.mark.parametrize("event", ["nope", "message", "Frame", "_read", "error"])
def test_unknown_event_is_acknowledged_with_an_error(connect, event):
    client = connect()
    assert call(client, event, 1)["error"]["code"] == "unknown_event"
    assert "reading" in frame(client, 1)


def test_unexpected_error_is_logged_without_the_image(connect, reader, caplog):
    client = connect()
    reader.error = RuntimeError("inside")
    with caplog.at_level(logging.DEBUG):
        result = frame(client, 1)
    assert result["error"]["code"] == "failed" and "inside" not in result["error"]["message"]
    assert "inside" in caplog.text and "JFIF" not in caplog.text and "\\xff" not in caplog.text
    reader.error = OverloadedError("overloaded")
    assert frame(client, 2)["error"]["code"] == "busy"
    reader.error = None
    assert "reading" in frame(client, 3)


def test_number_of_clients_is_limited(connect):
    client = connect(live_clients=1)
    server = client.app.extensions["socketio"]
    assert not server.test_client(client.app, namespace="/live").is_connected("/live")
    client.disconnect("/live")
    assert server.test_client(client.app, namespace="/live").is_connected("/live")


@pytest.mark.parametrize(("origins", "origin", "status"), [
    ("", None, 200), ("", "http://localhost", 200), ("", "http://elsewhere.example", 400),
    ("https://a.example, https://b.example", "https://b.example", 200),
    ("https://a.example", "http://localhost", 200), ("https://a.example", "https://c.example", 400),
    ("*", "https://c.example", 200),
])
def test_only_allowed_origins_can_open_the_socket(make_app, origins, origin, status):
    client = make_app(origins=origins).test_client()
    headers = {"Origin": origin} if origin else {}
    assert client.get("/socket.io/?EIO=4&transport=polling", headers=headers).status_code == status


def test_state_of_a_client_is_discarded_on_disconnect(connect):
    client = connect()
    frame(client, 1)
    assert namespace_(client).clients == 1
    client.disconnect("/live")
    assert namespace_(client).clients == 0


def test_no_image_is_retained(connect):
    """No object reachable from the server's state is as large as a frame."""
    client = connect()
    for number in range(3):
        frame(client, number)
    seen, queue, large = set(), [namespace_(client)._clients, client.app.extensions["emoscope"]], []
    while queue:
        one = queue.pop()
        skipped = isinstance(one, types.ModuleType | types.FunctionType | type)
        if skipped or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, bytes | bytearray) and len(one) > 500:
            large.append(one[:20])
        queue += gc.get_referents(one)
    assert len(seen) > 100 and large == []


def test_metrics_count_frames_errors_and_steps(connect):
    client = connect()
    frame(client, 1)
    frame(client, 2, b"not an image")
    text = client.app.test_client().get("/metrics").text
    assert 'emoscope_readings_total{source="live"} 1.0' in text
    assert 'emoscope_errors_total{code="not_a_picture",source="live"} 1.0' in text
    assert 'emoscope_step_seconds_count{step="network"} 1.0' in text
    assert "emoscope_live_clients 1.0" in text and "emoscope_live_waiting 0.0" in text


def test_every_image_error_code_is_listed():
    assert {"not_a_picture", "truncated", "too_many_pixels", "too_large", "unsupported"} <= namespace.CODES.keys()


def test_newest_waiting_frame_is_next():
    in_flight, turns, threads = InFlight(), {}, []
    assert in_flight.enter()
    for number in range(5):
        before = in_flight._waiting
        threads.append(threading.Thread(target=lambda number=number: turns.update({number: in_flight.enter()})))
        threads[-1].start()
        while in_flight._waiting is before:
            time.sleep(0.001)
    in_flight.leave()
    for thread in threads:
        thread.join(5)
    assert turns == {0: False, 1: False, 2: False, 3: False, 4: True}
    in_flight.leave()
    assert in_flight.enter()


def test_close_drops_the_waiting_frame():
    in_flight, turns = InFlight(), []
    in_flight.enter()
    thread = threading.Thread(target=lambda: turns.append(in_flight.enter()))
    thread.start()
    while not in_flight.waiting:
        time.sleep(0.001)
    in_flight.close()
    thread.join(5)
    assert turns == [False] and not in_flight.enter()


def test_turns_are_limited_and_taken_in_order():
    turns, order, busy, most = Turns(2), [], [], []
    gates = [threading.Event() for _ in range(6)]

    def work(number):
        with turns:
            busy.append(number)
            most.append(len(busy))
            order.append(number)
            assert gates[number].wait(10)
            busy.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for number, thread in enumerate(threads):
        thread.start()
        while len(order) + len(turns._waiting) <= number:
            time.sleep(0.001)
    assert sorted(order) == [0, 1]
    for number, gate in enumerate(gates):
        gate.set()
        threads[number].join(10)
        while len(order) < min(6, number + 3):      # the next one has its turn, but may not run yet
            time.sleep(0.001)
    assert max(most) == 2 and sorted(order[:2]) == [0, 1] and order[2:] == [2, 3, 4, 5]
    with pytest.raises(ZeroDivisionError), turns:
        raise ZeroDivisionError
    with turns, turns:
        pass        # an error has given its turn back


def test_frames_take_turns_if_the_readers_limit_how_many_are_read_at_once(connect, reader, monkeypatch):
    read, given = reader.read, []

    def recorded(*arguments, turn=None, **options):
        given.append(turn)
        return read(*arguments, **options)
    monkeypatch.setattr(reader, "read", recorded)
    for at_once in (None, 3):
        monkeypatch.setattr(FixedReader, "at_once", at_once)
        assert "reading" in frame(connect(), 1)
    assert given[0] is None and isinstance(given[1], Turns)


def test_rate_limiter_refills():
    now = [0.0]
    limiter = RateLimiter(2, clock=lambda: now[0])
    assert [limiter.take() for _ in range(3)] == [True, True, False]
    now[0] = 0.5
    assert [limiter.take(), limiter.take()] == [True, False]
    assert all(RateLimiter(0).take() for _ in range(1000))


def test_frame_in_progress_is_abandoned_when_the_client_has_gone(connect, reader, monkeypatch):
    client, seen = connect(), []

    def read(data, abandoned, **_):
        seen.append(abandoned())
        client.disconnect("/live")
        seen.append(abandoned())
        raise AbandonedError

    monkeypatch.setattr(reader, "read", read)
    client.emit("frame", {"id": 1}, stubs.jpeg(), namespace="/live")
    assert seen == [False, True]
    assert namespace_(client).busy == 0


def test_connections_that_have_not_joined_are_limited(make_app):
    app = make_app(threads=8, live_clients=4)       # one more than the live clients
    handshake = "/socket.io/?EIO=4&transport=polling"
    statuses = [app.test_client().get(handshake).status_code for _ in range(7)]
    assert statuses == [200] * 5 + [503] * 2


def test_connection_that_does_not_join_in_time_is_closed(make_app, monkeypatch):
    monkeypatch.setattr(connections, "JOIN_SECONDS", 0.05)
    app = make_app()
    sockets = app.extensions["socketio"].server.eio.sockets
    session = app.test_client().get("/socket.io/?EIO=4&transport=polling").text.split('"')[3]
    joined = app.extensions["socketio"].test_client(app, namespace="/live")
    while session in sockets and not sockets[session].closed:
        time.sleep(0.01)
    assert joined.is_connected("/live")


@pytest.mark.parametrize("is_closed, status", [(True, 200), (False, 503)])
def test_only_an_open_connection_that_has_not_joined_is_a_strike(make_app, monkeypatch, is_closed, status):
    monkeypatch.setattr(connections, "JOIN_SECONDS", 0.2)
    app, before = make_app(live_strikes=1), set(threading.enumerate())
    for _ in range(3):
        session = app.test_client().get("/socket.io/?EIO=4&transport=polling").text.split('"')[3]
        app.extensions["socketio"].server.eio.sockets[session].closed = is_closed    # it stays in `sockets` for a while
    for thread in set(threading.enumerate()) - before:
        if isinstance(thread, threading.Timer):
            thread.join(10)
    assert app.test_client().get("/socket.io/?EIO=4&transport=polling").status_code == status


def test_closing_a_websocket_whose_socket_is_closed_is_no_error(make_app):
    server, client = socket.socketpair()

    def end_of_request(websocket):
        server.close()          # by gunicorn, while Engine.IO's writer is still closing the connection
        websocket.close()
        return "closed"

    engine = make_app().extensions["socketio"].server.eio
    with client, pytest.raises(StopIteration):      # gunicorn's sign that the connection is used up
        engine._async["websocket"](end_of_request, engine)(UPGRADE | {"gunicorn.socket": server}, None)


def test_closing_a_websocket_that_the_client_is_closing_is_no_error(make_app):
    server, client = socket.socketpair()

    def end_of_request(websocket):
        protocol = websocket.ws.ws
        protocol.receive_data(b"\x88\x80" + bytes(4))       # the client's close, answered by the reading thread …
        protocol.send(next(protocol.events()).response())
        websocket.close()                                   # … while Engine.IO's writer closes, too
        return "closed"

    engine = make_app().extensions["socketio"].server.eio
    with client, pytest.raises(StopIteration):
        engine._async["websocket"](end_of_request, engine)(UPGRADE | {"gunicorn.socket": server}, None)


def test_websocket_receives_a_frame_in_few_parts_and_refuses_compression(make_app):
    server, client = socket.socketpair()
    length, parts = 40_000, []
    frame = b"\x82\xfe" + length.to_bytes(2, "big") + bytes(4) + bytes(range(250)) * (length // 250)

    def receive(websocket):
        received = websocket.ws.ws.receive_data
        websocket.ws.ws.receive_data = lambda data: (parts.append(len(data)), received(data))
        client.sendall(frame)
        assert websocket.wait() == frame[8:]
        websocket.close()

    engine = make_app().extensions["socketio"].server.eio
    offer = {"gunicorn.socket": server, "HTTP_SEC_WEBSOCKET_EXTENSIONS": "permessage-deflate; client_max_window_bits"}
    with client:
        with pytest.raises(StopIteration):
            engine._async["websocket"](receive, engine)(UPGRADE | offer, None)
        response = client.recv(10_000)
    assert len(parts) < 4, "the whole frame at once, unless the system hands out less"
    assert b"101 Switching" in response and b"deflate" not in response


UPGRADE = {"REQUEST_METHOD": "GET", "HTTP_HOST": "example.org", "HTTP_UPGRADE": "websocket",
           "HTTP_CONNECTION": "Upgrade", "HTTP_SEC_WEBSOCKET_VERSION": "13",
           "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ=="}
POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.mark.parametrize("data", [b"9", b"451-/live,", b"4" + b"[" * 3000, b"\xff", b"b!", b"42/live,1[",
                                  bytes(17_000_000)],
                         ids=["type", "no binary", "nested", "no text", "no base64", "half", "too long"])
def test_post_that_breaks_the_protocol_holds_no_thread_and_logs_nothing(app, caplog, data):
    """Engine.IO would wait in the request until the client has read everything that is queued for it."""
    client = app.test_client()
    sessions = [client.get(POLLING).text.split('"')[3] for _ in range(2)]
    statuses, caught = [], threading.Thread(daemon=True, target=lambda: statuses.append(
        client.post(f"{POLLING}&sid={sessions[0]}", data=data).status_code))
    caught.start()
    caught.join(20)
    assert statuses and statuses[0] in (200, 400)
    assert sessions[1] in app.extensions["socketio"].server.eio.sockets, "other connections are not affected"
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "WARNING")]


def test_closing_an_idle_connection_waits_for_nobody(make_app, monkeypatch):
    monkeypatch.setattr(connections, "JOIN_SECONDS", 0.05)
    app = make_app()
    timers = {thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)}
    for _ in range(3):
        app.test_client().get(POLLING)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer) and thread not in timers:
            thread.join(10)
            assert not thread.is_alive()
    assert not app.extensions["socketio"].server.eio.sockets
