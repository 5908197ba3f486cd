"""The readers of a process: one detector, and for each bundle a network, loaded when first asked for."""

import threading

from . import bundles as bundles_
from .vision import expressions
from .vision.faces import LIVE, FaceDetector
from .vision.reading import Reader


class UnknownModel(Exception):  # noqa: N818 - says what is the matter
    """No whole bundle has the name that was asked for; the text is for people."""


class Readers:
    """`get(name)` is the reader of a bundle, shared by all who ask."""

    def __init__(self, settings, bundles):
        """bundles: {name: Bundle}. Loads the detector and the default network, and warms them up.

        Raises BundleError, vision.faces.DetectorMissing.
        """
        self._settings, self._bundles = settings, bundles
        self._lock, self._readers = threading.Lock(), {}
        self._detector = FaceDetector(settings.path("detector"), settings.engine_threads)
        chosen = bundles_.choose(bundles, settings.model, settings.models)
        try:
            self.get(chosen.name).warm_up(LIVE)
        except (OSError, KeyError, ValueError) as error:
            raise bundles_.BundleError(f"{chosen.folder}: the network cannot be loaded: {error}") from error

    @property
    def engine(self):
        """`litert` or `keras`, of the default network."""
        return self.get().expressions.engine

    def get(self, name=None):
        """The Reader of the bundle `name`, of the default one where None. Raises UnknownModel."""
        name = name or self._settings.model
        bundle = self._bundles.get(name)
        if bundle is None or bundle.error:
            raise UnknownModel(f"There is no model {name!r} here.")
        if name in self._readers:       # without the lock, so that nobody waits for another's network to load
            return self._readers[name]
        with self._lock:
            if name not in self._readers:
                network = expressions.load(bundle.folder, self._settings.engine, self._settings.engine_threads)
                self._readers[name] = Reader(self._detector, network)
            return self._readers[name]


class OneReader:
    """The given reader for every bundle there is: for tests, and for programs with a reader of their own."""

    def __init__(self, reader, bundles, engine="given"):
        self._reader, self._bundles, self.engine = reader, bundles, engine

    def get(self, name=None):
        """The reader. Raises UnknownModel as Readers does."""
        if name and (name not in self._bundles or self._bundles[name].error):
            raise UnknownModel(f"There is no model {name!r} here.")
        return self._reader
