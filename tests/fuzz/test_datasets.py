"""Explorer URLs on a data set, and damaged files of a data set: summary and Parquet table."""

import contextlib
import random
import shutil

import drawn
import duckdb
import pytest
import stubs
from fuzzing import fuzz, mutate
from hypothesis import given
from hypothesis import strategies as st

from webapp import create_app
from webapp.explorer import queries

PATHS = ["", "/browse", "/browse.json", "/samples/3", "/samples/3.json", "/models", "/models.json", "/map", "/map.json",
         "/map.bin", "/issues", "/issues.json", "/browse.csv", "/models.csv", "/pictures.png", ".json"]
FIELDS = ["label", "split", "majority", "entropy", "row", "twin", "lasso", "x", "right", "answer", "disagree", "nope",
          "rows", "model", "other", "sort", "page", "size", "colour", "layout", "seed", "votes"]
VALUES = st.text(max_size=12) | st.lists(st.sampled_from(
    ["..", ",", "-", "fear", "yes", "none", "1", "0.5", "nan", "inf", "1e99", "'", '"', ";", "--", "\0", " ",
     "jury-drawn", "happiness", "Training", "entropy", "1,2,3", "0"]), max_size=6).map("".join)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return drawn.build(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def client(built, tmp_path_factory):
    bundles, stores = built
    folder = tmp_path_factory.mktemp("site")
    stubs.make_bundle(folder / "models")
    (folder / "datasets").symlink_to(stores)
    app = create_app({"models": str(folder / "models"), "model": "stub", "datasets": str(bundles),
                      "instance": str(folder)}, reader=stubs.StubReader())
    app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"
    return app.test_client()


@fuzz(0.03)
@given(st.sampled_from(PATHS), st.lists(st.tuples(st.sampled_from(FIELDS), VALUES), max_size=4))
def test_address_is_a_page_or_a_client_error(client, path, pairs):
    assert client.get(f"/data/drawn{path}", query_string=pairs).status_code < 500


@fuzz(0.02)
@given(st.sampled_from(["samples.parquet", "summary.json"]), st.integers(0, 2 ** 32))
def test_damaged_data_set_stops_no_server(built, tmp_path_factory, name, seed):
    folder = tmp_path_factory.getbasetemp() / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(built[0], folder)
    path = folder / "drawn" / name
    content = path.read_bytes()
    path.write_bytes(mutate(content, random.Random(seed), [content]))
    usable, unusable = queries.find(folder, built[1])
    assert usable.keys() | unusable.keys() == {"drawn"}
    for dataset in usable.values():     # an error page, at worst
        with contextlib.suppress(duckdb.Error, KeyError, TypeError, ValueError, queries.FilterError):
            dataset.page(queries.parse([], dataset.summary))
