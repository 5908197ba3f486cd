"""A bundle of drawn faces, made once, and a site that shows it with and without the picture store."""

import drawn
import pytest

from webapp import create_app
from webapp.explorer import DataSet


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """(folder of bundles, folder of stores)."""
    return drawn.build(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="session")
def dataset(made):
    bundles, stores = made
    return DataSet(bundles / "drawn", stores / "drawn")


@pytest.fixture(scope="session")
def site(made, tmp_path_factory):
    """A test client of the site with the picture store."""
    bundles, stores = made
    instance = tmp_path_factory.mktemp("instance")
    (instance / "datasets").symlink_to(stores)
    return create_app({"datasets": str(bundles), "instance": str(instance)}).test_client()


@pytest.fixture(scope="session")
def bare_site(made, tmp_path_factory):
    """A test client of the site without pictures."""
    return create_app({"datasets": str(made[0]), "instance": str(tmp_path_factory.mktemp("bare"))}).test_client()
