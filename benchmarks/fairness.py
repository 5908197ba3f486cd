"""Which kind of misbehavior costs a well-behaved visitor how much: one kind at a time, on the same server.

    python -m benchmarks.fairness [KIND ...] [--connections 22] [--seconds 15] [--closing] [-- OPTIONS OF serve]

Starts the site. A visitor (benchmarks.soak) sends frames and loads pages; each KIND of benchmarks.misbehavior (default:
all, then all together) runs beside it. Prints the visitor's delays, and the processor time of the server and of the
clients that misbehave, in % of one CPU. With --closing they connect to a process that closes every connection
at once, so that what remains is their own share of this machine.
"""

import argparse
import multiprocessing
import socket
import statistics
import time

import psutil

from benchmarks import live, misbehavior, soak

SETTLE_SECONDS = 4          # after a kind has started, and after it has ended


def main():
    kinds = {kind.__name__: [kind] for kind in misbehavior.KINDS}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"{', '.join(kinds)}, all (default: each of them)")
    parser.add_argument("--connections", type=int, default=22, help="that misbehave at the same time (default: 22)")
    parser.add_argument("--seconds", type=float, default=15, help="duration of each kind (default: 15)")
    parser.add_argument("--closing", action="store_true", help="let the clients connect to a process that closes")
    options, others = parser.parse_known_args()
    kinds["all"] = list(misbehavior.KINDS)
    server, url = live.start("jury-live", *(one for one in others if one != "--"))
    try:
        measurement = Measurement(server.pid, url, options)
        print("| kind | frame p50, p95 (ms) | page p50, p95 (ms) | lost | server (% CPU) | clients (% CPU) "
              "|\n|---|--:|--:|--:|--:|--:|", flush=True)
        print(measurement.row("none", []), flush=True)
        for name in options.kinds or kinds:
            print(measurement.row(f"`{name}`", kinds[name]), flush=True)
        print(measurement.row("none", []), flush=True)
        measurement.stop.set()
    finally:
        server.terminate()


class Measurement:
    """A visitor of a server, and what it notices."""

    def __init__(self, pid, url, options):
        self.options, self.address = options, ("127.0.0.1", int(url.rpartition(":")[2]))
        self.server = psutil.Process(psutil.Process(pid).children()[0].pid)     # gunicorn's worker
        self.context = multiprocessing.get_context("spawn")
        self.stop, self.queue = self.context.Event(), self.context.Queue()
        self.context.Process(target=soak.visit, args=(url, self.queue, self.stop), daemon=True).start()
        if options.closing:
            port = self.context.Value("i", 0)
            self.context.Process(target=close_connections, args=(port,), daemon=True).start()
            while not port.value:
                time.sleep(0.1)
            self.address = ("127.0.0.1", port.value)
        time.sleep(8)

    def row(self, name, kinds):
        """A row of the table: the delays while clients of these kinds misbehave."""
        hostile = None
        if kinds:
            hostile_stop = self.context.Event()
            hostile = self.context.Process(target=soak.misbehave, daemon=True, args=(
                self.address, self.options.connections, hostile_stop, [kind.__name__ for kind in kinds]))
            hostile.start()
            time.sleep(SETTLE_SECONDS)
        self._delays()
        processes = [self.server] + ([psutil.Process(hostile.pid)] if hostile else [])
        before, started = [soak.processor_seconds(process) for process in processes], time.monotonic()
        time.sleep(self.options.seconds)
        shares = [100 * (soak.processor_seconds(process) - seconds) / (time.monotonic() - started)
                  for process, seconds in zip(processes, before, strict=True)] + [0]
        delays = self._delays()
        if hostile:
            hostile_stop.set()
            hostile.join(10)
            hostile.kill()
            time.sleep(SETTLE_SECONDS)
        return (f"| {name} | {_quantiles(delays, 'frame')} | {_quantiles(delays, 'page')} | "
                f"{sum(delay is None for _, delay, _ in delays)} | {shares[0]:.0f} | {shares[1]:.0f} |")

    def _delays(self):
        """What the visitor has measured since the last call."""
        found = []
        while not self.queue.empty():
            found.append(self.queue.get())
        return found


def _quantiles(delays, kind):
    found = [delay for _, delay, one in delays if one == kind and delay is not None]
    if len(found) < 2:
        return "–"
    return ", ".join(f"{statistics.quantiles(found, n=20)[index]:.0f}" for index in (9, 18))


def close_connections(port):
    """Accept connections and close each at once."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        port.value = listener.getsockname()[1]
        while True:
            listener.accept()[0].close()


if __name__ == "__main__":
    main()
