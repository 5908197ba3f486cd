"""The live socket on a real server, started as in the Procfile, with python-socketio's client."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
import socketio
import stubs

from webapp.settings import ROOT, as_environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run on Windows")
SECONDS = 0.05          # the stub reader's time per frame


class Server:
    """The Procfile's command, with the stub application in place of the real one."""

    def __init__(self, folder, seconds=SECONDS, loading=0, **settings):
        with socket.socket() as free:
            free.bind(("", 0))      # free on all addresses, which the command listens on
            port = free.getsockname()[1]
        self.url, self.log = f"http://127.0.0.1:{port}", folder / "log.txt"
        command = (ROOT / "Procfile").read_text().removeprefix("web:").strip()
        assert command.endswith("webapp.operations.wsgi:app")
        command = command.replace("webapp.operations.wsgi:app", "stub_server:app")
        python_path = os.pathsep.join(str(path) for path in Path(__file__).parents[:2])
        environment = os.environ | as_environment(settings) | {
            "PORT": str(port), "PYTHONPATH": python_path, "STUB_SECONDS": str(seconds), "STUB_LOADING": str(loading),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(["sh", "-c", f"exec env {command}"], cwd=ROOT, env=environment,
                                            stdout=log, stderr=log, start_new_session=True)

    def wait(self, seconds=60):
        end = time.monotonic() + seconds
        while "is ready" not in self.log.read_text():
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)
        return self

    def stop(self):
        """Send SIGTERM and return the seconds until the process has exited."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        return time.monotonic() - started

    def metric(self, name):
        with urllib.request.urlopen(self.url + "/metrics", timeout=5) as response:
            return float(re.search(rf"^{re.escape(name)} (\S+)$", response.read().decode(), re.MULTILINE)[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    stubs.make_bundle(folder / "models")
    server = Server(folder, models=folder / "models", model="stub", live_clients=6, live_rate=100).wait()
    yield server
    server.stop()


@pytest.fixture
def connect(server):
    """connect(transport) -> a connected client."""
    clients = []

    def connect_(transport="websocket", **options):
        client = socketio.Client(reconnection=False)
        clients.append(client)
        client.connect(server.url, namespaces=["/live"], transports=[transport], wait_timeout=10, **options)
        return client

    yield connect_
    for client in clients:
        client.disconnect()


def send(client, number, data, results):
    """Send without waiting; append (id, seconds, acknowledgement) to `results`."""
    started = time.monotonic()
    client.emit("frame", ({"id": number, "width": 64, "height": 48, "sent": 0}, data), namespace="/live",
                callback=lambda result: results.append((number, time.monotonic() - started, result)))


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.02)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_hello_and_frames(connect, transport):
    client = connect(transport)
    assert client.call("hello", namespace="/live", timeout=10)["keeps"] == "nothing"
    for number in range(3):
        result = client.call("frame", ({"id": number}, stubs.jpeg()), namespace="/live", timeout=10)
        assert result["id"] == number and result["reading"]["faces"][0]["expression"] == "happiness"


def test_waiting_frame_is_replaced_by_a_newer_one(connect):
    client, results, data = connect(), [], stubs.jpeg()
    for number in range(5):
        send(client, number, data, results)
        time.sleep(0.005)
    wait_for(lambda: len(results) == 5)
    read = sorted(number for number, _, result in results if "reading" in result)
    codes = {result["error"]["code"] for _, _, result in results if "error" in result}
    assert read[0] == 0 and read[-1] == 4 and len(read) <= 3
    assert codes == {"replaced"}


def test_no_frame_waits_long_at_three_times_the_throughput(connect):
    client, results, data = connect(), [], stubs.jpeg()
    answered = []       # how many frames had been read when each was sent
    for number in range(90):
        answered.append(sum("reading" in result for *_, result in results))
        send(client, number, data, results)
        time.sleep(SECONDS / 3)
    wait_for(lambda: len(results) == 90)
    read = [number for number, _, result in results if "reading" in result]
    assert 15 < len(read) < 90 and read == sorted(read)
    waits = [position - answered[number] for position, number in enumerate(read)]
    assert max(waits) < 15, "frames wait behind a queue that grows"      # such a queue would end at 60


def test_concurrent_clients_are_all_served(connect):
    results, data = {}, stubs.jpeg()
    clients = [connect() for _ in range(4)]

    def work(index):
        results[index] = [clients[index].call("frame", ({"id": number}, data), namespace="/live", timeout=20)
                          for number in range(5)]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("reading" in result for own in results.values() for result in own)


def test_invalid_frames_do_not_close_the_connection(connect):
    client = connect()
    cases = [({"id": 1}, b"not an image"), ({"id": 2}, bytes(2_000_000)), ({"id": 3}, "text"), b"bytes",
             ({"id": 1}, b"")]
    codes = [client.call("frame", case, namespace="/live", timeout=10)["error"]["code"] for case in cases]
    assert codes == ["not_a_picture", "too_large", "wrong_type", "wrong_type", "wrong_order"]
    assert client.call("nope", namespace="/live", timeout=10)["error"]["code"] == "unknown_event"
    assert "reading" in client.call("frame", ({"id": 9}, stubs.jpeg()), namespace="/live", timeout=10)


def test_flooding_client_does_not_affect_others(connect):
    flooding, other, results, data = connect(), connect(), [], stubs.jpeg()
    for number in range(400):
        send(flooding, number, data, results)
    assert "reading" in other.call("frame", ({"id": 1}, data), namespace="/live", timeout=10)
    wait_for(lambda: len(results) == 400, 20)
    codes = [result.get("error", {}).get("code") for _, _, result in results]
    assert codes.count("too_fast") > 50 and set(codes) <= {None, "too_fast", "replaced", "wrong_order"}


def test_disconnect_with_frames_in_flight_discards_the_client(server, connect):
    before = server.metric("emoscope_live_clients")
    client, results = connect(), []
    for number in range(3):
        send(client, number, stubs.jpeg(), results)
    client.disconnect()
    wait_for(lambda: server.metric("emoscope_live_clients") <= before)
    assert server.metric("emoscope_live_waiting") == 0


def test_excess_client_is_refused_and_pages_still_load(server, connect):
    wait_for(lambda: server.metric("emoscope_live_clients") == 0)
    for _ in range(6):
        connect()
    messages, late = [], socketio.Client(reconnection=False)
    late.on("connect_error", lambda error: messages.append(error["message"]), namespace="/live")
    with pytest.raises(socketio.exceptions.ConnectionError):
        late.connect(server.url, namespaces=["/live"], transports=["websocket"])
    assert "maximum number of live clients" in messages[0]
    assert urllib.request.urlopen(server.url + "/healthz", timeout=5).status == 200


def _open(server, data=b"", source="127.0.0.1"):
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), 10, (source, 0))
    connection.sendall(data)
    return connection


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"\r\n\r\n", b"G"],
                         ids=["nothing", "half a head", "empty lines", "a byte"])
def test_half_sent_requests_hold_no_thread(server, sent):
    connections = [_open(server, sent) for _ in range(110)]     # more than the threads
    try:
        assert urllib.request.urlopen(server.url + "/healthz", timeout=10).status == 200
        if sent.startswith(b"GET"):
            connections[0].sendall(b"late\r\n\r\n")
            assert connections[0].recv(100).startswith(b"HTTP/1.1 200")
    finally:
        for connection in connections:
            connection.close()


def test_half_sent_further_requests_hold_no_thread(server):
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    connections = [_open(server, request + request[:20 + number % 10]) for number in range(110)]
    try:
        for connection in connections:
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert urllib.request.urlopen(server.url + "/healthz", timeout=10).status == 200
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")
def test_slow_bodies_of_one_client_hold_few_threads(server):
    head = (b"POST /api/v1/readings HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: 100\r\n\r\n")
    connections = [_open(server, head, source="127.0.0.3") for _ in range(150)]     # more than may wait
    try:
        assert urllib.request.urlopen(server.url + "/healthz", timeout=10).status == 200
        connections[-1].settimeout(10)
        assert re.match(rb"HTTP/1.1 503 .*\r\nRetry-After: 1\r\n", connections[-1].recv(4096), re.DOTALL)
        for connection in connections[:30]:     # those that wait are served when others end
            connection.sendall(b"x" * 100)
            connection.settimeout(10)
            assert re.match(rb"HTTP/1.1 (400|503) ", connection.recv(4096))
    finally:
        for connection in connections:
            connection.close()


def test_clients_that_do_not_close_keep_nobody_waiting(server):
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    connections = [_open(server, request) for _ in range(30)]
    try:
        assert urllib.request.urlopen(server.url + "/healthz", timeout=10).status == 200
        for connection in connections:
            received = b""
            while data := connection.recv(65536):
                received += data
            assert received.startswith(b"HTTP/1.1 200")
        end = time.monotonic() + 20
        with contextlib.suppress(ConnectionError):      # the server has closed it, too
            while time.monotonic() < end:
                connections[0].sendall(b"late")
                time.sleep(0.1)
        assert time.monotonic() < end
    finally:
        for connection in connections:
            connection.close()


linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")
UPGRADE = (b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
           b"Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
HUGE = b"\x82\xff" + (9_000_000).to_bytes(8, "big") + bytes(4)       # the head of a message that is over the limit


def _websocket(server, source):
    """A connection of the live path, after its handshake and Engine.IO's greeting."""
    connection, received = _open(server, UPGRADE, source), b""
    while b"maxPayload" not in received:
        data = connection.recv(4096)
        assert data, received
        received += data
    return connection


def _closed(connection):
    connection.settimeout(20)
    with contextlib.suppress(ConnectionError):
        while connection.recv(4096):
            pass


@linux
def test_client_that_sends_only_invalid_frames_is_disconnected(server):
    before = server.metric('emoscope_live_closed_total{reason="errors"}')
    with _open(server, b"", "127.0.0.11") as raw:
        client = socketio.Client(reconnection=False, websocket_extra_options={"socket": raw})
        closed, codes = threading.Event(), []
        client.on("disconnect", lambda *_: closed.set(), namespace="/live")
        client.connect(server.url, namespaces=["/live"], transports=["websocket"])
        for number in range(46):
            data = stubs.jpeg() if number == 20 else b"no image"       # with which the count begins again
            result = client.call("frame", ({"id": number}, data), namespace="/live", timeout=10)
            codes.append(result["error"]["code"] if "error" in result else "read")
        wait_for(closed.is_set)
    assert codes == ["not_a_picture"] * 20 + ["read"] + ["not_a_picture"] * 24 + ["too_many_errors"]
    assert server.metric('emoscope_live_closed_total{reason="errors"}') == before + 1


@linux
def test_huge_message_ends_at_its_head_and_an_address_that_sends_many_is_refused(server, connect):
    for _ in range(11):
        with _websocket(server, "127.0.0.12") as connection:
            connection.sendall(HUGE)
            _closed(connection)
    with _open(server, UPGRADE, "127.0.0.12") as refused:
        refused.settimeout(20)
        assert refused.recv(4096).startswith(b"HTTP/1.1 429 ")
    with _open(server, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "127.0.0.12") as page:
        assert page.recv(4096).startswith(b"HTTP/1.1 200 "), "its pages are not affected"
    assert connect().call("hello", namespace="/live", timeout=10)["keeps"] == "nothing", "others are not affected"
    assert server.metric("emoscope_live_refused") >= 1


@linux
def test_client_that_does_not_answer_the_end_of_its_websocket_holds_no_thread(server):
    with _websocket(server, "127.0.0.13") as connection:
        connection.sendall(b"\x81\x81" + bytes(4) + b"1")      # Engine.IO's request to close
        _closed(connection)         # by the server, whose threads have ended then


@linux
def test_limits_of_an_address(tmp_path):
    stubs.make_bundle(tmp_path / "models")
    server = Server(tmp_path, models=tmp_path / "models", model="stub", live_connections=2,
                    api_rate="1 per minute").wait()
    try:
        with (_websocket(server, "127.0.0.3"), _websocket(server, "127.0.0.3"), _websocket(server, "127.0.0.4"),
              _open(server, UPGRADE, "127.0.0.3") as third):
            assert third.recv(4096).startswith(b"HTTP/1.1 503 ")
        for _ in range(4):      # a visitor who reloads the page often has one connection at a time
            client = socketio.Client(reconnection=False)
            client.connect(server.url, namespaces=["/live"], transports=["websocket"])
            client.disconnect()
            wait_for(lambda: server.metric("emoscope_live_connections") == 0)
        request = b"GET /api/v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
        answers = []
        while len(answers) < 2000 and not server.metric("emoscope_api_refused"):
            with _open(server, request, "127.0.0.5") as connection:
                answers.append(connection.recv(4096))
        assert len(answers) > 300 and answers[1].startswith(b"HTTP/1.1 429 ")
        assert b"exceeded the limits too often; try again in 60 s" in answers[-1]
        assert b"\r\nRetry-After: 60\r\n" in answers[-1]
    finally:
        server.stop()


@linux
def test_response_waits_in_the_application_for_a_slow_reader(server):
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
        connection.sendall(b"GET /static/models/jury-live/model.keras HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(100, socket.MSG_PEEK | socket.MSG_WAITALL).startswith(b"HTTP/1.1 200 ")
        time.sleep(0.5)
        queue = _send_queue(connection)
    assert 4096 < queue < 600_000, "bytes in the system; without a limit, the whole file"


def _send_queue(connection):
    """Bytes that the system has taken from the server and the client has not received."""
    ports = [f"{port:04X}" for port in (connection.getpeername()[1], connection.getsockname()[1])]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if [field.rpartition(":")[2] for field in fields[1:3]] == ports:
            return int(fields[4].partition(":")[0], 16)
    raise AssertionError("no such connection")


def test_requests_in_one_segment_are_all_served(server):
    with _open(server, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3) as connection:
        received = b""
        while received.count(b"HTTP/1.1 200") < 3:
            data = connection.recv(65536)
            assert data, received
            received += data


def test_endless_head_is_refused(server):
    with _open(server, b"GET / HTTP/1.1\r\n") as connection:
        with contextlib.suppress(OSError):
            for _ in range(1000):
                connection.sendall(b"X-A: " + b"a" * 1000 + b"\r\n")
        with contextlib.suppress(ConnectionError):
            assert connection.recv(100) == b""      # closed, without a response


def test_server_stops_promptly_with_an_open_socket(tmp_path):
    stubs.make_bundle(tmp_path / "models")
    server = Server(tmp_path, models=tmp_path / "models", model="stub").wait()
    client = socketio.Client(reconnection=False)
    client.connect(server.url, namespaces=["/live"], transports=["websocket"])
    assert server.stop() < 10
    client.disconnect()
    log = server.log.read_text()
    assert "Traceback" not in log and "JFIF" not in log


def test_stop_finishes_the_frame_in_progress_and_then_closes_the_connection(tmp_path):
    stubs.make_bundle(tmp_path / "models")
    server = Server(tmp_path, seconds=1, models=tmp_path / "models", model="stub").wait()
    client, closed, results = socketio.Client(reconnection=False), threading.Event(), []
    client.on("disconnect", closed.set, namespace="/live")
    client.connect(server.url, namespaces=["/live"], transports=["websocket"])
    send(client, 1, stubs.jpeg(), results)
    wait_for(lambda: server.metric("emoscope_live_busy") == 1)
    server.stop()
    wait_for(closed.is_set)
    assert [result["id"] for _, _, result in results if "reading" in result] == [1]


@linux
@pytest.mark.parametrize("sent, receives", [
    (b"POST /api/v1/readings HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
     b"Content-Length: 100000\r\n\r\n", False),
    (b"GET /static/models/jury-live/model.keras HTTP/1.1\r\nHost: x\r\n\r\n", True)], ids=["body", "response"])
def test_stop_does_not_wait_for_slow_clients_but_finishes_frames(tmp_path, sent, receives):
    stubs.make_bundle(tmp_path / "models")
    server = Server(tmp_path, seconds=1, models=tmp_path / "models", model="stub", drain_seconds=60).wait()
    client, results = socketio.Client(reconnection=False), []
    client.connect(server.url, namespaces=["/live"], transports=["websocket"])
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.bind(("127.0.0.3", 0))
            connection.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
            connection.sendall(sent)
        if receives:
            connection.recv(100)
        send(client, 1, stubs.jpeg(), results)
        wait_for(lambda: server.metric("emoscope_live_busy") == 1)
        server.stop()       # fails after 20 s, before the 65 s of drain_seconds
    assert [result["id"] for _, _, result in results if "reading" in result] == [1]
    assert "Traceback" not in server.log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux the server stops listening while it loads")
def test_connections_are_refused_until_the_application_is_loaded(tmp_path):
    stubs.make_bundle(tmp_path / "models")
    server = Server(tmp_path, loading=1, models=tmp_path / "models", model="stub")

    def responds():
        nonlocal loaded
        loaded = "stub loaded" in server.log.read_text()
        try:
            return urllib.request.urlopen(server.url + "/readyz", timeout=30).status == 200
        except OSError:
            return False

    loaded = False
    wait_for(responds, 60)
    server.stop()
    assert loaded, "the connection was accepted before the application was loaded"
