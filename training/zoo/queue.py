"""The queue that trains the zoo's rows one after the other, and writes the tables after each.

It always takes the first of the jobs left: the cheapest, on a GPU the dearest. Before anything else it measures the
speed of the rows that lack further seeds, as only short rows get them. A row that fails is reported and left out until
the next start. SIGINT and SIGTERM end it after the current step, with a checkpoint; the next start resumes. Several
processes may work on one queue: each takes the first job that no other has locked.
"""

import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras

from ..errors import TrainingError
from ..fit.loop import fit
from . import compare, left, mlp, plan, speed

RUN_LOCK = "queue.lock"             # in a run's folder, held by the process that trains it
TABLES_LOCK = "zoo-tables.lock"     # in the folder of the runs, held while results and tables are written


@dataclass
class Queue:
    """What is left of the zoo on this machine, and how to do it.

    tests: test_set.TestSet. runs: folder of the runs, a Path. rates: a speed.Rates. write_tables: called after each
    row. on_gpu: take the dearest job first. sweep_fraction, seeds, only: as of `plan.jobs`.
    """

    tests: Any
    runs: Any
    rates: speed.Rates
    write_tables: Any
    on_gpu: bool = False
    sweep_fraction: float = 1.0
    seeds: int = plan.SEEDS
    only: tuple = ()
    report: Any = print
    failed: dict = field(default_factory=dict)

    def left(self):
        """The jobs left, in the order in which they are done."""
        jobs = [job for job in self._jobs(self.only) if job.title not in self.failed]
        return sorted(jobs, key=lambda job: (job.whole, -job.seconds)) if self.on_gpu else jobs

    def run(self):
        """Do all jobs left that no other process does. Raises KeyboardInterrupt after a signal, once the tables are
        written.
        """
        try:
            with _terminate_as_interrupt():
                self._measure(job for job in self.left() if job.seed and not job.measured)
                while self._do_first():
                    pass
        finally:
            self.write()
            self.report(summary(self.left()))
            for title, error in self.failed.items():
                self.report(f"failed: {title}: {error}")

    def write(self):
        """Store what is left of all rows and write the tables."""
        with self._tables_locked():
            left.store(self._jobs(), self.tests.faces.label_set, self.rates.device)
            self.write_tables()

    def measure_rates(self):
        """Measure the images per second of every row left whose rate is only estimated."""
        with _terminate_as_interrupt():
            self._measure(job for job in self.left() if not job.measured)

    def _measure(self, jobs):
        """Measure the images per second of each row of `jobs` once; those that it fails for are left out."""
        rows = {}
        for job in jobs:
            if job.name != plan.MLP:
                rows.setdefault(job.name, []).append(job)
        for name, of_row in rows.items():
            results = compare.results()
            try:
                rate = speed.measure(plan.recipe_of(of_row[0], results), self.tests.faces, self.runs / of_row[0].folder,
                                     results.get(name, {}).get("multiply_adds"))
            except TrainingError as error:
                self.failed.update({job.title: error for job in of_row})
                continue
            finally:
                keras.backend.clear_session()
            self.rates.put(name, rate)
            self.report(f"{name}: {rate:.1f} images/s")

    def _jobs(self, only=()):
        return plan.jobs(self.tests.faces, self.runs, compare.results(), self.rates, self.sweep_fraction, self.seeds,
                         only)

    def _do_first(self):
        """Do the first of the jobs left that no other process has locked; whether there was one."""
        for job in self.left():
            with _lock(self.runs / job.folder / RUN_LOCK, wait=False) as locked:
                jobs = self.left() if locked else []    # another process may have done it before the lock was taken
                if job.title in {each.title for each in jobs}:
                    self.report(f"{summary(jobs)}; now {job.title}")
                    self._do(job)
                    return True
        return False

    def _tables_locked(self):
        return _lock(self.runs / TABLES_LOCK, wait=True)

    def _do(self, job):
        folder, stored = self.runs / job.folder, compare.results()
        timed = "milliseconds" in stored.get(job.name, {})
        try:
            if job.name == plan.MLP:
                result = mlp.train(self.tests, job.epochs, self.report, folder, job.seed)
            else:
                recipe = plan.recipe_of(job, stored)
                fit(recipe, self.tests.faces, folder, self.report)
                result = compare.measure_run(job.name, folder, self.tests, convert=not job.seed, time_it=not timed)
            rate, measured = self.rates.of(job.name, self.runs, stored)
            with self._tables_locked():
                compare.record(job.name, job.seed, result)
                if measured:
                    self.rates.put(job.name, rate)
            self.report(f"finished {job.title}: PublicTest {100 * result['PublicTest']['accuracy']:.1f} %")
        except TrainingError as error:
            self.failed[job.title] = error
            self.report(f"failed: {job.title}: {error}")
        finally:
            keras.backend.clear_session()
        self.write()


def summary(jobs):
    """What is left, as one line: rows, runs that complete records, and hours on this machine."""
    rows = [job for job in jobs if not job.whole]
    more = [job for job in jobs if job.whole]
    if not jobs:
        return "nothing is left"
    text = f"left: {len(rows)} {'row' if len(rows) == 1 else 'rows'}, {_hours(rows)}"
    if more:
        text += f"; {len(more)} further {'run' if len(more) == 1 else 'runs'} for records and seeds, {_hours(more)}"
    return text


def lines(jobs):
    """What is left, a line for each job."""
    for job in jobs:
        rate = "not measured" if job.rate is None else f"{job.rate:.1f} images/s{'' if job.measured else ', estimated'}"
        done = job.done / max(1, job.steps_per_epoch)
        purpose = "" if not job.whole else " (seed)" if job.seed else " (record)"
        yield f"{job.title:52}{_hours([job]):>12}  {done:.4g} of {job.epochs} epochs, {rate}{purpose}"


def _hours(jobs):
    known = sum(job.seconds for job in jobs if job.rate) / 3600
    unknown = sum(1 for job in jobs if not job.rate)
    return f"{known:.1f} hours" + (f" and {unknown} not measured" if unknown else "")


@contextmanager
def _lock(path, wait):
    """A context that holds the lock of the file `path`, which is made; it gives whether the lock was obtained.

    wait: for another process to release it. The system releases the lock of a process that ends. Windows has no such
    lock; there it is always obtained.
    """
    if sys.platform == "win32":
        yield True
        return
    import fcntl
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _terminate_as_interrupt():
    """A context in which SIGTERM raises KeyboardInterrupt, as SIGINT does, where no run defers it."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
