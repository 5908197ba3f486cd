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
    """serve(*arguments) -> (exit status, standard error) of a server that must not start."""
    stubs.make_bundle(tmp_path)
    if not (ROOT / "static/detector/detector.json").is_file():
        pytest.skip("the detector is not built")
    monkeypatch.setattr("webapp.pages.assets.Assets.names", lambda assets: {})

    def serve_(*arguments):
        status = main(["serve", "--models", str(tmp_path), "--model", "stub", *arguments])
        return status, capsys.readouterr().err

    return serve_


def test_occupied_port_error_suggests_another(serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, stderr = serve("--port", str(port))
    assert status == 2 and f"cannot listen on 127.0.0.1 port {port}" in stderr
    assert f"--port {port + 1}" in stderr and stderr.count("\n") == 1


@pytest.mark.parametrize(("arguments", "message"), [
    (["--port", "99999"], "cannot listen on"),
    (["--host", "no.such.host.example"], "cannot listen on"),
    (["--port", "many"], "`port` must be a non-negative integer, got 'many'"),
    (["--threads", "4"], "`live_clients` must be less than `threads`"),
    (["--api-rate", "fast"], "`api_rate` must be a number of requests per time"),
    (["--message-queue", "rabbits"], "`message_queue` must be a redis:// URL, got 'rabbits'"),
])
def test_invalid_configuration_is_a_one_line_error(serve, arguments, message):
    status, stderr = serve(*arguments)
    assert status == 2 and message in stderr and stderr.startswith("error: ") and stderr.count("\n") == 1


@pytest.mark.parametrize(("old", "current"), settings.RENAMED.items())
def test_old_option_names_are_accepted(serve, old, current):
    option = "--" + old.replace("_", "-")
    assert f"`{current}` must be a non-negative integer, got 'many'" in serve(option, "many")[1]
    assert "cannot listen on" in serve(option, "3", "--port", "99999")[1]


def test_message_queue_without_redis_names_the_package_to_install(serve, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install -r requirements-cluster.txt" in serve("--message-queue", "redis://127.0.0.1/0")[1]


def test_settings_command_lists_all_settings_with_their_values(monkeypatch, capsys):
    monkeypatch.setenv("EMOSCOPE_PORT", "8123")
    assert main(["settings"]) == 0
    stdout = capsys.readouterr().out
    assert "8123" in stdout
    assert [line.split()[0] for line in stdout.splitlines()] == [setting.name for setting in settings.SETTINGS]


def test_help_lists_every_setting(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["serve", "--help"])
    stdout = capsys.readouterr().out
    assert exit.value.code == 0
    assert [name for name in settings.NAMES if "--" + name.replace("_", "-") not in stdout] == []


def test_vision_imports_neither_flask_nor_tensorflow():
    """training imports webapp.vision on machines without a server."""
    code = "import sys, webapp.vision.reading; sys.exit(any(name in sys.modules for name in ('flask', 'tensorflow')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_serving_imports_nothing_of_training_or_export():
    code = """
import sys
import webapp
webapp.create_app()
unwanted = {"training", "tensorflow", "keras", "skimage", "sklearn", "pandas", "matplotlib", "ray"}
sys.exit(", ".join(sorted(unwanted & set(sys.modules))) or None)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
