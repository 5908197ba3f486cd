"""Images per second of the zoo's training runs on this machine: measured, or estimated from a row that was measured.

Always those of the fastest step or epoch, the measure least affected by other load; of a step on a CPU at least what
its processor time allows on one core.
"""

import csv
import json
import os
import time

from ..backend import has_gpu
from ..errors import TrainingError

FILE = "zoo-speed.json"
PROBE_SECONDS = 4.0
#: A step of a probe computes at most so many multiply-adds, so that large networks fit in memory.
PROBE_MULTIPLY_ADDS = 3e10
WARM_UP_STEPS = 2


class Rates:
    """The measured rates, {recipe: images per second}, stored in the file `path` per Keras backend and device."""

    def __init__(self, path, device):
        """device: `backend.device()` of this machine."""
        self._path, self.device = path, device
        self._all = self._stored()

    @property
    def measured(self):
        return self._all.get(self.device, {})

    def put(self, name, rate):
        """Store `rate`, images per second, for the row `name`. What other processes stored meanwhile is kept."""
        self._all = self._stored()
        self._all.setdefault(self.device, {})[name] = float(f"{rate:.4g}")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        partial.write_text(json.dumps(self._all, indent=1, sort_keys=True) + "\n")
        os.replace(partial, self._path)

    def _stored(self):
        return json.loads(self._path.read_text()) if self._path.is_file() else {}

    def of(self, name, runs, results):
        """(images per second, whether measured) of the row `name`; (None, False) where nothing is known.

        Measured is the fastest epoch of the row's run in the folder `runs`, or the stored rate if it is higher.
        Estimated is the rate of the measured row with the nearest number of multiply-adds, times the ratio of the two.
        """
        rate = max(run_rate(runs / name) or 0.0, self.measured.get(name, 0.0))
        if rate:
            return rate, True
        known = {each: rate for each, rate in self.measured.items() if _multiply_adds(results, each)}
        own = _multiply_adds(results, name)
        if not known or not own:
            return None, False
        nearest = min(known, key=lambda each: abs(_multiply_adds(results, each) - own))
        return known[nearest] * _multiply_adds(results, nearest) / own, False


def run_rate(folder):
    """Images per second of the fastest epoch of the run in `folder`, or None."""
    if not (folder / "curve.csv").is_file():
        return None
    with open(folder / "curve.csv", newline="") as file:
        rates = [float(row["pictures_per_second"]) for row in csv.DictReader(file) if row.get("pictures_per_second")]
    return max(rates, default=0.0) or None


def measure(recipe, faces, folder, multiply_adds=None):
    """Images per second of the fastest of some training steps of `recipe` on `faces`; nothing is written.

    folder: of the row's run. multiply_adds: of one image, which limits the size of a step.
    """
    from dataclasses import replace

    from ..fit.loop import Run
    if multiply_adds:
        most = max(1, int(PROBE_MULTIPLY_ADDS / multiply_adds))
        recipe = replace(recipe, batch_size=min(recipe.batch_size, most))
    run = Run(recipe, faces, folder)
    if run.total_steps < WARM_UP_STEPS + 1:
        raise TrainingError(f"{recipe.name}: the schedule has {run.total_steps} steps, too few to measure their speed")
    for step in range(WARM_UP_STEPS):
        run.train_step(run.batches.batch(step))
    started, fastest = time.monotonic(), float("inf")
    for step in range(WARM_UP_STEPS, run.total_steps):
        before, processor_before = time.monotonic(), time.process_time()
        run.train_step(run.batches.batch(step))
        seconds = [time.monotonic() - before, *([] if has_gpu() else [time.process_time() - processor_before])]
        fastest = min(fastest, *seconds)
        if time.monotonic() - started >= PROBE_SECONDS:
            break
    return recipe.batch_size / fastest


def _multiply_adds(results, name):
    return results.get(name, {}).get("multiply_adds")
