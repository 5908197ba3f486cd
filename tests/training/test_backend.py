"""The Keras backend: TensorFlow where it is installed, otherwise JAX or PyTorch; a user's choice is kept."""

import pytest

from training import backend


@pytest.mark.parametrize(("installed", "chosen"), [
    (("tensorflow", "jax", "torch"), None), (("jax", "torch"), "jax"), (("torch",), "torch"), ((), None)])
def test_an_installed_backend_is_chosen(monkeypatch, installed, chosen):
    monkeypatch.setattr(backend, "has_package", lambda name: name in installed)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    backend.choose_backend()
    assert backend.os.environ.get("KERAS_BACKEND") == chosen
    monkeypatch.delenv("KERAS_BACKEND", raising=False)


def test_a_users_choice_is_kept(monkeypatch):
    monkeypatch.setattr(backend, "has_package", lambda name: name == "jax")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    backend.choose_backend()
    assert backend.os.environ["KERAS_BACKEND"] == "torch"


def test_device_names_backend_and_kind(monkeypatch):
    monkeypatch.setitem(backend._DETECTORS, "tensorflow", lambda: True)
    assert backend.device() == "tensorflow gpu"
    monkeypatch.setitem(backend._DETECTORS, "tensorflow", lambda: False)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    assert backend.device() == "tensorflow cpu, 1 core"
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    assert backend.device() == "tensorflow cpu, 3 cores"
