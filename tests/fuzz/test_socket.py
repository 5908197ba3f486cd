"""Packets of Engine.IO and Socket.IO that break the protocol, over long polling as it takes any bytes."""

import base64
import json
import random

import pytest
import stubs
from fuzzing import fuzz, mutate
from hypothesis import given
from hypothesis import strategies as st

from webapp import create_app

URL = "/socket.io/?EIO=4&transport=polling"
JPEG = b"b" + base64.b64encode(stubs.jpeg())
PACKETS = [b'42/live,1["hello"]', b'42/live,["hello"]', b'42["hello"]', b"40/live,", b"40/nope,{}", b"41/live,",
           b"3probe", b"2", b"6", b'43/live,1["x"]', b'44/live,{"message":"x"}', JPEG,
           b'451-/live,2["frame",{"id":1},{"_placeholder":true,"num":0}]\x1e' + JPEG,
           b'452-/live,3["frame",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]\x1e'
           + JPEG + b"\x1e" + JPEG,
           b'4599-/live,4["frame",{"_placeholder":true,"num":9}]\x1e' + JPEG, b"4" + b"[" * 3000]


class Visitor:
    """One client of the application over long polling."""

    def __init__(self, client):
        self.client, self.session = client, None

    def post(self, data):
        """The status of a post to the session; a new session if it has been closed."""
        if self.session is None:
            self.session = json.loads(self.client.get(URL).text[1:])["sid"]
            self.post(b"40/live,")
        status = self.client.post(f"{URL}&sid={self.session}", data=data).status_code
        if status != 200:
            self.session = None
        return status


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    stubs.make_bundle(folder / "models")
    return create_app({"models": str(folder / "models"), "model": "stub", "datasets": str(folder / "datasets"),
                       "instance": str(folder), "live_rate": 0}, reader=stubs.StubReader())


@pytest.fixture(scope="module")
def visitor(app):
    return Visitor(app.test_client())


@fuzz(0.03)
@given(st.lists(st.tuples(st.sampled_from(PACKETS), st.integers(0, 2 ** 32) | st.none()), min_size=1, max_size=4))
def test_packets_are_handled_or_close_only_their_connection(visitor, packets):
    mutated = [packet if seed is None else mutate(packet, random.Random(seed), PACKETS) for packet, seed in packets]
    assert visitor.post(b"\x1e".join(mutated)) in (200, 400, 413)


def test_another_client_reads_after_them(app, caplog):
    client = app.extensions["socketio"].test_client(app, namespace="/live")
    assert "reading" in client.emit("frame", {"id": 1}, stubs.jpeg(), namespace="/live", callback=True)
    assert not [record for record in caplog.records if record.name == "engineio"]
