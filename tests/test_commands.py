import importlib.util
import socket
import subprocess
import sys

import pytest
import stubs

from webapp import settings
from webapp.__main__ import main
from webapp.settings import ROOT


@pytest.fixture
def serve(tmp_path, monkeypatch, capsys):
    """serve(*arguments) -> (status, what it said), of a server that must not start."""
    stubs.make_bundle(tmp_path)
    if not (ROOT / "static/detector/detector.json").is_file():
        pytest.skip("the detector's files are not made")
    monkeypatch.setattr("webapp.pages.assets.Assets.names", lambda assets: {})

    def serve_(*arguments):
        status = main(["serve", "--models", str(tmp_path), "--model", "stub", *arguments])
        return status, capsys.readouterr().err

    return serve_


def test_a_taken_port_names_another(serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = serve("--port", str(port))
    assert status == 2 and f"port {port} cannot be listened on" in said
    assert f"--port {port + 1}" in said and said.count("\n") == 1


@pytest.mark.parametrize(("arguments", "words"), [
    (["--port", "99999"], "cannot be listened on"),
    (["--host", "no.such.host.example"], "cannot be listened on"),
    (["--port", "many"], "port=many: a whole number"),
    (["--threads", "4"], "more threads than live clients"),
    (["--api-rate", "fast"], "api_rate=fast: a number of requests and a time"),
    (["--message-queue", "rabbits"], "message_queue=rabbits: an address that begins with redis://"),
])
def test_what_cannot_be_served_is_one_line(serve, arguments, words):
    status, said = serve(*arguments)
    assert status == 2 and words in said and said.startswith("error: ") and said.count("\n") == 1


def test_a_message_queue_without_its_package_says_what_to_install(serve, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install redis" in serve("--message-queue", "redis://127.0.0.1/0")[1]


def test_settings_lists_all_with_their_values(monkeypatch, capsys):
    monkeypatch.setenv("EMOSCOPE_PORT", "8123")
    assert main(["settings"]) == 0
    said = capsys.readouterr().out
    assert "8123" in said
    assert [line.split()[0] for line in said.splitlines()] == [setting.name for setting in settings.SETTINGS]


def test_help_names_every_setting(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert [name for name in settings.NAMES if "--" + name.replace("_", "-") not in said] == []


def test_vision_needs_no_flask():
    """training imports webapp.vision on machines that serve nothing."""
    code = "import sys, webapp.vision.reading; sys.exit(any(name in sys.modules for name in ('flask', 'tensorflow')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
