import logging

import pytest
import stubs

from webapp import create_app

PAGES = ["/", "/live", "/photos", "/data", "/models", "/models/stub", "/api", "/about"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_and_asks_for_nothing_from_elsewhere(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert "</html>" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "'unsafe-inline'" not in policy and "'unsafe-eval'" not in policy
    assert "ws://localhost" in policy
    assert answer.headers["Permissions-Policy"].startswith("camera=(self)")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "http://" not in answer.text.replace("http://www.w3.org", "") and "<script>" not in answer.text


def test_a_strange_host_does_not_get_into_the_policy(client):
    answer = client.get("/", headers={"Host": "x; script-src *"})
    assert "script-src *" not in answer.headers["Content-Security-Policy"]


def test_models_have_a_json_twin(client):
    models = client.get("/models.json").json
    assert [model["name"] for model in models["models"]] == ["stub", "other"]
    assert models["models"][0]["default"] is True and models["broken"] == []
    assert client.get("/models/stub.json").json["labels"][1] == "happiness"


@pytest.mark.parametrize("path", ["/nope", "/models/nope", "/static/nope.js"])
def test_a_missing_page_says_so_in_words(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "There is no" in answer.text and "To the front page" in answer.text


@pytest.mark.parametrize(("path", "headers"), [("/nope.json", {}), ("/api/v1/nope", {}),
                                               ("/nope", {"Accept": "application/json"})])
def test_programs_get_errors_as_json(client, path, headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "not_found" and answer.json["error"]["message"]


def test_about_says_what_the_network_in_use_misses_most(tmp_path):
    line = {"precision": 0.5, "f1": 0.5}
    found = {"contempt": (0.22222, 9), "fear": (0.62745, 51), "disgust": (0.57143, 7), "happiness": (0.96, 873)}
    per_class = [line | {"label": label, "recall": recall, "faces": faces} for label, (recall, faces) in found.items()]
    stubs.make_bundle(tmp_path, figures={"command": "", "PublicTest": None, "PrivateTest": {"per_class": per_class}})
    app = create_app({"models": str(tmp_path), "model": "stub"}, reader=stubs.StubReader())
    app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"
    page = app.test_client().get("/about").text
    assert "2 of 9 of contempt, 4 of 7 of disgust, 32 of 51 of fear." in page and "873" not in page


def test_a_method_that_is_not_allowed_says_which_are(client):
    answer = client.post("/about")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_our_own_failure_shows_no_inside(app, caplog):
    def broken():
        raise RuntimeError("inside")
    app.add_url_rule("/broken", view_func=broken)
    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "inside" not in answer.text and "Traceback" not in answer.text
    assert "inside" in caplog.text


def test_scripts_that_are_not_built_are_said_in_the_log_not_a_loop(app, caplog, tmp_path):
    from webapp.pages.assets import Assets
    app.jinja_env.globals["asset"] = Assets(tmp_path)
    answer = app.test_client().get("/")
    assert answer.status_code == 500 and answer.mimetype == "text/plain"
    assert "make build" in caplog.text and "make build" not in answer.text


def test_assets_follow_the_build(app, tmp_path):
    from webapp.pages.assets import Assets, AssetsMissing
    (tmp_path / "manifest.json").write_text('{"live.js": "live-ABCDEFGH.js"}')
    asset = Assets(tmp_path)
    with app.test_request_context():
        assert asset("live.js") == "/static/dist/live-ABCDEFGH.js"
        with pytest.raises(AssetsMissing, match="make build"):
            asset("else.js")


def test_hashed_files_are_kept_for_ever_others_are_asked_for_again(app, tmp_path):
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


def test_health_says_what_reads(client):
    assert client.get("/healthz").json == {"ready": True, "model": "stub 1.0.0", "engine": "given"}


def test_metrics_can_be_switched_off(make_app):
    assert "emoscope_live_clients 0.0" in make_app().test_client().get("/metrics").text
    assert make_app(metrics=False).test_client().get("/metrics").status_code == 404


def test_a_network_of_several_says_how_each_was_trained(tmp_path):
    """Commands, epochs and seeds of all, what one began with, who taught it; a network of one run has one line."""
    runs = [{"recipe": name, "command": f"fit {name}", "epochs": epochs, "seed": seed, "data_md5": "0" * 32}
            for name, epochs, seed in (("one", 100.0, 3), ("two", 56.0, 4))]
    runs[1] |= {"start": {"origin": "a face recognition network"}, "teachers": ["three", "four"], "teaching": 0.7}
    stubs.make_bundle(tmp_path, training=runs[0] | {"seed": 0, "epochs": 156.0, "members": runs})
    stubs.make_bundle(tmp_path, name="alone", training=runs[0])
    app = create_app({"models": str(tmp_path), "model": "stub"}, reader=stubs.StubReader())
    app.jinja_env.globals["asset"] = lambda name: f"/static/dist/{name}"

    def told(name):
        page = app.test_client().get(f"/models/{name}").text
        return " ".join(page.partition("Trained by</dt><dd>")[2].partition("</dd>")[0].split())

    assert told("stub") == ("<code>fit one</code>, 100 epochs, seed 3;<br><code>fit two</code>, 56 epochs, seed 4, "
                            "from the weights of a face recognition network, taught by "
                            "<code>three</code>, <code>four</code>")
    assert told("alone") == "<code>fit one</code>, 100 epochs, seed 3"
