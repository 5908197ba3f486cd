"""Prometheus metrics. Each application has its own registry, so tests do not share counters."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)     # seconds


class Metrics:
    """Counts readings, faces and errors by source (`live` or `api`), and times the steps of a reading.

    Also counts requests by status, and reports memory, processor time, open files and threads of the process.
    """

    def __init__(self):
        self.registry = CollectorRegistry()
        self._readings = Counter("emoscope_readings", "Images read", ["source"], registry=self.registry)
        self._faces = Counter("emoscope_faces", "Faces found", ["source"], registry=self.registry)
        self._frames = Counter("emoscope_frames", "Frames sent with faces to follow, by what was searched", ["search"],
                               registry=self.registry)
        self._errors = Counter("emoscope_errors", "Images not read", ["source", "code"], registry=self.registry)
        self._steps = Histogram("emoscope_step_seconds", "Duration of one step of a reading", ["step"],
                                buckets=BUCKETS, registry=self.registry)
        self._requests = Counter("emoscope_requests", "HTTP requests", ["status"], registry=self.registry)
        self._closed = Counter("emoscope_live_closed", "Live connections closed for what they sent", ["reason"],
                               registry=self.registry)
        for reason in ("errors", "huge_message", "not_joined"):
            self._closed.labels(reason)
        ProcessCollector(registry=self.registry)
        self.add_gauge("emoscope_threads", "Threads of the process", threading.active_count)

    def count_reading(self, source: str, reading: Mapping[str, Any]) -> None:
        """Count a Reading returned to `source`."""
        self._readings.labels(source).inc()
        self._faces.labels(source).inc(len(reading["faces"]))
        if "followed" in reading:
            self._frames.labels("followed" if reading["followed"] else "whole").inc()
        for step, milliseconds in reading["milliseconds"].items():
            self._steps.labels(step).observe(milliseconds / 1000)

    def count_error(self, source: str, code: str) -> None:
        """Count an error returned to `source`."""
        self._errors.labels(source, code).inc()

    def count_request(self, status: int) -> None:
        """Count an HTTP request with this status."""
        self._requests.labels(str(status)).inc()

    def count_closed(self, reason: str) -> None:
        """Count a live connection that was closed for `reason`: errors, huge_message or not_joined."""
        self._closed.labels(reason).inc()

    def add_gauge(self, name: str, help: str, function: Callable[[], float]) -> None:
        """Add a gauge whose value is `function()` at each scrape."""
        Gauge(name, help, registry=self.registry).set_function(function)

    def text(self) -> bytes:
        """All metrics in Prometheus text format."""
        return generate_latest(self.registry)
