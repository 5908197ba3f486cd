"""What the process has done, for Prometheus. One registry an application, so that tests share nothing."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

STEPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)     # seconds


class Metrics:
    """`read` and `failed` count; `watch` names what is asked when the numbers are."""

    def __init__(self):
        self.registry = CollectorRegistry()
        self._readings = Counter("emoscope_readings", "Pictures read", ["source"], registry=self.registry)
        self._faces = Counter("emoscope_faces", "Faces found", ["source"], registry=self.registry)
        self._errors = Counter("emoscope_errors", "Pictures not read", ["source", "code"], registry=self.registry)
        self._steps = Histogram("emoscope_step_seconds", "Time of one step of a reading", ["step"], buckets=STEPS,
                                registry=self.registry)

    def read(self, source, reading):
        """Count a reading that `source`, live or api, was answered."""
        self._readings.labels(source).inc()
        self._faces.labels(source).inc(len(reading["faces"]))
        for step, milliseconds in reading["milliseconds"].items():
            self._steps.labels(step).observe(milliseconds / 1000)

    def failed(self, source, code):
        """Count an error that `source` was answered."""
        self._errors.labels(source, code).inc()

    def watch(self, name, help, function):
        """A gauge that asks `function` for its number."""
        Gauge(name, help, registry=self.registry).set_function(function)

    def text(self):
        """Prometheus's text format, bytes."""
        return generate_latest(self.registry)
