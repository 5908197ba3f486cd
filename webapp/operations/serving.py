"""How the site is served: gunicorn's configuration, read by `python -m webapp serve` and by the Procfile alike.

One worker a process, because a live socket must meet the worker that opened it (docs/deploy.md); threads,
because the socket library has no event loop here; no preload, because TensorFlow does not survive a fork.
"""

from .. import settings as settings_

_settings = settings_.load()

bind = f"{f'[{_settings.host}]' if ':' in _settings.host else _settings.host}:{_settings.port}"
workers = 1
worker_class = "gthread"
threads = _settings.threads
timeout = 120               # seconds a worker may take to load its networks
graceful_timeout = 2        # seconds; an open live socket would hold a worker for the default of 30
control_socket_disable = True
preload_app = False
loglevel = "warning"


def address(settings):
    """Where a browser finds the site."""
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def post_worker_init(worker):
    """gunicorn's hook: the application is loaded, its networks are warm."""
    engine = worker.wsgi.extensions["emoscope"].readers.engine
    print(f"Emoscope is ready ({engine}): {address(_settings)}", flush=True)
