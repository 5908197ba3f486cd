"""Readers on the nodes of a Ray cluster, behind the same interface as the readers of a process (readers.py).

Ray Serve keeps `ray_replicas` processes, spread over the nodes, and starts a new one for one that ends. Each has the
Readers of a web process, so each joins the images that wait into batches (vision/batching.py) without waiting for a
batch to fill. A request goes to the replica with the fewer requests of two. Reading twice is harmless: if a replica
ends, its requests are sent once more, to another one.

All web processes of a cluster use the same replicas; the first one starts them. This module imports Ray only in the
functions that need it.
"""

import asyncio
import functools
import importlib.util
import logging
import math
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from . import bundles as bundles_
from . import settings as settings_
from .bundles import Bundle
from .readers import Readers, UnknownModelError, require
from .settings import Settings, SettingsError
from .vision.batching import OverloadedError
from .vision.faces import LIVE_LONG_SIDES
from .vision.gpu_memory import MemoryGuard
from .vision.reading import AbandonedError

APPLICATION = "emoscope"
LOCAL = "local"
REPLICA_SETTINGS = ("models", "model", "detector", "engine", "engine_threads", "ray_replicas")
IN_PROGRESS = 32            # requests of one replica; more wait in the web processes ...
WAITING = 256               # ... of which each holds at most this many
SECONDS = 60                # until a request counts as failed
OBJECT_STORE = 128_000_000  # bytes of shared memory of a local cluster
log = logging.getLogger(__name__)


class ReplicaLostError(OverloadedError):
    """The replicas that had the request have ended."""


def check(settings: Settings) -> None:
    """Raise SettingsError if the setting `ray` is not usable."""
    if settings.ray and not importlib.util.find_spec("ray"):
        raise SettingsError("`ray` requires the Python package ray, which is not installed; "
                            "run `pip install -r requirements-ray.txt`")
    if settings.ray and not settings.ray_replicas:
        raise SettingsError("`ray_replicas` must be at least 1, got 0")


def connect(settings: Settings) -> None:
    """Join the cluster of the setting `ray`, unless this process has joined one. Raises SettingsError."""
    import ray
    if ray.is_initialized():
        return
    options: dict[str, Any] = {"address": settings.ray}
    if settings.ray == LOCAL:
        options |= {"num_cpus": max(os.cpu_count() or 1, settings.ray_replicas), "object_store_memory": OBJECT_STORE,
                    "include_dashboard": False}
    try:
        ray.init(log_to_driver=False, logging_level=logging.WARNING, **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise SettingsError(f"`ray` must be the address of a Ray cluster that runs, `auto` or `local`, got "
                            f"{settings.ray!r} ({error})") from None


def gpus(settings: Settings) -> float:
    """The share of a GPU per process: those of the cluster divided among the replicas, at most one each."""
    import ray
    available = 0 if settings.engine == "litert" else ray.cluster_resources().get("GPU", 0)
    return min(1, math.floor(1000 * available / settings.ray_replicas) / 1000)


class RayReaders:
    """The readers of the cluster's replicas. Thread-safe."""

    engine = "ray"
    at_once = None          # the replicas read
    guards: list[MemoryGuard] = []      # each replica's are its own

    def __init__(self, settings: Settings, bundles: Mapping[str, Bundle]):
        """Start the replicas, unless the cluster has them, and wait until one can read.

        Raises SettingsError, and BundleError if no replica can start.
        """
        check(settings)
        connect(settings)
        self._settings, self._bundles = settings, bundles
        bundles_.select(bundles, settings.model, settings.models)
        try:
            self._handle = _deploy(settings, bundles)
        except RuntimeError as error:
            raise bundles_.BundleError(f"the Ray replicas cannot start: {error}") from error

    def get(self, name: str | None = None) -> "RayReader":
        """The reader of the bundle `name`, or of the default bundle. Raises UnknownModelError."""
        bundle = require(self._bundles, name or self._settings.model)
        return RayReader(bundle, functools.partial(self._call, name or self._settings.model))

    def has(self, name: str) -> bool:
        """Whether `get(name)` returns a reader."""
        return name in self._bundles

    def replace(self, name: str, bundle: Bundle | None) -> None:
        """Raise BundleError: the replicas stay as they were started."""
        raise bundles_.BundleError(f"{name}: Ray's replicas load changed bundles when they are restarted")

    def _call(self, model, method, *args, **kwargs):
        """The result of a reader's method on a replica; raises what it raises, and OverloadedError."""
        from ray.exceptions import RayActorError
        from ray.serve.exceptions import BackPressureError
        try:
            for attempt in (1, 2):
                try:
                    result, error = self._handle.remote(model, method, args, kwargs).result(timeout_s=SECONDS)
                    break
                except RayActorError:
                    log.warning("a Ray replica has ended with a request in progress (attempt %d)", attempt)
            else:
                raise ReplicaLostError("The server lost this image; try again in a moment.")
        except (BackPressureError, TimeoutError):
            raise OverloadedError("The server is overloaded; try again in a moment.") from None
        if error:
            raise error
        return result


class RayReader:
    """What vision.reading.Reader offers, on the replicas."""

    def __init__(self, bundle: Bundle, call: Callable):
        self._call, self.classifier = call, RayClassifier(bundle.card, call)

    def read(self, data, long_sides=LIVE_LONG_SIDES, threshold=0.5, refine=False, max_pixels=None,
             abandoned: Callable[[], bool] = lambda: False, **options):
        """See vision.reading.Reader.read; `abandoned` is called once, before the image is sent."""
        if abandoned():
            raise AbandonedError
        options |= {"long_sides": long_sides, "threshold": threshold, "refine": refine}
        return self._call("read", bytes(data), **options | ({"max_pixels": max_pixels} if max_pixels else {}))

    def explain(self, *args, **kwargs):
        """See vision.reading.Reader.explain."""
        return self._call("explain", *args, **kwargs)

    def preview(self, *args, **kwargs):
        """See vision.reading.Reader.preview."""
        return self._call("preview", *args, **kwargs)


class RayClassifier:
    """What the site needs of vision.expressions.ExpressionClassifier."""

    def __init__(self, card, call):
        self.card, self._call = card, call
        self.name, self.version, self.labels = card["name"], card["version"], tuple(card["labels"])

    def probabilities(self, crops):
        """float32 (n, labels); see ExpressionClassifier.probabilities."""
        return self._call("probabilities", np.asarray(crops))


class Replica:
    """One process of the deployment."""

    def __init__(self, given: Mapping[str, Any]):
        """given: REPLICA_SETTINGS of the web process that started it, and the versions of its bundles."""
        self._given = given
        settings = settings_.load({name: given[name] for name in REPLICA_SETTINGS}, environ={})
        self._readers = Readers(settings, bundles_.find(settings.path("models")))
        self._threads = ThreadPoolExecutor(IN_PROGRESS)

    async def __call__(self, model: str, method: str, args: tuple, kwargs: Mapping[str, Any]):
        """(result, None) of a reader's method, or (None, exception)."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, model, method, args, kwargs)

    def given(self) -> Mapping[str, Any]:
        """What it was started with."""
        return self._given

    def _run(self, model, method, args, kwargs):
        try:
            reader = self._readers.get(model)
            owner = reader.classifier if method == "probabilities" else reader
            return getattr(owner, method)(*args, **kwargs), None
        except (LookupError, ValueError, OverloadedError, UnknownModelError) as error:     # ImageError included
            return None, error


def _deploy(settings, bundles):
    """The handle of the deployment, which is started unless the cluster has it with the same settings and models."""
    from ray import serve
    given = {name: getattr(settings, name) for name in REPLICA_SETTINGS}
    given["versions"] = {name: bundle.card["version"] for name, bundle in bundles.items() if bundle.card}
    serve.start(proxy_location="Disabled")      # the web processes are the only clients
    running = _running(serve)
    if running and _given(running) == given:
        return running
    deployment = serve.deployment(Replica).options(
        num_replicas=settings.ray_replicas, max_ongoing_requests=IN_PROGRESS, max_queued_requests=WAITING,
        graceful_shutdown_timeout_s=settings.drain_seconds, health_check_period_s=2, health_check_timeout_s=10,
        ray_actor_options={"num_cpus": 1, "num_gpus": gpus(settings)})
    return serve.run(deployment.bind(given), name=APPLICATION, route_prefix=None)


def _running(serve):
    """The handle of the deployment, which may be starting, or None if the cluster does not have it."""
    application = serve.status().applications.get(APPLICATION)
    usable = application and application.status in ("RUNNING", "DEPLOYING", "UNHEALTHY")
    return serve.get_app_handle(APPLICATION) if usable else None


def _given(handle):
    """What the replicas were started with, or None if they do not answer."""
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException
    try:
        return handle.given.remote().result(timeout_s=SECONDS)
    except (RayError, RayServeException, TimeoutError):
        return None
