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


@pytest.fixture(scope="session")
def ray_address():
    """The address of a Ray cluster of two nodes on this machine."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    import ray
    from ray.cluster_utils import Cluster
    node = {"num_cpus": 2, "num_gpus": 0, "object_store_memory": 80_000_000, "include_dashboard": False}
    cluster = Cluster()         # of no node: each one that starts is shut down if the next one does not start
    try:
        cluster.add_node(**node)
        cluster.add_node(**node)
        yield cluster.address
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture(scope="session")
def ray_app(ray_address):
    """The application with the real networks on two replicas of the cluster."""
    return create_app({"ray": ray_address, "ray_replicas": 2, "engine": "litert", "live_rate": 0.0})


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
