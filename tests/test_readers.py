"""The readers of the published bundles, with the real detector and networks."""

import threading

import pytest
import stubs

from webapp import bundles, create_app, settings
from webapp.readers import Readers, UnknownModelError
from webapp.settings import ROOT

pytestmark = pytest.mark.skipif(not (ROOT / "static/detector/detector.json").is_file(),
                                reason="the detector is not built")


@pytest.fixture(scope="module")
def readers():
    loaded = settings.load({"engine": "litert"}, environ={})
    return Readers(loaded, bundles.find(loaded.path("models")))


def test_default_model_is_ready(readers):
    [face] = readers.get().read(stubs.jpeg(640, 480), threshold=0.4)["faces"]
    assert face["expression"] == "happiness" and sum(face["votes"].values()) == 10
    assert readers.engine == "litert"


def test_another_model_is_loaded_once_under_concurrent_requests(readers):
    name = next(name for name in bundles.find(ROOT / "static/models") if name != readers.get().classifier.name)
    found = []
    threads = [threading.Thread(target=lambda: found.append(readers.get(name))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(map(id, found))) == 1
    assert found[0].classifier.name == name
    assert found[0].detector is readers.get().detector
    assert found[0].read(stubs.jpeg(640, 480))["model"]["name"] == name


def test_unknown_model_raises_an_error(readers):
    with pytest.raises(UnknownModelError, match="There is no model 'nope' here"):
        readers.get("nope")


def test_exhausted_memory_of_a_gpu_is_in_the_metrics():
    pytest.importorskip("tensorflow")
    app = create_app({"engine": "keras", "api_rate": ""})
    site = app.extensions["emoscope"]
    assert "emoscope_gpu_memory_errors 0.0" in site.metrics.text().decode()

    def run(rows):
        raise MemoryError("CUDA_ERROR_OUT_OF_MEMORY")
    for guard in site.readers.guards:
        guard._run = run
    [face] = site.readers.get().read(stubs.jpeg(640, 480), threshold=0.4)["faces"]
    assert face["expression"] == "happiness"
    text = site.metrics.text().decode()
    on_cpu = sum(guard.limit == 0 for guard in site.readers.guards)
    assert on_cpu >= 3 and f"emoscope_gpu_networks_on_cpu {on_cpu:.1f}" in text
    assert f"emoscope_gpu_memory_errors {sum(guard.errors for guard in site.readers.guards):.1f}" in text
