"""Fixtures: the application with a stub reader, and its test client."""

import os

import pytest
import stubs

from webapp import create_app


@pytest.fixture(autouse=True)
def _no_settings_from_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith("EMOSCOPE_") or name == "PORT":
            monkeypatch.delenv(name)


@pytest.fixture
def reader():
    return stubs.StubReader()


@pytest.fixture
def make_app(tmp_path, reader):
    """make_app(**settings) -> an application with the models `stub` and `other`."""
    models = tmp_path / "models"
    stubs.make_bundle(models)
    stubs.make_bundle(models, "other", raters=None, title="Another stub")

    def make(**settings):
        app = create_app({"models": str(models), "model": "stub", "datasets": str(tmp_path / "datasets"),
                          "instance": str(tmp_path / "instance")} | settings, reader=reader)
        app.testing = True
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"     # works without a build
        return app

    return make


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def client(app):
    return app.test_client()
