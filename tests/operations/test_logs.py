"""The log: format, request ids, addresses, and what image libraries write to standard error."""

import json
import logging
import os
import re
import subprocess
import sys

import pytest
import stubs

from webapp.operations import logs
from webapp.settings import ROOT, load

ID = re.compile(r"[0-9a-f]{12}")


@pytest.fixture
def lines(capsys):
    """lines(formatter, addresses) -> a function that returns the lines logged since."""
    handlers = []

    def start(formatter, addresses=False):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(formatter)
        handler.addFilter(logs.RequestFilter(addresses))
        logging.getLogger("webapp").addHandler(handler)
        handlers.append(handler)
        return lambda: capsys.readouterr().err.splitlines()

    yield start
    for handler in handlers:
        logging.getLogger("webapp").removeHandler(handler)


def test_every_response_has_an_id_of_its_own(client):
    ids = [client.get(path).headers["X-Request-ID"] for path in ("/healthz", "/nope", "/healthz")]
    assert len(set(ids)) == 3 and all(map(ID.fullmatch, ids))


def test_error_page_and_json_error_show_the_id(client):
    page = client.get("/nope", headers={"Accept": "text/html"})
    assert f"Request <code>{page.headers['X-Request-ID']}</code>" in page.text
    response = client.get("/nope.json")
    assert response.json["error"]["request"] == response.headers["X-Request-ID"]


@pytest.mark.parametrize(("proxies", "given", "kept"), [
    (1, "a-trace.of_a-proxy-1", True), (0, "a-trace.of_a-proxy-1", False), (1, "<script>1</script>", False),
    (1, "short", False), (1, "x" * 65, False)])
def test_only_a_trusted_proxy_may_choose_the_id(make_app, proxies, given, kept):
    response = make_app(proxies=proxies).test_client().get("/healthz", headers={"X-Request-ID": given})
    assert (response.headers["X-Request-ID"] == given) is kept


def test_json_line_of_an_error_has_the_id_that_the_visitor_sees(make_app, lines, reader):
    read, client = lines(logs.JsonFormatter("p1")), make_app().test_client()
    reader.error = ZeroDivisionError("inside")
    response = client.post("/api/v1/readings", data={"picture": (stubs.io.BytesIO(stubs.jpeg()), "a.jpg")})
    error = response.json["readings"][0]["error"]
    assert error["code"] == "failed" and error["request"] in error["message"]
    [line] = map(json.loads, read())
    assert line["request"] == error["request"] == response.headers["X-Request-ID"]
    assert (line["level"], line["process"]) == ("error", "p1") and "inside" in line["exception"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])
    assert "127.0.0.1" not in json.dumps(line)


def test_socket_errors_have_an_id_per_event(app, lines, reader):
    read = lines(logs.JsonFormatter())
    client = app.extensions["socketio"].test_client(app, namespace="/live")
    reader.error = ZeroDivisionError("inside")
    errors = [client.emit("frame", {"id": number}, stubs.jpeg(), namespace="/live", callback=True)["error"]
              for number in (1, 2)]
    errors.append(client.emit("frame", namespace="/live", callback=True)["error"])
    ids = [error["request"] for error in errors]
    assert len(set(ids)) == 3 and all(map(ID.fullmatch, ids))
    assert [line["request"] for line in map(json.loads, read())] == ids[:2]


@pytest.mark.parametrize("addresses", [True, False])
def test_address_is_logged_only_on_request(make_app, lines, addresses):
    read = lines(logs.JsonFormatter(), addresses)
    make_app(log_requests=True).test_client().get("/healthz?secret=1")
    [line] = map(json.loads, read())
    assert (line["method"], line["path"], line["status"]) == ("GET", "/healthz", 200) and line["milliseconds"] >= 0
    assert ("address" in line) is addresses and "secret" not in json.dumps(line)


def test_text_line_ends_with_the_id(make_app, lines):
    read = lines(logs.TextFormatter())
    response = make_app(log_requests=True).test_client().get("/healthz")
    assert read()[-1].endswith(f"ms [{response.headers['X-Request-ID']}]")
    make_app().test_client().get("/healthz")
    assert read() == [], "requests are not logged by default"


def test_every_line_of_the_process_is_json(tmp_path):
    script = f"""
import logging, threading, warnings
from webapp import settings
from webapp.operations import logs
logs.setup(settings.load({{"log_format": "json"}}, environ={{}}))
logging.getLogger("webapp.x").warning("several\\nlines")
warnings.warn("careful")
thread = threading.Thread(target=lambda: 1 / 0, name="worker")
thread.start(); thread.join()
import sys; sys.path.insert(0, {str(ROOT / "tests")!r})
import stubs
from webapp import create_app
stubs.make_bundle(__import__("pathlib").Path({str(tmp_path)!r}))
app = create_app({{"models": {str(tmp_path)!r}, "model": "stub"}}, reader=stubs.StubReader())
app.extensions["socketio"].server.eio.logger.error("from Engine.IO")
app.extensions["socketio"].server.eio.logger.error("message handler error")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in found] == ["warning", "warning", "error", "error"]
    assert found[0]["message"] == "several\nlines" and "careful" in found[1]["message"]
    assert "ZeroDivisionError" in found[2]["exception"] and found[3]["message"] == "from Engine.IO"


@pytest.mark.parametrize(("level", "logged"), [("debug", True), ("info", False)])
def test_native_output_is_logged_at_debug_level_only(level, logged):
    script = f"""
import os, sys, time
from webapp import settings
from webapp.operations import logs
given = settings.load({{"log_level": {level!r}}}, environ={{}})
logs.setup(given)
logs.logging.getLogger("webapp").setLevel({level.upper()!r})
logs.capture_native_stderr()
os.write(2, b"noise of a library\\n" + b"x" * 2000 + b"\\n")
time.sleep(0.5)
print("own message", file=sys.stderr)
logs.log.warning("own warning")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ("DEBUG webapp.native: noise of a library" in done.stderr) is logged
    assert max(map(len, done.stderr.splitlines())) < 600
    assert "own message" in done.stderr and "WARNING webapp.operations.logs: own warning" in done.stderr


def test_default_format_is_text():
    assert isinstance(logs.formatter(load(environ={})), logs.TextFormatter)
    assert isinstance(logs.formatter(load({"log_format": "json"}, environ=dict(os.environ))), logs.JsonFormatter)
