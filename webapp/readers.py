"""The readers of a process: one shared face detector and one network per bundle, loaded on first use."""

import logging
import os
import threading
from collections.abc import Mapping
from typing import Any

from . import bundles as bundles_
from .bundles import Bundle, BundleError
from .settings import Settings
from .vision import engines, expressions
from .vision.allocator import keep_freed_memory
from .vision.faces import FaceDetector
from .vision.gpu_memory import MemoryGuard
from .vision.reading import Reader

log = logging.getLogger(__name__)


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
        keep_freed_memory()
        try:
            self._engine = engines.select(settings.engine)
            self._detector = FaceDetector(settings.path("detector"), settings.engine_threads, self._engine)
        except (OSError, KeyError, ValueError) as error:
            raise BundleError(f"{default.folder}: the network cannot be loaded: {error}") from error
        self._readers[default.name] = self._load(default, warm=True)

    @property
    def engine(self) -> str:
        """The engine of all networks: `litert` or `keras`."""
        return self._engine

    @property
    def at_once(self) -> int | None:
        """How many frames are best read at once: one per core of this process, and one that is about to end.

        None if there is no limit: a GPU runs the networks of all frames in one batch.
        """
        return cores() + 1 if self._engine == "litert" else None

    @property
    def guards(self) -> list[MemoryGuard]:
        """What guards the GPU's memory for the loaded networks; empty on the CPU."""
        classifiers = [reader.classifier for reader in list(self._readers.values())]
        return [*self._detector.guards, *(classifier.guard for classifier in classifiers if classifier.guard)]

    def get(self, name: str | None = None) -> Reader:
        """The Reader of the bundle `name`, or of the default bundle.

        Raises UnknownModelError, also if the network cannot be loaded because its files have changed or are gone.
        """
        name = name or self._settings.model
        bundle = require(self._bundles, name)
        if name in self._readers:       # without the lock: no caller waits while another network loads
            return self._readers[name]
        with self._lock:
            if name not in self._readers:
                try:
                    self._readers[name] = self._load(bundle)
                except BundleError as error:
                    log.error("%s", error)
                    raise UnknownModelError(f"The model {name!r} cannot be loaded at present.") from error
            return self._readers[name]

    def has(self, name: str) -> bool:
        """Whether the network of the bundle `name` is loaded."""
        return name in self._readers

    def replace(self, name: str, bundle: Bundle | None) -> None:
        """Read with `bundle`, which is valid, from now on; None forgets the network.

        The new network is loaded only if the old one is. Raises BundleError; then the loaded network stays.
        """
        new = self._load(bundle, warm=True) if bundle and self.has(name) else None
        with self._lock:
            old = self._readers.pop(name, None)
            if new:
                self._readers[name] = new
        if old:
            old.close()

    def _load(self, bundle, warm=False):
        """A Reader of the bundle, warmed up if `warm`. Raises BundleError."""
        try:
            network = expressions.load(bundle.folder, self._engine, self._settings.engine_threads, bundle.card)
            reader = Reader(self._detector, network)
            if warm:
                reader.warm_up()
        except (OSError, KeyError, ValueError) as error:
            raise BundleError(f"{bundle.folder}: the network cannot be loaded: {error}") from error
        return reader


class FixedReader:
    """Returns the same reader for every bundle: for tests, and for programs that bring their own reader."""

    engine = "given"
    at_once = None
    guards: list[MemoryGuard] = []

    def __init__(self, reader: Any, bundles: Mapping[str, Bundle]):
        self._reader, self._bundles = reader, bundles

    def get(self, name: str | None = None) -> Any:
        """The reader. Raises UnknownModelError as Readers does."""
        if name:
            require(self._bundles, name)
        return self._reader

    def has(self, name: str) -> bool:
        """Whether `get(name)` returns the reader."""
        return name in self._bundles

    def replace(self, name: str, bundle: Bundle | None) -> None:
        """As Readers.replace: the given reader stays."""


def cores() -> int:
    """The number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def require(bundles: Mapping[str, Bundle], name: str) -> Bundle:
    """The valid bundle `name`. Raises UnknownModelError."""
    bundle = bundles.get(name)
    if bundle is None or bundle.error:
        raise UnknownModelError(f"There is no model {name!r} here.")
    return bundle
