"""Endurance: frames, photos and connections that misbehave, and what a well-behaved visitor notices of them.

    python -m benchmarks.soak [--frames 100000] [--photos 10000] [--connections 200] [--minutes M] [--out FILE.svg]

Starts the site with its default model. Clients read frames and photos for the whole run; in its middle half the
connections of benchmarks.misbehavior are open, too. Prints a table of the quarters before, the half with and the
quarter after them, and draws memory, threads, open files and the visitor's delays. All of it shares this machine.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import statistics
import sys
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

import psutil
import socketio

from benchmarks import live, misbehavior

FRAMES_PER_SECOND = 5       # of the visitor
PHASES = ("before", "during", "after")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=100_000, help="frames read by other clients (default: 100000)")
    parser.add_argument("--photos", type=int, default=10_000, help="photos posted to the API (default: 10000)")
    parser.add_argument("--connections", type=int, default=200, help="connections that misbehave (default: 200)")
    parser.add_argument("--clients", type=int, default=2, help="clients that read the frames (default: 2)")
    parser.add_argument("--pause", type=float, default=0.02, help="s between the frames of a client (default: .02)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after this time (default: never)")
    parser.add_argument("--out", type=Path, help="write the diagram to this .svg or .png")
    options = parser.parse_args()
    server, url = live.start("jury-live")
    try:
        run = Run(server.pid, url, options)
        run.go()
        print(run.report(), flush=True)
        if options.out:
            draw(run, options.out)
    finally:
        server.terminate()
        started = time.monotonic()
        server.wait(120)
        print(f"\nThe server ended {time.monotonic() - started:.0f} s after SIGTERM.")


class Run:
    """One run against a server; its measurements."""

    def __init__(self, pid, url, options):
        self.url, self.options = url, options
        self.address = (url.removeprefix("http://").split(":")[0], int(url.rpartition(":")[2]))
        self.process = psutil.Process(psutil.Process(pid).children()[0].pid)        # gunicorn's worker
        self.context = multiprocessing.get_context("spawn")
        self.samples = []       # (s, MB, threads, open files, processor s of the server, of what misbehaves)
        self.hostile = None     # the process of the connections that misbehave
        self.delays = []        # (s, ms, kind) of the visitor: kind is frame or page
        self.boundaries = []    # s of the start and the end of the misbehavior
        self.counts = Counter()

    def go(self):
        """Run everything until all frames and photos are read."""
        stop, hostile_stop, queue = self.context.Event(), self.context.Event(), self.context.Queue()
        frames, photos = self.context.Value("i", 0), self.context.Value("i", 0)
        options, workers = self.options, []

        def start(function, *arguments):
            workers.append(self.context.Process(target=function, args=arguments, daemon=True))
            workers[-1].start()

        start(visit, self.url, queue, stop)
        for _ in range(options.clients):
            start(read_frames, self.url, frames, options.frames, options.pause, stop)
        start(read_photos, self.address, photos, options.photos, frames, options.frames, stop)
        time.sleep(5)           # everybody has connected
        self.started = time.monotonic()
        done = 0.0
        while done < 1:
            self._sample(queue)
            done = max(min(frames.value / max(1, options.frames), photos.value / max(1, options.photos)),
                       self._now() / 60 / options.minutes)
            if self.hostile is None and done >= 0.25:
                self.boundaries.append(self._now())
                process = self.context.Process(target=misbehave, daemon=True,
                                               args=(self.address, options.connections, hostile_stop))
                process.start()
                self.hostile = psutil.Process(process.pid)
            if len(self.boundaries) == 1 and done >= 0.75:
                hostile_stop.set()
                self.boundaries.append(self._now())
            time.sleep(1)
        stop.set()
        hostile_stop.set()
        self._sample(queue)
        self.counts.update(frames=frames.value, photos=photos.value)
        for worker in workers:
            worker.join(20)

    def _now(self):
        return time.monotonic() - self.started

    def _sample(self, queue):
        memory = self.process.memory_info().rss / 1e6
        self.samples.append((self._now(), memory, self.process.num_threads(), self.process.num_fds(),
                             processor_seconds(self.process), processor_seconds(self.hostile)))
        while not queue.empty():
            moment, milliseconds, kind = queue.get()
            self.delays.append((moment - self.started, milliseconds, kind))
            self.counts[f"{kind} lost"] += milliseconds is None

    def phase(self, moment):
        """Which of PHASES the time is in."""
        return PHASES[sum(moment >= boundary for boundary in self.boundaries)]

    def quantile(self, kind, phase, share):
        """Quantile of the delays in ms; nan without any."""
        found = [delay for moment, delay, one in self.delays
                 if one == kind and delay is not None and self.phase(moment) == phase]
        return statistics.quantiles(found, n=100)[round(100 * share) - 1] if len(found) > 1 else float("nan")

    def report(self):
        """The table in Markdown."""
        options, lines = self.options, []
        lines.append(f"{self.counts['frames']:,} frames, {self.counts['photos']:,} photos, {options.connections} "
                     f"connections that misbehave, {self.samples[-1][0]:.0f} s, load of the machine at the end "
                     f"{psutil.getloadavg()[0]:.0f} on {psutil.cpu_count()} cores. Of the visitor's requests, "
                     f"{self.counts['frame lost']} frames and {self.counts['page lost']} pages failed.")
        lines += ["", "| | before | during | after |", "|---|--:|--:|--:|"]
        for kind, share in (("frame", 0.5), ("frame", 0.95), ("page", 0.5), ("page", 0.95)):
            values = " | ".join(f"{self.quantile(kind, phase, share):.1f}" for phase in PHASES)
            lines.append(f"| visitor's {kind}, p{round(100 * share)} (ms) | {values} |")
        for name, column in (("memory (MB)", 1), ("threads", 2), ("open files", 3)):
            cells = []
            for phase in PHASES:
                found = [sample[column] for sample in self.samples if self.phase(sample[0]) == phase] or [float("nan")]
                cells.append(f"{statistics.median(found):.0f} (maximum {max(found):.0f})")
            lines.append(f"| {name}, median | {' | '.join(cells)} |")
        for name, column in (("server", 4), ("connections that misbehave", 5)):
            cells = [f"{self._share(column, phase):.0f}" for phase in PHASES]
            lines.append(f"| processor time of the {name} (% CPU) | {' | '.join(cells)} |")
        return "\n".join(lines)

    def _share(self, column, phase):
        """Processor time per time of a phase, in %."""
        found = [sample for sample in self.samples if self.phase(sample[0]) == phase]
        if len(found) < 2:
            return float("nan")
        return 100 * (found[-1][column] - found[0][column]) / (found[-1][0] - found[0][0])


def processor_seconds(process):
    """Processor time of a process so far in s; 0 without a process, or when it has ended."""
    try:
        times = process.cpu_times() if process else None
    except psutil.NoSuchProcess:
        times = None
    return times.user + times.system if times else 0.0


def visit(url, queue, stop):
    """The well-behaved visitor: a frame FRAMES_PER_SECOND times per second, a page every second."""
    frames, client, number = live.make_frames(), None, 0
    while not stop.is_set():
        started = time.monotonic()
        try:
            if client is None:
                client = live.connect(url)
            result = client.call("frame", (live.header(number), frames[number % len(frames)]), namespace="/live",
                                 timeout=20)
            queue.put((started, 1000 * (time.monotonic() - started) if "reading" in result else None, "frame"))
        except (socketio.exceptions.SocketIOError, OSError):
            queue.put((started, None, "frame"))
            with contextlib.suppress(Exception):
                client.disconnect()
            client = None
        number += 1
        if number % FRAMES_PER_SECOND == 0:
            queue.put(_page(url))
        stop.wait(max(0, started + 1 / FRAMES_PER_SECOND - time.monotonic()))
    if client:
        client.disconnect()


def _page(url):
    started = time.monotonic()
    try:
        urllib.request.urlopen(url + "/about", timeout=20).read()
        return started, 1000 * (time.monotonic() - started), "page"
    except OSError:
        return started, None, "page"


def read_frames(url, done, total, pause, stop):
    """A client that sends the next frame a moment after each result, and connects again when disconnected."""
    frames, client, number = live.make_frames(), None, 0
    while done.value < total and not stop.is_set():
        try:
            client = client or live.connect(url)
            result = client.call("frame", (live.header(number), frames[number % len(frames)]), namespace="/live",
                                 timeout=30)
            if "reading" in result:
                with done.get_lock():
                    done.value += 1
        except (socketio.exceptions.SocketIOError, OSError):
            client = None
        number += 1
        stop.wait(pause)


def read_photos(address, done, total, frames, frame_total, stop):
    """Post photos, spread over the time that the frames take."""
    photos = live.make_frames()
    while done.value < total and not stop.is_set():
        if done.value / total > frames.value / max(1, frame_total) and frames.value < frame_total:
            stop.wait(0.05)
            continue
        with contextlib.suppress(OSError):
            status, body = misbehavior.post(address, photos[done.value % len(photos)], source="127.0.0.1")
            if status == 200 and "reading" in json.loads(body)["readings"][0]:
                done.value += 1
                continue
        stop.wait(0.2)


def misbehave(address, count, stop, kinds=None):
    """`count` connections that misbehave, of all kinds alike or of those named `kinds`, from several addresses.

    They stand for other machines, so they leave the processor to the server where they can.
    """
    os.nice(19)
    event = threading.Event()
    functions = [kind for kind in misbehavior.KINDS if kinds is None or kind.__name__ in kinds]
    threads = [threading.Thread(target=functions[number % len(functions)], args=(address, event), daemon=True)
               for number in range(count)]
    threading.excepthook = lambda arguments: print(f"misbehavior: {arguments.exc_value!r}", file=sys.stderr)
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    stop.wait()
    event.set()


def draw(run, path):
    """Four curves over time; the time of the misbehavior is shaded."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    plt.rcParams |= {"svg.hashsalt": "soak", "font.size": 9}
    figure, axes = plt.subplots(4, 1, figsize=(8, 7), sharex=True, constrained_layout=True)
    moments = [sample[0] for sample in run.samples]
    for axis, name, column in zip(axes, ("memory (MB)", "threads", "open files"), (1, 2, 3), strict=False):
        axis.plot(moments, [sample[column] for sample in run.samples], linewidth=1)
        axis.set_ylabel(name)
    for kind in ("frame", "page"):
        axes[3].plot(*_p95_over_time(run, kind), linewidth=1, label=f"visitor's {kind}, p95 in 20 s")
    axes[3].set_ylabel("delay (ms)")
    axes[3].set_yscale("log")
    axes[3].legend()
    axes[3].set_xlabel("seconds; shaded: with connections that misbehave")
    for axis in axes[:3]:
        axis.set_ylim(bottom=0)
    for axis in axes:
        axis.axvspan(*(run.boundaries + moments[-1:])[:2], color="0.9")
        axis.grid(alpha=0.3)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _p95_over_time(run, kind, seconds=20):
    buckets = {}
    for moment, delay, one in run.delays:
        if one == kind and delay is not None:
            buckets.setdefault(int(moment // seconds), []).append(delay)
    moments = sorted(buckets)
    return [(one + 0.5) * seconds for one in moments], [sorted(buckets[one])[int(0.95 * (len(buckets[one]) - 1))]
                                                        for one in moments]


if __name__ == "__main__":
    main()
