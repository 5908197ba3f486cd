"""Random input to the parsers that strangers reach. `FUZZ_CASES=1000000 pytest tests/fuzz` runs that many cases."""

import contextlib
import io
import json
import random

import numpy as np
import pytest
import stubs
from fuzzing import CORPUS, fuzz, mutate
from hypothesis import given
from hypothesis import strategies as st

from webapp import bundles
from webapp.explorer.queries import filters
from webapp.live import namespace
from webapp.settings import ROOT
from webapp.vision.images import ImageError, decode

pytestmark = pytest.mark.filterwarnings("ignore")


@fuzz(0.7)
@given(st.sampled_from(CORPUS), st.integers(0, 2 ** 32), st.sampled_from([None, 10, 2000]))
def test_mutated_image_gives_pixels_or_an_image_error(data, seed, reduce_to):
    with contextlib.suppress(ImageError):
        pixels = decode(mutate(data, random.Random(seed), CORPUS), max_pixels=4_000_000, reduce_to=reduce_to).pixels
        assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["id", "width", "sent", "model"]) | st.text(max_size=4), inner), max_leaves=6)
METADATA = st.fixed_dictionaries({}, optional={
    "id": st.integers(-2, 2 ** 70) | JSON, "width": st.integers(-1, 9) | JSON, "height": JSON, "sent": JSON,
    "model": JSON})


@fuzz(0.05)
@given(st.lists(METADATA | JSON | st.binary(max_size=30), max_size=3))
def test_socket_arguments_are_valid_or_of_the_wrong_type(arguments):
    try:
        metadata, data = namespace._validate(tuple(arguments))
    except namespace.FrameError as error:
        assert error.code == "wrong_type" and str(error).endswith(".")
    else:
        assert metadata["id"] >= 0 and isinstance(data, bytes)


class _Reader(stubs.StubReader):
    """Decodes for every path of the API."""

    def explain(self, data, *_):
        decode(data)
        return {}

    def preview(self, data, *_):
        decode(data)
        return b""


KINDS = ["multipart/form-data; boundary=b", "application/json", "application/x-www-form-urlencoded", ""]


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    from webapp import create_app
    folder = tmp_path_factory.mktemp("fuzz")
    stubs.make_bundle(folder / "models")
    app = create_app({"models": str(folder / "models"), "model": "stub", "api_rate": "",
                      "datasets": str(folder / "datasets"), "instance": str(folder)}, reader=_Reader())
    app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"
    return app.test_client()


@fuzz(0.1)
@given(st.sampled_from(["readings", "explanations", "previews", "models", "nope"]), st.sampled_from(KINDS),
       st.binary(max_size=60) | st.lists(st.sampled_from([
           b"--b\r\n", b"--b--", b"\r\n\r\n", b"\r\n", b'Content-Disposition: form-data; name="picture"; filename="a"',
           b'Content-Disposition: form-data; name="face"', b"Content-Type: image/png", b"1", b"\xff\xd8\xff", b"{}"]),
           max_size=12).map(b"".join))
def test_api_body_is_never_an_unexpected_error(api, path, kind, body):
    response = api.post(f"/api/v1/{path}", data=body, content_type=kind)
    assert response.status_code < 500


LANDMARKS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4), lambda inner: st.lists(
        inner, max_size=3) | st.dictionaries(st.sampled_from(["right_eye", "left_eye", "nose", "mouth"]), inner),
    max_leaves=8).map(json.dumps)
FIELD_VALUES = LANDMARKS | st.text(max_size=20) | st.sampled_from(
    ["0", "-1", "1e9", "9" * 400, "{}", "[]", "null", "stub", "nope"])


@fuzz(0.05)
@given(st.sampled_from(["readings", "explanations", "previews"]),
       st.dictionaries(st.sampled_from(["model", "face", "landmarks", "expression", "picture", "nope"]), FIELD_VALUES),
       st.binary(max_size=20) | st.just(stubs.jpeg()), st.text(max_size=8) | st.just("a.jpg"))
def test_form_beside_an_image_is_never_an_unexpected_error(api, path, fields, image, name):
    fields.pop("picture", None)
    response = api.post(f"/api/v1/{path}", data=fields | {"picture": (io.BytesIO(image), name)})
    assert response.status_code < 500


@fuzz(0.05)
@given(st.text(max_size=12), st.dictionaries(
    st.sampled_from(["label", "split", "page", "sort", "order", "search", "votes", "show"]) | st.text(max_size=5),
    st.text(max_size=12) | st.integers().map(str), max_size=4))
def test_pages_of_data_sets_are_never_an_unexpected_error(api, name, query):
    for path in (f"/data/{name}", f"/data/{name}/browse", f"/data/{name}/images/1.png", f"/models/{name}"):
        assert api.get(path.replace("?", "%3F").replace("#", "%23"), query_string=query).status_code < 500


@pytest.mark.parametrize("parent", ["..", "%2e%2e", "..%2f..", "%2e%2e%5c..", "....//"])
@pytest.mark.parametrize("prefix", ["static", "static/dist", "data", "data/fer2013/faces", "device/files", "models"])
def test_path_outside_its_folder_is_not_found(api, prefix, parent):
    for target in ("pyproject.toml", "etc/passwd", "webapp/settings.py"):
        response = api.get(f"/{prefix}/{parent}/{parent}/{parent}/{target}")
        assert response.status_code in (301, 308, 404), (prefix, parent, target)


SUMMARY = json.loads((ROOT / "static" / "datasets" / "fer2013" / "summary.json").read_text())
FIELDS = ["label", "split", "majority", "entropy", "row", "twin", "lasso", "x", "right", "answer", "disagree", "nope",
          "model", "other", "sort", "page", "size", "colour", "layout"]
VALUES = st.text(max_size=12) | st.lists(st.sampled_from(
    ["..", ",", "-", "fear", "yes", "none", "1", "0.5", "nan", "inf", "1e99", "'", '"', ";", "--", "\0", " "]),
    max_size=8).map("".join)


@fuzz(0.05)
@given(st.lists(st.tuples(st.sampled_from(FIELDS), VALUES), max_size=4))
def test_filters_are_parsed_or_a_filter_error(pairs):
    with contextlib.suppress(filters.FilterError):
        filters.parse(pairs, SUMMARY)


@fuzz(0.05)
@given(JSON, st.sampled_from(sorted(stubs.card())), st.binary(max_size=20) | st.none())
def test_card_is_valid_or_a_bundle_error(tmp_path_factory, value, field, raw):
    folder = tmp_path_factory.getbasetemp() / "stub"
    folder.mkdir(exist_ok=True)
    text = json.dumps(stubs.card() | {field: value}, default=repr).encode()
    (folder / "card.json").write_bytes(text if raw is None else raw)
    with contextlib.suppress(bundles.BundleError):
        assert bundles.read_card(folder)["name"] == "stub"
