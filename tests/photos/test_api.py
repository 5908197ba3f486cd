"""The JSON API with a stub reader: forms, limits, errors, and the OpenAPI document."""

import io
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest
import stubs


def post(client, *images, field="picture", **values):
    files = [(io.BytesIO(data), name) for name, data in images]
    return client.post("/api/v1/readings", data={field: files} | values)


def test_single_image_returns_its_reading(client):
    response = post(client, ("a.jpg", stubs.jpeg()))
    assert response.status_code == 200
    [reading] = response.json["readings"]
    assert reading["name"] == "a.jpg" and reading["reading"]["faces"][0]["votes"]["happiness"] == 7


@pytest.mark.parametrize("field", ["picture", "pictures"])
def test_multiple_images_keep_order_and_have_individual_errors(client, field):
    response = post(client, ("a.jpg", stubs.jpeg()), ("b.txt", b"not an image"), ("c.jpg", b""),
                  ("d.jpg", stubs.jpeg(80, 80)), field=field)
    assert response.status_code == 200
    rows = response.json["readings"]
    assert [row["name"] for row in rows] == ["a.jpg", "b.txt", "c.jpg", "d.jpg"]
    assert [row.get("error", {}).get("code") for row in rows] == [None, "not_a_picture", "not_a_picture", None]


def test_model_can_be_selected(client):
    assert post(client, ("a.jpg", stubs.jpeg()), model="other").status_code == 200
    response = post(client, ("a.jpg", stubs.jpeg()), model="nope")
    assert response.status_code == 400 and response.json["error"]["code"] == "unknown_model"


@pytest.mark.parametrize("values", [{}, {"picture": "text"}, {"else": (io.BytesIO(b"x"), "a.jpg")}])
def test_missing_image_is_rejected(client, values):
    response = client.post("/api/v1/readings", data=values)
    assert response.status_code == 400 and response.json["error"]["code"] == "no_picture"


def test_size_limits_are_enforced(make_app):
    client = make_app(photo_bytes=5_000, request_images=2, request_bytes=50_000).test_client()
    small, large = ("a.jpg", stubs.jpeg()), ("b.jpg", stubs.jpeg(320, 240))
    codes = [row.get("error", {}).get("code") for row in post(client, small, large).json["readings"]]
    assert codes == [None, "too_large"]
    response = post(client, small, small, small)
    assert response.status_code == 413 and response.json["error"]["code"] == "too_many_pictures"
    response = post(client, ("c.jpg", bytes(60_000)))
    assert response.status_code == 413 and response.json["error"]["code"] == "too_large"


def test_rate_limit_response_has_retry_after(make_app):
    client = make_app(api_rate="3 per minute").test_client()
    responses = [client.get("/api/v1/models") for _ in range(4)]
    assert [response.status_code for response in responses] == [200, 200, 200, 429]
    assert responses[-1].json["error"]["code"] == "too_fast" and int(responses[-1].headers["Retry-After"]) > 0
    assert client.get("/").status_code == 200


def test_unexpected_error_affects_only_its_image(client, reader):
    reader.error = RuntimeError("inside")
    [row] = post(client, ("a.jpg", stubs.jpeg())).json["readings"]
    assert row["error"]["code"] == "failed" and "inside" not in row["error"]["message"]


def test_uploads_are_never_written_to_disk(client, monkeypatch):
    def forbidden(*_, **__):
        raise AssertionError("a temporary file was created")
    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, forbidden)
    response = post(client, ("a.jpg", stubs.jpeg(2000, 1500, quality=95)))
    assert "reading" in response.json["readings"][0]


def test_openapi_document_is_valid_and_matches_responses(client):
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {"/api/v1/models", "/api/v1/readings"}
    responses = {("/api/v1/models", "get"): client.get("/api/v1/models"),
               ("/api/v1/readings", "post"): post(client, ("a.jpg", stubs.jpeg()), ("b.jpg", b"not an image"))}
    for (path, method), response in responses.items():
        schema = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(response.json, schema | {"components": document["components"]})


def test_requests_in_progress_are_limited_per_client(make_app, reader):
    """Six requests of one address wait for the reader; the seventh is refused before its body is read."""
    app = make_app()
    reader.gate.clear()
    first, other = {"REMOTE_ADDR": "10.0.0.1"}, {"REMOTE_ADDR": "10.0.0.2"}

    def send(address):
        return app.test_client().post("/api/v1/readings", data={"picture": (io.BytesIO(stubs.jpeg()), "a.jpg")},
                                      environ_overrides=address)

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(send, first) for _ in range(6)]
        while len(reader.sizes) < 6:
            time.sleep(0.01)
        refused = send(first)
        waiting.append(pool.submit(send, other))
        while len(reader.sizes) < 7:
            time.sleep(0.01)
        assert app.test_client().get("/healthz").status_code == 200
        reader.gate.set()
        assert [result.result().status_code for result in waiting] == [200] * 7
    assert (refused.status_code, refused.json["error"]["code"]) == (503, "busy")
    assert len(reader.sizes) == 7
    assert send(first).status_code == 200


def test_requests_of_all_clients_leave_threads_for_pages(make_app, reader):
    app = make_app(threads=8, live_clients=2)
    reader.gate.clear()

    def send(number):
        return app.test_client().post("/api/v1/readings", data={"picture": (io.BytesIO(stubs.jpeg()), "a.jpg")},
                                      environ_overrides={"REMOTE_ADDR": f"10.0.0.{number}"})

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(send, number) for number in range(4)]
        while len(reader.sizes) < 4:
            time.sleep(0.01)
        refused = send(9)
        reader.gate.set()
        assert [result.result().status_code for result in waiting] == [200] * 4
    assert refused.status_code == 503


def test_failed_request_leaves_its_place(make_app):
    app = make_app(api_requests=1)
    for _ in range(3):
        assert app.test_client().post("/api/v1/readings").status_code == 400
    assert app.extensions["emoscope_admission"].in_progress == 0
