"""The readers of a Ray cluster of two nodes: the readings of a process's readers, errors, and a replica that ends."""

import importlib.util
import io
import os
import signal
import threading
import time

import psutil
import pytest
import stubs

from webapp import bundles, create_app, ray_readers, settings
from webapp.readers import Readers, UnknownModelError
from webapp.settings import SettingsError
from webapp.vision.batching import OverloadedError
from webapp.vision.reading import AbandonedError

CLIENTS = 4


def without_times(reading):
    return {name: value for name, value in reading.items() if name != "milliseconds"}


@pytest.fixture(scope="module")
def in_process():
    loaded = settings.load({"engine": "litert"}, environ={})
    return Readers(loaded, bundles.find(loaded.path("models"))).get()


def test_live_frames_are_read_as_in_process(ray_app, in_process):
    client = ray_app.extensions["socketio"].test_client(ray_app, namespace="/live")
    assert client.emit("hello", namespace="/live", callback=True)["engine"] == "ray"
    for number, width in enumerate((640, 320, 480)):
        data = stubs.jpeg(width, width * 3 // 4)
        result = client.emit("frame", {"id": number}, data, namespace="/live", callback=True)
        assert without_times(result["reading"]) == without_times(in_process.read(data, threshold=0.4))
        assert result["reading"]["faces"]
    result = client.emit("frame", {"id": 9}, b"text", namespace="/live", callback=True)
    assert result["error"]["code"] == "not_a_picture"
    client.disconnect(namespace="/live")


def test_another_model_is_read_and_classified(ray_app, in_process):
    name = next(name for name in ray_app.extensions["emoscope"].bundles if name != in_process.classifier.name)
    reader = ray_app.extensions["emoscope"].readers.get(name)
    [face] = reader.read(stubs.jpeg(640, 480))["faces"]
    assert set(face["probabilities"]) == set(reader.classifier.labels)
    assert reader.read(stubs.jpeg(640, 480))["model"]["name"] == name
    with pytest.raises(UnknownModelError):
        ray_app.extensions["emoscope"].readers.get("none")
    with pytest.raises(AbandonedError):
        reader.read(stubs.jpeg(), abandoned=lambda: True)


def replicas():
    """The processes of the replicas, started by this process."""
    return [process for process in psutil.Process().children(recursive=True)
            if " ".join(process.cmdline()).startswith("ray::ServeReplica")]


def test_a_killed_replica_loses_at_most_the_frames_in_flight(ray_app):
    reader, data = ray_app.extensions["emoscope"].readers.get(), stubs.jpeg(640, 480)
    before, stop, outcomes = replicas(), threading.Event(), []
    assert len(before) == 2

    def send():
        while not stop.is_set():
            try:
                outcomes.append((time.monotonic(), len(reader.read(data, threshold=0.4)["faces"])))
            except OverloadedError:
                outcomes.append((time.monotonic(), "lost"))

    threads = [threading.Thread(target=send) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        _wait(lambda: len(outcomes) > 2 * CLIENTS)
        os.kill(before[0].pid, signal.SIGKILL)
        killed = time.monotonic()
        _wait(lambda: sum(when > killed for when, _ in outcomes) > 5 * CLIENTS)
        _wait(lambda: len({process.pid for process in replicas()} - {process.pid for process in before}) == 1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    results = [outcome for _, outcome in outcomes]
    assert results.count("lost") <= CLIENTS
    assert results.count(1) == len(results) - results.count("lost")


def test_a_second_web_process_uses_the_same_replicas(ray_app, ray_address):
    before = {process.pid for process in replicas()}
    again = create_app({"ray": ray_address, "ray_replicas": 2, "engine": "litert", "photo_threshold": 0.5})
    image = io.BytesIO(stubs.jpeg(640, 480))
    response = again.test_client().post("/api/v1/readings", data={"picture": (image, "a.jpg")})
    assert response.json["readings"][0]["reading"]["faces"][0]["expression"] == "happiness"
    assert {process.pid for process in replicas()} == before


def test_ray_that_is_not_installed_is_a_setup_error(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="requirements-ray.txt"):
        create_app({"ray": "auto"})


def test_no_replica_is_a_setup_error():
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    with pytest.raises(SettingsError, match="ray_replicas"):
        ray_readers.check(settings.load({"ray": "local", "ray_replicas": 0}, environ={}))


def _wait(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.05)


@pytest.mark.parametrize("engine, available, replicas, expected", [
    ("litert", 4, 2, 0), ("auto", 0, 2, 0), ("auto", 4, 2, 1), ("keras", 1, 12, 0.083), ("keras", 2, 4, 0.5)])
def test_gpus_are_divided_among_the_replicas(monkeypatch, engine, available, replicas, expected):
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 8.0, "GPU": float(available)})
    given = settings.load({"engine": engine, "ray": "auto", "ray_replicas": replicas}, environ={})
    assert ray_readers.gpus(given) == expected
