"""/healthz, /readyz and /metrics."""

import logging

from webapp import create_app


def test_healthz_names_model_and_engine(client):
    assert client.get("/healthz").json == {"ready": True, "model": "stub 1.0.0", "engine": "given", "rejected": []}


def test_metrics_can_be_disabled(make_app):
    assert "emoscope_live_clients 0.0" in make_app().test_client().get("/metrics").text
    assert make_app(metrics=False).test_client().get("/metrics").status_code == 404


def test_process_without_the_default_model_is_live_but_not_ready(tmp_path, reader):
    client = create_app({"models": str(tmp_path)}, reader=reader).test_client()
    for path, status in [("/healthz", 200), ("/readyz", 503)]:
        response = client.get(path)
        assert response.status_code == status and response.json["ready"] is False and response.json["model"] is None


def test_draining_process_is_live_but_not_ready_and_refuses_new_live_clients(app, client):
    assert client.get("/readyz").status_code == 200
    handshake = "/socket.io/?EIO=4&transport=polling"
    session = client.get(handshake).text.split('"')[3]
    app.extensions["emoscope"].drain.run(0.1)
    assert client.get("/readyz").status_code == 503 and client.get("/healthz").status_code == 200
    refusal = client.get(handshake)
    assert refusal.status_code == 503 and refusal.headers["Retry-After"] == "1"
    assert client.get(f"{handshake}&sid={session}").status_code != 503


def test_post_to_a_closed_session_is_a_client_error(app, client):
    session = client.get("/socket.io/?EIO=4&transport=polling").text.split('"')[3]
    app.extensions["socketio"].server.eio.sockets[session].closed = True
    assert client.post(f"/socket.io/?EIO=4&transport=polling&sid={session}", data="40").status_code == 400


def test_session_ids_start_with_the_name_of_the_process(make_app):
    handshake = make_app(process="p1").test_client().get("/socket.io/?EIO=4&transport=polling")
    assert '"sid":"p1.' in handshake.text


def test_log_level_applies_to_all_modules(make_app):
    make_app(log_level="error")
    loggers = [logging.getLogger(f"webapp.{name}") for name in ("factory", "live.namespace", "photos.api")]
    assert [logger.getEffectiveLevel() for logger in loggers] == [logging.ERROR] * 3
    make_app()
