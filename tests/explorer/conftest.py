"""A bundle of synthetic faces, built once, and sites that show it with and without the image store."""

import drawn
import numpy as np
import pytest
import stubs

from webapp import create_app
from webapp.explorer.queries import DataSet


class StubClassifier:
    """Predicts happiness from the brightness of the left half."""

    labels = ("neutral", "happiness")

    def probabilities(self, crops):
        brightness = np.asarray(crops, np.float32)[:, :, :24].mean(axis=(1, 2)) / 255
        return np.stack([1 - brightness, brightness], axis=1)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """(folder of bundles, folder of image stores)."""
    return drawn.build(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="session")
def dataset(built):
    bundles, stores = built
    return DataSet(bundles / "drawn", stores / "drawn")


@pytest.fixture(scope="session")
def make_client(tmp_path_factory):
    """make_client(folder of bundles, instance folder) -> a test client of a site with a stub classifier."""
    models = tmp_path_factory.mktemp("models")
    for name in ("jury-drawn", "seven-drawn"):
        stubs.make_bundle(models, name)
    reader = stubs.StubReader()
    reader.classifier = StubClassifier()

    def make(bundles, instance):
        app = create_app({"models": str(models), "model": "jury-drawn", "datasets": str(bundles),
                          "instance": str(instance)}, reader=reader)
        app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"     # no test requires the JavaScript build
        return app.test_client()

    return make


@pytest.fixture(scope="session")
def site(built, make_client, tmp_path_factory):
    """A test client of the site with the image store."""
    bundles, stores = built
    instance = tmp_path_factory.mktemp("instance")
    (instance / "datasets").symlink_to(stores)
    return make_client(bundles, instance)


@pytest.fixture(scope="session")
def bare_site(built, make_client, tmp_path_factory):
    """A test client of the site without images."""
    return make_client(built[0], tmp_path_factory.mktemp("bare"))
