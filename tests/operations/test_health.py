"""/healthz and /metrics."""

import logging

from webapp import create_app


def test_healthz_names_model_and_engine(client):
    assert client.get("/healthz").json == {"ready": True, "model": "stub 1.0.0", "engine": "given"}


def test_metrics_can_be_disabled(make_app):
    assert "emoscope_live_clients 0.0" in make_app().test_client().get("/metrics").text
    assert make_app(metrics=False).test_client().get("/metrics").status_code == 404


def test_healthz_is_503_without_the_default_model(tmp_path, reader):
    response = create_app({"models": str(tmp_path)}, reader=reader).test_client().get("/healthz")
    assert response.status_code == 503 and response.json["ready"] is False and response.json["model"] is None


def test_log_level_applies_to_all_modules(make_app):
    make_app(log_level="error")
    loggers = [logging.getLogger(f"webapp.{name}") for name in ("factory", "live.namespace", "photos.api")]
    assert [logger.getEffectiveLevel() for logger in loggers] == [logging.ERROR] * 3
    make_app()
