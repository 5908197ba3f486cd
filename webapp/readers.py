"""The readers of a process: one shared face detector and one network per bundle, loaded on first use."""

import threading
from collections.abc import Mapping
from typing import Any

from . import bundles as bundles_
from .bundles import Bundle
from .settings import Settings
from .vision import engines, expressions
from .vision.faces import FaceDetector
from .vision.gpu_memory import MemoryGuard
from .vision.reading import Reader


class UnknownModelError(Exception):
    """No valid bundle has the requested name. The message is for visitors."""


class Readers:
    """Loads and caches one Reader per bundle. Thread-safe."""

    def __init__(self, settings: Settings, bundles: Mapping[str, Bundle]):
        """Load and warm up the detector and the default network.

        Raises BundleError and vision.faces.DetectorMissingError.
        """
        self._settings, self._bundles = settings, bundles
        self._lock = threading.Lock()
        self._readers: dict[str, Reader] = {}
        default = bundles_.select(bundles, settings.model, settings.models)
        try:
            self._engine = engines.select(settings.engine)
            self._detector = FaceDetector(settings.path("detector"), settings.engine_threads, self._engine)
            self.get(default.name).warm_up()
        except (OSError, KeyError, ValueError) as error:
            raise bundles_.BundleError(f"{default.folder}: the network cannot be loaded: {error}") from error

    @property
    def engine(self) -> str:
        """The engine of all networks: `litert` or `keras`."""
        return self._engine

    @property
    def guards(self) -> list[MemoryGuard]:
        """What guards the GPU's memory for the loaded networks; empty on the CPU."""
        classifiers = [reader.classifier for reader in list(self._readers.values())]
        return [*self._detector.guards, *(classifier.guard for classifier in classifiers if classifier.guard)]

    def get(self, name: str | None = None) -> Reader:
        """The Reader of the bundle `name`, or of the default bundle. Raises UnknownModelError."""
        name = name or self._settings.model
        bundle = require(self._bundles, name)
        if name in self._readers:       # without the lock: no caller waits while another network loads
            return self._readers[name]
        with self._lock:
            if name not in self._readers:
                network = expressions.load(bundle.folder, self._engine, self._settings.engine_threads)
                self._readers[name] = Reader(self._detector, network)
            return self._readers[name]


class FixedReader:
    """Returns the same reader for every bundle: for tests, and for programs that bring their own reader."""

    engine = "given"
    guards: list[MemoryGuard] = []

    def __init__(self, reader: Any, bundles: Mapping[str, Bundle]):
        self._reader, self._bundles = reader, bundles

    def get(self, name: str | None = None) -> Any:
        """The reader. Raises UnknownModelError as Readers does."""
        if name:
            require(self._bundles, name)
        return self._reader


def require(bundles: Mapping[str, Bundle], name: str) -> Bundle:
    """The valid bundle `name`. Raises UnknownModelError."""
    bundle = bundles.get(name)
    if bundle is None or bundle.error:
        raise UnknownModelError(f"There is no model {name!r} here.")
    return bundle
