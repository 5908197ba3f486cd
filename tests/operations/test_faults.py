"""Faults of the machine under a running server: disk, clock, a killed worker. docs/faults.md lists all faults."""

import errno
import os
import signal
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest
import socketio
import stubs

from webapp.__main__ import main
from webapp.photos import folder
from webapp.settings import ROOT, as_environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run on Windows")
JPEG = stubs.jpeg()


@pytest.fixture
def serve(tmp_path):
    """serve(stderr=None, **settings) -> (process, url, log): gunicorn with the stub reader."""
    processes = []

    def start(stderr=None, **settings):
        from webapp.operations.cluster import _free_port
        stubs.make_bundle(tmp_path / "models")
        port, log = _free_port(), tmp_path / "log.txt"
        environment = os.environ | as_environment(
            {"models": tmp_path / "models", "model": "stub", "port": port} | settings) | {
            "STUB_SECONDS": "0.01", "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT / "tests/live")])}
        with log.open("w") as output:
            processes.append(subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--config", "python:webapp.operations.serving", "stub_server:app"],
                cwd=ROOT, env=environment, stdout=output, stderr=stderr or output, start_new_session=True))
        wait_for(lambda: "is ready" in log.read_text() or processes[-1].poll() is not None, 90)
        assert processes[-1].poll() is None, log.read_text()
        return processes[-1], f"http://127.0.0.1:{port}", log

    yield start
    for process in processes:
        process.terminate()
        try:
            process.wait(20)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.05)


def read_frame(url):
    """Connect and read one frame."""
    client = socketio.Client(reconnection=False)
    try:
        client.connect(url, namespaces=["/live"], transports=["websocket"], wait_timeout=20)
        return "reading" in client.call("frame", ({"id": 0}, JPEG), namespace="/live", timeout=20)
    except socketio.exceptions.SocketIOError:
        return False
    finally:
        client.disconnect()


def test_killed_worker_is_replaced_and_visitors_read_again(serve):
    process, url, log = serve()
    assert read_frame(url)
    [worker] = psutil.Process(process.pid).children()
    worker.kill()
    wait_for(lambda: log.read_text().count("is ready") == 2)
    assert read_frame(url)
    assert "SIGKILL" in log.read_text(), "the log says what happened"


def test_full_disk_under_the_log_does_not_affect_visitors(serve):
    with open("/dev/full", "w") as full:
        process, url, _ = serve(stderr=full, log_level="debug", log_requests=True)
        assert read_frame(url)
        for path, status in (("/healthz", 200), ("/nope", 404)):
            try:
                found = urllib.request.urlopen(url + path, timeout=20).status
            except urllib.error.HTTPError as error:
                found = error.code
            assert found == status
    assert process.poll() is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_table_that_cannot_be_written_is_a_one_line_error(tmp_path, monkeypatch, capsys, reader, number):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(JPEG)

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("webapp.readers.Readers", lambda *_: type("Given", (), {"get": lambda self: reader})())
    monkeypatch.setattr(folder, "read", lambda *_: iter([{"file": "a.jpg"}]))
    monkeypatch.setattr(folder, "write", fail)
    reader.classifier = type("Classifier", (), {"labels": stubs.LABELS, "engine": "litert"})
    assert main(["read", str(tmp_path / "photos"), "--out", str(tmp_path / "readings.csv")]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: `--out` must be writable") and os.strerror(number) in error


@pytest.mark.parametrize("jump", [-3600, 3600, -365 * 86400, 365 * 86400])
def test_jump_of_the_clock_does_not_affect_frames_requests_or_limits(make_app, monkeypatch, jump):
    app = make_app(live_rate=5, api_rate="20 per minute")
    live, client = app.extensions["socketio"].test_client(app, namespace="/live"), app.test_client()
    now = time.time

    def read(number):
        return live.emit("frame", {"id": number}, JPEG, namespace="/live", callback=True)

    assert "reading" in read(1) and client.get("/api/v1/models").status_code == 200
    monkeypatch.setattr(time, "time", lambda: now() + jump)
    assert "reading" in read(2) and client.get("/api/v1/models").status_code == 200
    codes = [read(number).get("error", {}).get("code") for number in range(3, 20)]
    assert "too_fast" in codes, "the limit on frames is still there"
    statuses = [client.get("/api/v1/models").status_code for _ in range(25)]
    assert statuses[0] == 200 and statuses[-1] == 429, "the limit on requests is still there"
    assert client.get("/readyz").status_code == 200
