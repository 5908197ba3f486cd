"""The gunicorn configuration, used by `python -m webapp serve` and the Procfile.

One worker per process, because all requests of a live socket must reach the worker that opened it (docs/deploy.md).
Threads, because Socket.IO runs here without an event loop. No preloading, because TensorFlow does not survive a fork.
"""

import contextlib
import logging
import os
import signal
import socket
import sys
import threading

from gunicorn.glogging import Logger

from .. import settings as settings_
from . import allocator, logs
from .turns import Turns
from .worker import API, JOINING

# Python lets a thread compute for this long before another one's turn, and a frame waits for several turns, each behind
# all threads that compute. The default is 5 ms; .5 ms costs a sixth of the frames of 16 clients, 2 ms nothing.
SWITCH_SECONDS = 0.002

_settings = settings_.load()

bind = f"{f'[{_settings.host}]' if ':' in _settings.host else _settings.host}:{_settings.port}"
workers = 1
worker_class = "webapp.operations.worker.Worker"
threads = _settings.threads
timeout = 120               # seconds; loading the networks must fit in
graceful_timeout = int(_settings.drain_seconds) + 5     # seconds; draining closes the live sockets long before
control_socket_disable = True
preload_app = False
loglevel = "warning"


class GunicornLog(Logger):
    """gunicorn's log in the format of ours."""

    def setup(self, cfg):
        """Set up the handlers, then replace their formats."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.formatter(_settings))


logger_class = GunicornLog


def address(settings: settings_.Settings) -> str:
    """The URL to open in a browser."""
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def pre_fork(server, worker):
    """gunicorn hook: stop listening while the worker loads its networks, so that a proxy tries another process."""
    for listener in worker.sockets:
        with contextlib.suppress(OSError):      # outside Linux a socket that listens cannot be shut down
            listener.sock.shutdown(socket.SHUT_RD)


def post_fork(server, worker):
    """gunicorn hook: the worker has no thread yet."""
    sys.setswitchinterval(SWITCH_SECONDS)
    if not _settings.proxies:       # behind a proxy every connection has the proxy's address
        worker.turns = Turns(_settings.client_requests)


def post_worker_init(worker):
    """gunicorn hook: the application is loaded and its networks are warmed up."""
    for listener in worker.sockets:
        listener.sock.listen(worker.cfg.backlog)
    logs.capture_native_stderr()
    site = worker.wsgi.extensions["emoscope"]
    if not _settings.proxies:
        worker.strikes = {JOINING: site.live_strikes, API: site.api_strikes}
    site.reloader.start(_settings.reload_seconds)
    allocator.start_trimming()

    def drain(number, frame):
        site.drain.run(_settings.drain_seconds)
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, lambda *arguments: threading.Thread(target=drain, args=arguments).start())
    print(f"Emoscope is ready ({site.readers.engine}): {address(_settings)}", flush=True)


def worker_exit(server, worker):
    """gunicorn hook: end without Python's teardown, where DuckDB prints a page if threads of sockets still sleep."""
    if worker.booted and not worker.alive:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
