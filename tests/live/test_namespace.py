"""The live socket without a server: every event, every code, and what is remembered."""

import gc
import logging
import threading
import time
import types

import pytest
import stubs

from webapp.live import namespace
from webapp.live.backpressure import Allowance, Slot
from webapp.vision.batching import Busy


@pytest.fixture
def connect(make_app):
    """connect(**settings) -> a connected test client of a new application."""
    def connect_(**settings):
        app = make_app(**settings)
        client = app.extensions["socketio"].test_client(app, namespace="/live")
        client.app = app
        return client
    return connect_


def ask(client, event, *args):
    """The server's acknowledgement."""
    return client.emit(event, *args, namespace="/live", callback=True)


def frame(client, number, data=None, **about):
    return ask(client, "frame", {"id": number, "width": 64, "height": 48, "sent": 1.5} | about,
               stubs.jpeg() if data is None else data)


def namespace_(client):
    return client.app.extensions["socketio"].server.namespace_handlers["/live"]


def test_hello_tells_models_limits_engine_and_that_nothing_is_kept(connect):
    hello = ask(connect(), "hello")
    assert [(model["name"], model["raters"], model["default"]) for model in hello["models"]] == [
        ("stub", 10, True), ("other", None, False)]
    assert hello["models"][0]["labels"] == stubs.LABELS
    assert hello["limits"] == {"frame_bytes": 1_000_000, "frame_pixels": 4_000_000, "frames_per_second": 60.0,
                               "frames_in_flight": 1}
    assert hello["engine"] == "given" and hello["keeps"] == "nothing"


def test_a_frame_is_acknowledged_with_its_reading(connect):
    client = connect()
    for number in (0, 1, 7):
        answer = frame(client, number)
        assert answer["id"] == number
        assert answer["reading"]["faces"][0]["votes"]["happiness"] == 7
        assert answer["reading"]["picture"] == {"width": 64, "height": 48}


def test_a_frame_may_name_its_model(connect):
    client = connect()
    assert "reading" in frame(client, 1, model="other")
    assert "reading" in frame(client, 2, model=None)
    assert frame(client, 3, model="nope")["error"]["code"] == "unknown_model"


WRONG_TYPES = {
    "nothing": (), "no bytes": ({"id": 1},), "no object": (b"bytes",), "wrong order": (b"bytes", {"id": 1}),
    "text for bytes": ({"id": 1}, "text"), "list for bytes": ({"id": 1}, [1, 2]), "no id": ({}, b"bytes"),
    "a text id": ({"id": "1"}, b"bytes"), "a broken id": ({"id": 1.5}, b"bytes"), "a true id": ({"id": True}, b"bytes"),
    "a negative id": ({"id": -1}, b"bytes"), "width": ({"id": 1, "width": "wide"}, b"bytes"),
    "height": ({"id": 1, "height": 0}, b"bytes"), "sent": ({"id": 1, "sent": "now"}, b"bytes"),
    "model": ({"id": 1, "model": ["stub"]}, b"bytes"), "too many": ({"id": 1}, b"bytes", 1),
}


@pytest.mark.parametrize("args", WRONG_TYPES.values(), ids=WRONG_TYPES.keys())
def test_wrong_types_are_answered_and_the_connection_stays(connect, args):
    client = connect()
    error = ask(client, "frame", *args)["error"]
    assert error["code"] == "wrong_type" and error["message"].endswith(".")
    assert client.is_connected("/live")
    assert "reading" in frame(client, 1)


@pytest.mark.parametrize(("data", "code"), [
    (b"", "not_a_picture"), (b"no picture", "not_a_picture"), (stubs.jpeg()[:-300], "truncated"),
    (bytes(1_000_001), "too_large"), (stubs.jpeg(2400, 1800), "too_many_pixels"),
])
def test_bad_frames_are_answered_and_the_connection_stays(connect, data, code):
    client = connect()
    answer = frame(client, 1, data)
    assert answer["id"] == 1 and answer["error"]["code"] == code
    assert client.is_connected("/live")
    assert "reading" in frame(client, 2)


def test_a_frame_that_is_not_newer_is_not_read(connect, reader):
    client = connect()
    frame(client, 5)
    for number in (5, 4, 0):
        assert frame(client, number)["error"]["code"] == "wrong_order"
    assert len(reader.sizes) == 1
    assert "reading" in frame(client, 6)


def test_too_fast_is_answered_and_only_for_the_one_who_is(connect):
    client = connect(live_rate=1.0)
    codes = [frame(client, number).get("error", {}).get("code") for number in range(8)]
    assert codes[0] is None and "too_fast" in codes and set(codes) == {None, "too_fast"}
    other = client.app.extensions["socketio"].test_client(client.app, namespace="/live")
    assert "reading" in frame(other, 0)


@pytest.mark.parametrize("event", ["nope", "message", "Frame", "_read", "error"])
def test_an_unknown_event_is_answered(connect, event):
    client = connect()
    assert ask(client, event, 1)["error"]["code"] == "unknown_event"
    assert "reading" in frame(client, 1)


def test_a_failure_of_ours_is_answered_and_logged_without_the_picture(connect, reader, caplog):
    client = connect()
    reader.broken = RuntimeError("inside")
    with caplog.at_level(logging.DEBUG):
        answer = frame(client, 1)
    assert answer["error"]["code"] == "failed" and "inside" not in answer["error"]["message"]
    assert "inside" in caplog.text and "JFIF" not in caplog.text and "\\xff" not in caplog.text
    reader.broken = Busy("The server has more to do than it can; try again in a moment.")
    assert frame(client, 2)["error"]["code"] == "busy"
    reader.broken = None
    assert "reading" in frame(client, 3)


def test_only_so_many_visitors_at_once(connect):
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
def test_only_pages_of_ours_and_of_those_named_may_open_the_socket(make_app, origins, origin, status):
    client = make_app(origins=origins).test_client()
    headers = {"Origin": origin} if origin else {}
    assert client.get("/socket.io/?EIO=4&transport=polling", headers=headers).status_code == status


def test_who_leaves_is_forgotten(connect):
    client = connect()
    frame(client, 1)
    assert namespace_(client).clients == 1
    client.disconnect("/live")
    assert namespace_(client).clients == 0


def test_no_picture_is_kept(connect):
    """Follow every reference from what the server holds: no bytes as large as a frame."""
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


def test_frames_errors_and_steps_are_counted(connect):
    client = connect()
    frame(client, 1)
    frame(client, 2, b"no picture")
    text = client.app.test_client().get("/metrics").text
    assert 'emoscope_readings_total{source="live"} 1.0' in text
    assert 'emoscope_errors_total{code="not_a_picture",source="live"} 1.0' in text
    assert 'emoscope_step_seconds_count{step="network"} 1.0' in text
    assert "emoscope_live_clients 1.0" in text and "emoscope_live_waiting 0.0" in text


def test_every_code_a_reading_can_fail_with_is_known():
    assert {"not_a_picture", "truncated", "too_many_pixels", "too_large", "unsupported"} <= namespace.CODES.keys()


def test_of_those_that_wait_the_newest_is_next():
    slot, turns, threads = Slot(), {}, []
    assert slot.enter()
    for number in range(5):
        before = slot._waiting
        threads.append(threading.Thread(target=lambda number=number: turns.update({number: slot.enter()})))
        threads[-1].start()
        while slot._waiting is before:
            time.sleep(0.001)
    slot.leave()
    for thread in threads:
        thread.join(5)
    assert turns == {0: False, 1: False, 2: False, 3: False, 4: True}
    slot.leave()
    assert slot.enter()


def test_a_closed_slot_gives_up_what_waits():
    slot, turns = Slot(), []
    slot.enter()
    thread = threading.Thread(target=lambda: turns.append(slot.enter()))
    thread.start()
    while not slot.waiting:
        time.sleep(0.001)
    slot.close()
    thread.join(5)
    assert turns == [False] and not slot.enter()


def test_an_allowance_fills_again():
    now = [0.0]
    allowance = Allowance(2, clock=lambda: now[0])
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    now[0] = 0.5
    assert [allowance.take(), allowance.take()] == [True, False]
    assert all(Allowance(0).take() for _ in range(1000))
