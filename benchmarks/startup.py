"""Start-up of the server: seconds until it answers and until it is ready, processor seconds, memory.

    python -m benchmarks.startup [--runs 3]

Answers: the first 200 of /healthz. Ready: the first 200 of /readyz. Processor seconds and memory are those of all
processes of the server when it is ready; PSS counts a page that n processes share as 1/n. On a busy machine the
processor seconds say more than the others. Linux only.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 120     # seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="number of starts (default: 3)")
    for one in (measure() for _ in range(parser.parse_args().runs)):
        print(", ".join(f"{name} {value:.2f}" for name, value in one.items()), flush=True)


def measure():
    """{"answers", "ready", "processor": seconds, "pss", "rss": MB}."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as instance:
        started = time.perf_counter()
        command = [sys.executable, "-m", "webapp", "serve", "--port", str(port), "--instance", instance]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            result = {name: wait(f"http://127.0.0.1:{port}/{path}", server) - started
                      for name, path in (("answers", "healthz"), ("ready", "readyz"))}
            processes = [server.pid, *children(server.pid)]
            return result | {"processor": sum(map(processor_seconds, processes)),
                             "pss": sum(memory(one, "Pss") for one in processes),
                             "rss": max(memory(one, "Rss") for one in processes)}
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(LIMIT)


def wait(url, server):
    """The time.perf_counter() at which `url` answers with 200."""
    deadline = time.perf_counter() + LIMIT
    while time.perf_counter() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=LIMIT) as response:
                if response.status == 200:
                    return time.perf_counter()
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise SystemExit(f"error: {url} does not answer; run `python -m webapp serve` to see why")


def children(process):
    """Ids of the child processes."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [one for one in found if stat(one)[1:2] == [str(process)]]


def processor_seconds(process):
    """User and system time."""
    return sum(map(int, stat(process)[11:13])) / os.sysconf("SC_CLK_TCK")


def stat(process):
    """The fields of /proc/PROCESS/stat after the name; empty if the process has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def memory(process, name):
    """MB: `Rss` or `Pss`."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


if __name__ == "__main__":
    main()
