"""The gunicorn configuration, used by `python -m webapp serve` and the Procfile.

One worker per process, because all requests of a live socket must reach the worker that opened it (docs/deploy.md).
Threads, because Socket.IO runs here without an event loop. No preloading, because TensorFlow does not survive a fork.
"""

from .. import settings as settings_

_settings = settings_.load()

bind = f"{f'[{_settings.host}]' if ':' in _settings.host else _settings.host}:{_settings.port}"
workers = 1
worker_class = "gthread"
threads = _settings.threads
timeout = 120               # seconds; loading the networks must fit in
graceful_timeout = 2        # seconds; an open live socket would block a worker for the default of 30
control_socket_disable = True
preload_app = False
loglevel = "warning"


def address(settings: settings_.Settings) -> str:
    """The URL to open in a browser."""
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def post_worker_init(worker):
    """gunicorn hook: the application is loaded and its networks are warmed up."""
    engine = worker.wsgi.extensions["emoscope"].readers.engine
    print(f"Emoscope is ready ({engine}): {address(_settings)}", flush=True)
