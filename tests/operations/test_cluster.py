"""The cluster on this machine: nginx, Redis and three web processes with a stub reader, through python-socketio."""

import contextlib
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import psutil
import pytest
import socketio
import stubs

from webapp.operations import cluster
from webapp.settings import ROOT, as_environment

TESTS = Path(__file__).parent
JPEG = stubs.jpeg()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="nginx and Redis do not run on Windows"),
    pytest.mark.skipif(sys.platform != "win32" and subprocess.run([ROOT / "tools/cluster"]).returncode != 0,
                       reason="nginx and redis-server are not installed and could not be"),
]


class Cluster:
    """The command of the cluster with the stub application, and its processes."""

    def __init__(self, folder, **settings):
        self.port, self.log = cluster._free_port(), folder / "log.txt"
        self.url = f"http://127.0.0.1:{self.port}"
        stubs.make_bundle(folder / "models")
        environment = os.environ | as_environment({"models": folder / "models", "model": "stub"} | settings) | {
            "STUB_SECONDS": "0.02",
            "PYTHONPATH": os.pathsep.join(map(str, [ROOT, TESTS.parent, TESTS.parent / "live"]))}
        with self.log.open("w") as log:
            self.process = subprocess.Popen([sys.executable, TESTS / "stub_cluster.py", str(self.port), "3"], cwd=ROOT,
                                            env=environment, stdout=log, stderr=log)

    def text(self):
        return self.log.read_text()

    def wait(self, text, seconds=90):
        wait_for(lambda: text in self.text() or self.process.poll() is not None, seconds)
        assert text in self.text(), self.text()

    def group(self, name):
        """Process id, and process group, of the last web process with this name."""
        starts = re.findall(rf"^{name} starts \(process (\d+),", self.text(), re.MULTILINE)
        return int(starts[-1])

    def child(self, program):
        return next(child for child in psutil.Process(self.process.pid).children() if program in child.name())

    def stop(self):
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        try:
            self.process.wait(60)
        finally:
            for child in children:
                if child.is_running():
                    child.kill()
        return children


class Visitor:
    """Reads frames one after the other and reconnects like the live page. Counts what happens."""

    def __init__(self, url, transport):
        self.counts, self.moves, self.latest, self.longest = Counter(), [], 0.0, 0.0
        self._url, self._transport = url, transport
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        while not self._stop.is_set():
            client = socketio.Client(reconnection=False)
            try:
                client.connect(self._url, namespaces=["/live"], transports=[self._transport], wait_timeout=10)
                self.moves.append(client.eio.sid.split(".")[0])
                client.call("hello", namespace="/live", timeout=5)
                self._read(client)
            except socketio.exceptions.ConnectionError:
                self.counts["refused"] += 1
            except (socketio.exceptions.TimeoutError, socketio.exceptions.DisconnectedError,
                    socketio.exceptions.BadNamespaceError):
                self.counts["disconnected"] += 1
            finally:
                client.disconnect()
            self._stop.wait(0.25)       # the page waits for 250 to 750 ms

    def _read(self, client):
        for number in itertools.count():
            if self._stop.is_set():
                return
            result = self._call(client, number)
            if result is None:
                self.counts["lost frame"] += 1
                return
            if "reading" in result:
                now = time.monotonic()
                self.longest = max(self.longest, now - self.latest) if self.latest else 0.0
                self.latest = now
                self.counts["read"] += 1
            else:
                self.counts[result["error"]["code"]] += 1
            self._stop.wait(0.02)

    def _call(self, client, number):
        """The acknowledgement, or None if the connection is lost."""
        done, results = threading.Event(), []

        def acknowledged(result):
            results.append(result)
            done.set()

        client.emit("frame", ({"id": number}, JPEG), namespace="/live", callback=acknowledged)
        while not done.wait(0.05):
            if not client.connected:
                return None
        return results[0]

    @property
    def process(self):
        """Name of the process that has the latest connection."""
        return self.moves[-1] if self.moves else None

    def stop(self):
        self._stop.set()
        self._thread.join(20)


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.02)


def get(url, **headers):
    """(status, headers) of a request."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as response:
            return response.status, response.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    running = Cluster(tmp_path_factory.mktemp("cluster"), api_rate="1000 per minute")
    running.wait("Emoscope is ready")
    yield running
    children = running.stop()
    assert [child for child in children if child.is_running()] == [], "the cluster left processes behind"
    assert "Traceback" not in running.text(), running.text()


@pytest.fixture
def visit(running):
    """visit(transports) -> visitors who read through nginx."""
    visitors = []

    def visit_(transports):
        new = [Visitor(running.url, transport) for transport in transports]
        visitors.extend(new)
        wait_for(lambda: all(visitor.counts["read"] > 2 for visitor in new))
        return new

    yield visit_
    for visitor in visitors:
        visitor.stop()


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_every_request_of_a_session_reaches_its_process(visit, transport):
    visitors = visit([transport] * 6)
    wait_for(lambda: all(visitor.counts["read"] > 20 for visitor in visitors))
    assert Counter(visitor.process for visitor in visitors).most_common(1)[0][1] < 6, "one process has all sessions"
    for visitor in visitors:
        assert len(visitor.moves) == 1 and set(visitor.counts) == {"read"}


def test_rate_limit_counts_the_requests_to_all_processes(running):
    left = [int(get(f"{running.url}/api/v1/models")[1]["X-RateLimit-Remaining"]) for _ in range(6)]
    assert left == list(range(left[0], left[0] - 6, -1))


def test_spoofed_address_does_not_escape_the_rate_limit(running):
    left = [int(get(f"{running.url}/api/v1/models", **{"X-Forwarded-For": f"10.0.0.{number}"})[1][
        "X-RateLimit-Remaining"]) for number in range(3)]
    assert left == list(range(left[0], left[0] - 3, -1))


def test_visitors_of_a_killed_process_read_again_within_three_seconds(running, visit):
    visitors = visit(["websocket"] * 4 + ["polling"] * 4)
    name = visitors[0].process
    ended = running.text().count(f"{name} ended")
    os.killpg(running.group(name), signal.SIGKILL)
    killed = time.monotonic()
    wait_for(lambda: all(visitor.latest > killed and visitor.process != name for visitor in visitors
                         if visitor.moves[0] == name), 3)
    assert all(visitor.counts["refused"] == 0 for visitor in visitors)
    others = [visitor for visitor in visitors if visitor.moves[0] != name]
    assert others and all(len(visitor.moves) == 1 for visitor in others), "other visitors noticed"
    wait_for(lambda: running.text().count(f"{name} ended") == ended + 1)
    wait_for(lambda: visit(["websocket"])[0].process == name, 60)       # it takes visitors again


def test_reading_goes_on_and_rate_limits_recover_when_redis_is_killed(running, visit):
    visitors = visit(["websocket", "polling"])
    redis = running.child("redis")
    redis.kill()
    statuses = Counter(get(f"{running.url}/api/v1/models")[0] for _ in range(30))
    assert statuses == {200: 30}
    wait_for(lambda: not redis.is_running())
    before = [visitor.counts["read"] for visitor in visitors]
    wait_for(lambda: all(visitor.counts["read"] > count + 10 for visitor, count in zip(visitors, before, strict=True)))

    def shared():
        """Whether consecutive requests, which reach different processes, share a count."""
        left = [int(get(f"{running.url}/api/v1/models")[1]["X-RateLimit-Remaining"]) for _ in range(4)]
        time.sleep(0.3)
        return left == list(range(left[0], left[0] - 4, -1))

    wait_for(shared, 30)
    assert all(set(visitor.counts) == {"read"} for visitor in visitors)


def test_slow_bodies_wait_in_nginx_and_hold_no_thread(running):
    head = b"POST /api/v1/readings HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nslow"
    workers = [child for child in psutil.Process(running.process.pid).children(recursive=True)
               if "gunicorn" in " ".join(child.cmdline())]

    def threads():
        return sum(worker.num_threads() for worker in workers)

    connections, before = [], threads()
    try:
        for _ in range(320):        # more than the threads of the three processes
            connections.append(socket.create_connection(("127.0.0.1", running.port), 10))
            connections[-1].sendall(head)
        assert [get(running.url + "/healthz")[0] for _ in range(6)] == [200] * 6
        assert threads() < before + 100
        connections[0].sendall(b"a" * 96)
        assert connections[0].recv(100).startswith(b"HTTP/1.1 400")
    finally:
        for connection in connections:
            connection.close()


def test_killed_nginx_starts_again(running):
    running.child("nginx").kill()
    running.wait("nginx ended")
    wait_for(lambda: _responds(running.port))


def _responds(port):
    try:
        return get(f"http://127.0.0.1:{port}/healthz")[0] == 200
    except OSError:
        return False


@contextlib.contextmanager
def pages_load(running):
    """In the block, load pages continuously; all must have status 200."""
    statuses, stop = Counter(), threading.Event()

    def load():
        while not stop.is_set():
            try:
                statuses[get(f"{running.url}/api/v1/models")[0]] += 1
            except OSError as error:
                statuses[str(error)] += 1
            stop.wait(0.05)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert set(statuses) == {200}, statuses


def assert_nobody_was_refused(visitors):
    counts = [visitor.counts["read"] for visitor in visitors]
    wait_for(lambda: all(visitor.counts["read"] > count + 5 for visitor, count in zip(visitors, counts, strict=True)))
    total = sum((visitor.counts for visitor in visitors), Counter())
    print(dict(total), f"longest time between two readings of a visitor: "
                       f"{max(visitor.longest for visitor in visitors):.2f} s")
    assert set(total) <= {"read", "disconnected", "lost frame", "busy"}, total


def test_process_that_is_stopped_refuses_no_visitor(running, visit):
    """systemd and compose restart one process after the other like this; nginx's configuration stays the same."""
    visitors = visit(["websocket", "polling"] * 3)
    name = visitors[0].process
    ended = running.text().count(f"{name} ended")
    with pages_load(running):
        os.kill(running.group(name), signal.SIGTERM)
        wait_for(lambda: running.text().count(f"{name} ended") > ended)
        assert_nobody_was_refused(visitors)
    assert f"{name} ended with status 0" in running.text()


def test_rolling_restart_refuses_no_visitor(running, visit):
    visitors = visit(["websocket", "polling"] * 3)
    with pages_load(running):
        running.process.send_signal(signal.SIGHUP)
        running.wait("rolling restart finished")
        assert_nobody_was_refused(visitors)
    assert {visitor.process for visitor in visitors} <= {"p4", "p5", "p6"}, "a visitor is on an old process"


@pytest.mark.parametrize(("file", "address"), [("nginx", "127.0.0.1:800{}"), ("containers", "172.28.0.1{}:8000")])
def test_generated_processes_are_those_of_the_repository(file, address):
    text = cluster.processes_conf({f"p{number}": address.format(number) for number in (1, 2, 3)})
    assert text == (ROOT / f"deploy/{file}/processes.conf").read_text()


@pytest.mark.parametrize("file", ["deploy/nginx/server.conf", "deploy/containers/nginx.conf"])
def test_nginx_accepts_the_files_of_the_repository(tmp_path, file):
    folder = tmp_path / "emoscope"
    folder.mkdir()
    for source in (ROOT / "deploy/nginx/http.conf", ROOT / "deploy/nginx/locations.conf",
                   ROOT / file / "../processes.conf"):
        (folder / source.name).write_text(source.resolve().read_text())
    without_tls = re.sub(r" ssl http2|\n *ssl_certificate.*", "", (ROOT / file).read_text())
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{ {without_tls} }}".replace(
        "listen 80;", "listen 127.0.0.1:8080;").replace("listen 443", "listen 127.0.0.1:8443"))
    result = subprocess.run([cluster._find_program("nginx"), "-t", "-q", "-p", tmp_path, "-e", "stderr", "-c",
                             tmp_path / "nginx.conf"], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def test_missing_program_is_a_one_line_error(monkeypatch):
    monkeypatch.setattr(cluster.shutil, "which", lambda *_, **__: None)
    with pytest.raises(cluster.SetupError, match="requires nginx, which is not installed"):
        cluster._find_program("nginx")


def test_process_that_cannot_start_ends_the_cluster(tmp_path, capfd):
    from webapp.settings import load
    broken = cluster.Cluster(load({"port": cluster._free_port()}, environ={}), 1, [sys.executable, "-c", "1 / 0"])
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        with pytest.raises(cluster.SetupError, match="the web process p1 did not start"):
            broken.run()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert "ZeroDivisionError" in capfd.readouterr().err
