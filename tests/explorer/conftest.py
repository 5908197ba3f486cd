"""A bundle of drawn faces, made once, and a site that shows it with and without the picture store."""

import drawn
import numpy as np
import pytest
import stubs

from webapp import create_app
from webapp.explorer.queries import DataSet


class Network:
    """A network that sees light: the lighter the left half, the happier."""

    labels = ("neutral", "happiness")

    def probabilities(self, crops):
        light = np.asarray(crops, np.float32)[:, :, :24].mean(axis=(1, 2)) / 255
        return np.stack([1 - light, light], axis=1)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """(folder of bundles, folder of stores)."""
    return drawn.build(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="session")
def dataset(made):
    bundles, stores = made
    return DataSet(bundles / "drawn", stores / "drawn")


@pytest.fixture(scope="session")
def make_client(tmp_path_factory):
    """make_client(folder of bundles, folder of what is local) -> a test client of a site with a stub of a network."""
    models = tmp_path_factory.mktemp("models")
    for name in ("jury-drawn", "seven-drawn"):
        stubs.make_bundle(models, name)
    reader = stubs.StubReader()
    reader.classifier = Network()

    def make(bundles, instance):
        app = create_app({"models": str(models), "model": "jury-drawn", "datasets": str(bundles),
                          "instance": str(instance)}, reader=reader)
        app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"     # no test needs the build
        return app.test_client()

    return make


@pytest.fixture(scope="session")
def site(made, make_client, tmp_path_factory):
    """A test client of the site with the picture store."""
    bundles, stores = made
    instance = tmp_path_factory.mktemp("instance")
    (instance / "datasets").symlink_to(stores)
    return make_client(bundles, instance)


@pytest.fixture(scope="session")
def bare_site(made, make_client, tmp_path_factory):
    """A test client of the site without pictures."""
    return make_client(made[0], tmp_path_factory.mktemp("bare"))
