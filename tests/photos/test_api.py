import io
import tempfile

import jsonschema
import pytest
import stubs


def post(client, *pictures, field="picture", **values):
    files = [(io.BytesIO(data), name) for name, data in pictures]
    return client.post("/api/v1/readings", data={field: files} | values)


def test_one_picture(client):
    answer = post(client, ("a.jpg", stubs.jpeg()))
    assert answer.status_code == 200
    [reading] = answer.json["readings"]
    assert reading["name"] == "a.jpg" and reading["reading"]["faces"][0]["votes"]["happiness"] == 7


@pytest.mark.parametrize("field", ["picture", "pictures"])
def test_many_pictures_are_answered_in_order_each_with_its_own_error(client, field):
    answer = post(client, ("a.jpg", stubs.jpeg()), ("b.txt", b"no picture"), ("c.jpg", b""),
                  ("d.jpg", stubs.jpeg(80, 80)), field=field)
    assert answer.status_code == 200
    rows = answer.json["readings"]
    assert [row["name"] for row in rows] == ["a.jpg", "b.txt", "c.jpg", "d.jpg"]
    assert [row.get("error", {}).get("code") for row in rows] == [None, "not_a_picture", "not_a_picture", None]


def test_a_model_can_be_named(client):
    assert post(client, ("a.jpg", stubs.jpeg()), model="other").status_code == 200
    answer = post(client, ("a.jpg", stubs.jpeg()), model="nope")
    assert answer.status_code == 400 and answer.json["error"]["code"] == "unknown_model"


@pytest.mark.parametrize("values", [{}, {"picture": "text"}, {"else": (io.BytesIO(b"x"), "a.jpg")}])
def test_no_picture_is_said(client, values):
    answer = client.post("/api/v1/readings", data=values)
    assert answer.status_code == 400 and answer.json["error"]["code"] == "no_picture"


def test_limits_are_answered_in_words(make_app):
    client = make_app(photo_bytes=5_000, request_pictures=2, request_bytes=50_000).test_client()
    small, large = ("a.jpg", stubs.jpeg()), ("b.jpg", stubs.jpeg(320, 240))
    codes = [row.get("error", {}).get("code") for row in post(client, small, large).json["readings"]]
    assert codes == [None, "too_large"]
    answer = post(client, small, small, small)
    assert answer.status_code == 413 and answer.json["error"]["code"] == "too_many_pictures"
    answer = post(client, ("c.jpg", bytes(60_000)))
    assert answer.status_code == 413 and answer.json["error"]["code"] == "too_large"


def test_too_many_requests_are_told_when_to_come_again(make_app):
    client = make_app(api_rate="3 per minute").test_client()
    answers = [client.get("/api/v1/models") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json["error"]["code"] == "too_fast" and int(answers[-1].headers["Retry-After"]) > 0
    assert client.get("/").status_code == 200


def test_a_failure_of_ours_is_one_file_s(client, reader):
    reader.broken = RuntimeError("inside")
    [row] = post(client, ("a.jpg", stubs.jpeg())).json["readings"]
    assert row["error"]["code"] == "failed" and "inside" not in row["error"]["message"]


def test_a_picture_is_never_on_the_disk(client, monkeypatch):
    def forbidden(*_, **__):
        raise AssertionError("a temporary file was made")
    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, forbidden)
    answer = post(client, ("a.jpg", stubs.jpeg(2000, 1500, quality=95)))
    assert "reading" in answer.json["readings"][0]


def test_the_description_is_openapi_3_1_and_true(client):
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {"/api/v1/models", "/api/v1/readings"}
    answers = {("/api/v1/models", "get"): client.get("/api/v1/models"),
               ("/api/v1/readings", "post"): post(client, ("a.jpg", stubs.jpeg()), ("b.jpg", b"no picture"))}
    for (path, method), answer in answers.items():
        schema = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(answer.json, schema | {"components": document["components"]})
