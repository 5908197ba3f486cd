"""Several web processes on one machine, with nginx in front and Redis beside: `python -m webapp cluster`.

The cluster restarts a process that ends. On SIGHUP it replaces the web processes one by one: the new process starts and
becomes ready, nginx sends new visitors to it, and the old one finishes its frames and ends. No visitor is refused.
"""

import contextlib
import itertools
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import SetupError
from ..settings import INSTALLED, ROOT, Settings, as_environment

SERVE = (sys.executable, "-m", "webapp", "serve")
READY_SECONDS = 120.0       # loading the networks must fit in
POLL_SECONDS = 0.2
RELOAD_SECONDS = 0.5        # until nginx's old workers accept no more connections
STEADY_SECONDS = 60.0       # a child that lived as long is restarted at once
MAX_DELAY_SECONDS = 30.0    # between restarts of a child that ends again and again

_MAIN = """\
daemon off;
pid {folder}/nginx.pid;
error_log stderr crit;     # the cluster reports a process that ends, not every request that it costs
worker_processes auto;
worker_rlimit_nofile {files};
events {{ worker_connections {connections}; }}
http {{
    server_tokens off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {root}/deploy/nginx/http.conf;
    include {folder}/processes.conf;
    server {{
        listen {address};
        include {root}/deploy/nginx/locations.conf;
    }}
}}
"""


class Child:
    """A program that the cluster starts, restarts and stops."""

    def __init__(self, name: str, command: Sequence[str], port: int, environment: dict[str, str] | None = None):
        self.name, self.port = name, port
        self._command, self._environment = command, os.environ | (environment or {})
        self._restart_at: float | None = None
        self._delay = 0.0
        self.start()

    def start(self) -> None:
        """Start it in a process group of its own, which a Ctrl-C in the terminal does not reach."""
        self._restart_at, self._started = None, time.monotonic()
        self.process = subprocess.Popen(self._command, env=self._environment, cwd=None if INSTALLED else ROOT,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)

    @property
    def description(self) -> str:
        return f"{self.name} starts (process {self.process.pid}, port {self.port})"

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def accepts(self) -> bool:
        """Whether the port accepts connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def state(self) -> dict[str, Any]:
        """The response of /readyz if its status is 200, otherwise an empty object."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as response:
                return json.load(response)
        except (OSError, ValueError):
            return {}

    def revive(self, report: Callable[[str], None]) -> None:
        """If it has ended, start it again: at once the first time, then after a growing delay."""
        if not self.ended:
            return
        now = time.monotonic()
        if self._restart_at is None:
            self.kill()
            self._delay = 0.0 if now - self._started > STEADY_SECONDS else min(MAX_DELAY_SECONDS, 2 * self._delay)
            self._restart_at = now + self._delay
            self._delay = max(1.0, self._delay)
            report(f"{self.name} ended with status {self.process.returncode}"
                   + (f"; it starts again in {self._restart_at - now:.0f} s" if self._restart_at > now else ""))
        if now >= self._restart_at:
            self.start()
            report(self.description)

    def signal(self, number: signal.Signals) -> None:
        if not self.ended:
            self.process.send_signal(number)

    def wait(self, seconds: float) -> None:
        """Wait until it has ended; kill it after `seconds`."""
        try:
            self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill it and what it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class _StopError(Exception):
    """The cluster received SIGTERM or SIGINT."""


class Cluster:
    """`count` web processes with nginx and, unless the setting `message_queue` names one, Redis."""

    def __init__(self, settings: Settings, count: int, command: Sequence[str] = SERVE,
                 report: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True)):
        """command: starts one web process with the settings in its environment. Raises SetupError."""
        if count < 1:
            raise SetupError(f"`--processes` must be a positive integer, got {count}")
        self._settings, self._count, self._command, self._report = settings, count, command, report
        needed = ["nginx"] if settings.message_queue else ["nginx", "redis-server"]
        self._programs = {name: _find_program(name) for name in needed}
        self._numbers = itertools.count(1)
        self._starting: list[Child] = []    # load their networks
        self._web: list[Child] = []         # receive new visitors
        self._leaving: list[Child] = []     # finish their frames
        self._others: dict[str, Child] = {}
        self._stop = self._restart = False

    def run(self) -> None:
        """Start everything, print the address, and supervise until SIGTERM or SIGINT. Raises SetupError."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_restart)
        with tempfile.TemporaryDirectory(prefix="emoscope-") as folder:
            self._folder = Path(folder)
            self._folder.chmod(0o711)       # for nginx's workers
            try:
                self._start()
                while True:
                    self._pause()
                    if self._restart:
                        self._restart = False
                        self._replace_all()
            except _StopError:
                pass
            finally:
                self._stop_all()

    def _on_stop(self, *_):
        self._stop = True

    def _on_restart(self, *_):
        self._restart = True

    def _start(self):
        queue = self._settings.message_queue
        if not queue:
            port = _free_port()
            self._others["Redis"] = Child("Redis", [self._programs["redis-server"], "--port", str(port), "--bind",
                                                    "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
                                                    str(self._folder)], port)
            queue = f"redis://127.0.0.1:{port}/0"
            self._wait("Redis", self._others["Redis"].accepts)
        self._queue = queue
        for child in [self._start_process() for _ in range(self._count)]:
            if not self._wait_ready(child):
                raise SetupError(f"the web process {child.name} did not start; its messages are above")
            self._web.append(child)
        engine = self._web[0].state().get("engine")
        self._configure()
        host, port = self._settings.host, self._settings.port
        host = f"[{host}]" if ":" in host else host
        files = min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        (self._folder / "nginx.conf").write_text(_MAIN.format(
            folder=self._folder, root=ROOT, address=f"{host}:{port}", files=files, connections=files // 2))
        self._others["nginx"] = Child("nginx", [self._programs["nginx"], "-p", str(self._folder), "-e", "stderr", "-c",
                                                str(self._folder / "nginx.conf")], port)
        self._wait("nginx", lambda: _responds(host, port))
        shown = {"0.0.0.0": "localhost", "[::]": "localhost"}.get(host, host)
        count = "1 process" if self._count == 1 else f"{self._count} processes"
        print(f"Emoscope is ready ({engine}, {count}): http://{shown}:{port}", flush=True)

    def _start_process(self):
        name, port = f"p{next(self._numbers)}", _free_port()
        child = Child(name, self._command, port, as_environment(vars(self._settings) | {
            "host": "127.0.0.1", "port": port, "process": name, "message_queue": self._queue,
            "proxies": self._settings.proxies + 1}))
        self._starting.append(child)
        self._report(child.description)
        return child

    def _replace_all(self):
        """Replace every web process by a new one, without a moment in which fewer than `count` are ready."""
        self._report("rolling restart")
        for old in list(self._web):
            new = self._start_process()
            if not self._wait_ready(new):
                self._report(f"{new.name} did not start; the rolling restart ends, {old.name} stays")
                return
            self._web[self._web.index(old)] = new
            self._leaving.append(old)
            self._configure()
            old.signal(signal.SIGTERM)
            end = time.monotonic() + self._settings.drain_seconds + 10
            while not old.ended and time.monotonic() < end:
                self._pause()
            old.wait(0)
            self._leaving.remove(old)
            self._report(f"{new.name} has replaced {old.name}")
        self._configure()
        self._report("rolling restart finished")

    def _configure(self):
        """Write the processes into nginx's configuration; reload it if it is running."""
        (self._folder / "processes.conf").write_text(processes_conf(
            {child.name: f"127.0.0.1:{child.port}" for child in self._web},
            {child.name: f"127.0.0.1:{child.port}" for child in self._leaving}))
        if "nginx" in self._others:
            self._others["nginx"].signal(signal.SIGHUP)
            time.sleep(RELOAD_SECONDS)

    def _pause(self):
        """Restart what has ended, then sleep a moment. Raises _StopError."""
        if self._stop:
            raise _StopError
        for child in (*self._others.values(), *self._web):
            child.revive(self._report)
        time.sleep(POLL_SECONDS)

    def _wait(self, name, condition):
        end = time.monotonic() + READY_SECONDS
        while not condition():
            if self._others[name].ended or time.monotonic() > end:
                raise SetupError(f"{name} did not start; its messages are above")
            self._pause()

    def _wait_ready(self, child):
        """Whether the starting web process is ready within READY_SECONDS; kill it if not."""
        end = time.monotonic() + READY_SECONDS
        while not (ready := bool(child.state().get("ready"))) and not child.ended and time.monotonic() < end:
            self._pause()
        self._starting.remove(child)
        if not ready:
            child.kill()
        return ready

    def _stop_all(self):
        """Stop the web processes, all at the same time, then nginx and Redis."""
        web, end = self._starting + self._web + self._leaving, time.monotonic() + self._settings.drain_seconds + 10
        for child in web:
            child.signal(signal.SIGTERM)
        for child in web:
            child.wait(end - time.monotonic())
        for child in self._others.values():
            child.signal(signal.SIGTERM)
        for child in self._others.values():
            child.wait(5)


def processes_conf(web: dict[str, str], leaving: dict[str, str] | None = None) -> str:
    """nginx's upstreams for processes {name: address}: those that receive new visitors, and those that do not any more.

    A session id is NAME.RANDOM (the setting `process`), so a request of a live session goes to its process, and
    everything else to the process with the fewest connections. New sessions have an upstream of their own: the
    refusals of a process that is full do not count against it for pages.
    """
    every = web | (leaving or {})
    servers = _lines(f"    server {address} max_fails=1 fail_timeout=1s;" for address in web.values())
    balanced = "\n".join(f"upstream {name} {{\n    zone {name} 64k;\n    least_conn;\n{servers}}}\n"
                         for name in ("emoscope", "emoscope_live"))
    own = _lines(f"upstream emoscope_{name} {{ server {address}; }}" for name, address in every.items())
    routes = _lines(f'    "~^{name}\\."  emoscope_{name};' for name in every)
    return ("# For the http block: the processes. Session ids start with the name of their process.\n\n"
            f"{balanced}\n{own}\nmap $arg_sid $emoscope_process {{\n    default  emoscope_live;\n{routes}}}\n")


def _lines(lines: Iterable[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _find_program(name: str) -> str:
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    if path is None:
        raise SetupError(f"the cluster requires {name}, which is not installed; run tools/cluster, or "
                         f"apt-get install {name}")
    return path


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _responds(host: str, port: int) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    try:
        return urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=5).status == 200
    except OSError:
        return False
