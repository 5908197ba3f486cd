"""The HTML pages: security headers, error pages, assets, and the content that comes from model cards."""

import gzip
import json
import logging

import pytest
import stubs

from webapp import create_app

PAGES = ["/", "/live", "/photos", "/data", "/models", "/models/stub", "/api", "/about"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_complete_and_loads_nothing_from_other_sites(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert "</html>" in response.text
    policy = response.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy and "'unsafe-eval'" not in policy
    if path == "/":     # its demo reads on the device: the page can send nothing
        assert "default-src 'none'" in policy and "ws://" not in policy
    else:
        assert "default-src 'self'" in policy and "ws://localhost" in policy
    assert response.headers["Permissions-Policy"].startswith("camera=(self)")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "http://" not in response.text.replace("http://www.w3.org", "") and "<script>" not in response.text


@pytest.mark.parametrize("path", ["/models", "/api/v1/openapi.json"])
@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, deflate, br", "br"), ("gzip", "gzip")])
def test_pages_and_json_are_sent_compressed(client, path, accepted, encoding):
    plain = client.get(path)
    compressed = client.get(path, headers={"Accept-Encoding": accepted})
    assert (compressed.status_code, compressed.headers["Content-Encoding"]) == (200, encoding)
    assert len(compressed.data) == compressed.content_length < len(plain.data) / 2
    assert "Content-Encoding" not in plain.headers and "Accept-Encoding" in plain.headers["Vary"]
    if path == "/api/v1/openapi.json" and encoding == "gzip":
        assert json.loads(gzip.decompress(compressed.data)) == plain.json


def test_invalid_host_header_is_not_in_the_policy(client):
    response = client.get("/", headers={"Host": "x; script-src *"})
    assert "script-src *" not in response.headers["Content-Security-Policy"]


def test_models_are_available_as_json(client):
    models = client.get("/models.json").json
    assert [model["name"] for model in models["models"]] == ["stub", "other"]
    assert models["models"][0]["default"] is True and models["broken"] == []
    assert client.get("/models/stub.json").json["labels"][1] == "happiness"


@pytest.mark.parametrize("path", ["/nope", "/models/nope", "/static/nope.js"])
def test_missing_page_returns_an_error_page(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert "There is no" in response.text and "To the front page" in response.text


@pytest.mark.parametrize(("path", "headers"), [("/nope.json", {}), ("/api/v1/nope", {}),
                                               ("/nope", {"Accept": "application/json"})])
def test_programs_get_errors_as_json(client, path, headers):
    response = client.get(path, headers=headers)
    assert response.status_code == 404
    assert response.json["error"]["code"] == "not_found" and response.json["error"]["message"]


def test_about_page_lists_the_lowest_recalls_of_the_default_model(tmp_path):
    row = {"precision": 0.5, "f1": 0.5}
    recalls = {"contempt": (0.22222, 9), "fear": (0.62745, 51), "disgust": (0.57143, 7), "happiness": (0.96, 873)}
    per_class = [row | {"label": label, "recall": recall, "faces": faces} for label, (recall, faces) in recalls.items()]
    stubs.make_bundle(tmp_path, figures={"command": "", "PublicTest": None, "PrivateTest": {"per_class": per_class}})
    app = create_app({"models": str(tmp_path), "model": "stub"}, reader=stubs.StubReader())
    app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"
    page = app.test_client().get("/about").text
    assert "2 of 9 for contempt, 4 of 7 for disgust, 32 of 51 for fear." in page and "873" not in page


def test_wrong_method_response_lists_allowed_methods(client):
    response = client.post("/about")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_unexpected_error_is_logged_and_not_shown(app, caplog):
    def broken():
        raise RuntimeError("inside")
    app.add_url_rule("/broken", view_func=broken)
    with caplog.at_level(logging.ERROR):
        response = app.test_client().get("/broken")
    assert response.status_code == 500
    assert "inside" not in response.text and "Traceback" not in response.text
    assert "inside" in caplog.text


def test_missing_build_is_logged_and_returns_plain_text(app, caplog, tmp_path):
    from webapp.pages.assets import Assets
    app.jinja_env.globals["asset"] = Assets(tmp_path)
    response = app.test_client().get("/")
    assert response.status_code == 500 and response.mimetype == "text/plain"
    assert "make build" in caplog.text and "make build" not in response.text


def test_asset_urls_follow_the_manifest(app, tmp_path):
    from webapp.errors import AssetsMissingError
    from webapp.pages.assets import Assets
    (tmp_path / "manifest.json").write_text('{"live.js": "live-ABCDEFGH.js"}')
    asset = Assets(tmp_path)
    with app.test_request_context():
        assert asset("live.js") == "/static/dist/live-ABCDEFGH.js"
        with pytest.raises(AssetsMissingError, match="make build"):
            asset("else.js")
        assert asset.imports("live.js") == []


def test_page_preloads_what_its_script_imports(app, tmp_path):
    from webapp.pages.assets import Assets
    (tmp_path / "manifest.json").write_text('{"live.js": "live-ABCDEFGH.js"}')
    (tmp_path / "imports.json").write_text('{"live.js": ["chunk-ABCDEFGH.js"]}')
    with app.test_request_context():
        assert Assets(tmp_path).imports("live.js") == ["/static/dist/chunk-ABCDEFGH.js"]
    app.jinja_env.globals["asset_imports"] = lambda name: [f"/static/dist/imported-by-{name}"]
    page = app.test_client().get("/live").text
    assert '<link rel="modulepreload" href="/static/dist/imported-by-live.js">' in page


def test_hashed_files_are_immutable_and_others_revalidated(app, tmp_path):
    (tmp_path / "dist").mkdir()
    for name in ("live-ABCDEFGH.js", "manifest.json"):
        (tmp_path / "dist" / name).write_text("{}")
    app.static_folder = str(tmp_path)
    client = app.test_client()
    assert "immutable" in client.get("/static/dist/live-ABCDEFGH.js").headers["Cache-Control"]
    again = client.get("/static/dist/manifest.json")
    assert again.headers["Cache-Control"] == "no-cache"
    headers = {"If-None-Match": again.headers["ETag"]}
    assert client.get("/static/dist/manifest.json", headers=headers).status_code == 304
    assert "immutable" not in client.get("/static/dist/gone-ABCDEFGH.js").headers["Cache-Control"]


def test_model_page_lists_the_training_of_every_ensemble_member(tmp_path):
    """Command, epochs, seed, initial weights and teachers of each member; one line for a single network."""
    runs = [{"recipe": name, "command": f"fit {name}", "epochs": epochs, "seed": seed, "data_md5": "0" * 32}
            for name, epochs, seed in (("one", 100.0, 3), ("two", 56.0, 4))]
    runs[1] |= {"start": {"origin": "a face recognition network"}, "teachers": ["three", "four"], "teaching": 0.7}
    stubs.make_bundle(tmp_path, training=runs[0] | {"seed": 0, "epochs": 156.0, "members": runs})
    stubs.make_bundle(tmp_path, name="single", training=runs[0])
    app = create_app({"models": str(tmp_path), "model": "stub"}, reader=stubs.StubReader())
    app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"

    def training_of(name):
        page = app.test_client().get(f"/models/{name}").text
        return " ".join(page.partition("Trained by</dt><dd>")[2].partition("</dd>")[0].split())

    assert training_of("stub") == (
        "<code>fit one</code>, 100 epochs, seed 3;<br><code>fit two</code>, 56 epochs, seed 4, initial weights from "
        "a face recognition network, distilled from <code>three</code>, <code>four</code>")
    assert training_of("single") == "<code>fit one</code>, 100 epochs, seed 3"
