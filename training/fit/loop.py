"""The training loop: one recipe, backend-neutral Keras 3, resumable at any step.

All randomness derives from (seed, step) and a checkpoint holds all state, so an interrupted run ends
with the weights of an uninterrupted one.
"""

import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from ..backend import has_gpu
from ..data.preprocessing import preprocessed
from ..errors import TrainingError
from ..networks.build import build, with_fast_kernels
from ..networks.initial_weights import load_initial_weights
from .averaging import WeightAverage
from .batches import TrainingBatches, largest_divisor, stack, unstacked
from .checkpoint import BEFORE_DECAY, BEST, LATEST, restore_checkpoint, save_checkpoint
from .distributed import find_workers
from .evaluation import Evaluation
from .interrupts import DeferredInterrupt
from .learning_curve import read_curve, write_curve
from .sam import SAM
from .schedule import count_plateaus, decay_start, learning_rate, make_optimizer

CHECKPOINT_SECONDS = 60
EPOCH_SECONDS = 10      # on a GPU at most so often a checkpoint after an epoch: those of small networks take less
PROGRESS_SECONDS = 10
LONGEST_CHUNK = 32      # steps compiled as one
EPOCH_SHARE = 0.9       # of the time that is spent in training steps; the rest evaluates and saves


class Run:
    """A recipe in training: network, averaged weights, optimizer, batches and step."""

    def __init__(self, recipe, faces, folder):
        """faces: the data set. folder: where checkpoints and learning curves are written."""
        self.recipe, self.faces, self.folder = recipe, preprocessed(faces, recipe.preprocessing), Path(folder)
        self.workers = find_workers()
        self._check_workers()
        self.batches = TrainingBatches(recipe, self.faces, self.folder)
        keras.utils.set_random_seed(recipe.seed)
        losses = {name: keras.losses.CategoricalCrossentropy(from_logits=True) for name in recipe.label_sets}
        with self.workers.strategy.scope() if self.workers else nullcontext():
            self.model = self._build_model()
            self.model.compile(optimizer=make_optimizer(recipe, fused=self.workers is None), loss=losses,
                               loss_weights=dict(recipe.label_sets))
            self.model.optimizer.build(self.model.trainable_variables)
        self.average = WeightAverage(self.model, recipe.ema_decay)
        self._compiled = None
        if self.workers:
            self._take_step = self.workers.step_function(self.model)
        elif keras.backend.backend() == "jax":
            from .compiled_steps import CompiledSteps
            self._compiled = CompiledSteps(self.model, self.average, losses, dict(recipe.label_sets), recipe.ema_decay,
                                           recipe.sam_radius)
        elif recipe.sam_radius:
            self._take_step = SAM(self.model, recipe.sam_radius, losses, dict(recipe.label_sets))
        else:
            self._take_step = _step_function(self.model)
        self.step = 0
        self.loss = 0.0             # mean over the steps of the current epoch
        self.plateaus = 0           # how often the learning rate was cut
        self.evaluation = Evaluation(recipe, self.faces)

    @property
    def total_steps(self):
        return self.recipe.epochs * self.batches.steps_per_epoch

    @property
    def is_chief(self):
        """Whether this process reports progress and writes files; of several processes one does."""
        return self.workers is None or self.workers.is_chief

    @property
    def learning_rate(self):
        """The learning rate of the next step."""
        return self.rate_of(self.step)

    @property
    def chunk_size(self):
        """How many batches are trained on between two returns to Python: many where a GPU takes compiled steps.

        On a CPU, JAX computes a convolution inside a loop several times slower than outside.
        """
        compiled = self._compiled is not None and has_gpu()
        return largest_divisor(self.batches.steps_per_epoch, LONGEST_CHUNK) if compiled else 1

    def train_step(self, batch):
        """One step on `batch`; the mean loss of the epoch so far. Raises TrainingError if the loss is not finite."""
        if self._compiled:
            return self.train_chunk(stack([batch]))
        self.model.optimizer.learning_rate.assign(self.learning_rate)
        self._count(self._take_step(*(self.workers.shard(part) for part in batch) if self.workers else batch))
        self.average.update(self.step - 1)
        return self.loss

    def train_chunk(self, chunk):
        """One step on each batch of `chunk`, as `batches.stack` makes it; otherwise as `train_step`."""
        if not self._compiled:
            for index in range(len(chunk[0])):
                self.train_step(unstacked(chunk, index))
            return self.loss
        rates = [self.rate_of(step) for step in range(self.step, self.step + len(chunk[0]))]
        for loss in self._compiled(*chunk, rates, self.step):
            self._count(float(loss))
        return self.loss

    def fit_epochs(self, seconds, images_per_second):
        """Change the number of epochs so that `seconds` remain, unless the learning rate already decays.

        While a distillation cache is filled the speed says nothing about later epochs. A learning rate that has yet to
        decay gets at least one more epoch.
        """
        per_epoch, done = self.batches.steps_per_epoch, self.step // self.batches.steps_per_epoch
        if done > self.recipe.cached_epochs and self.step <= decay_start(self.recipe, per_epoch):
            left = seconds * EPOCH_SHARE * images_per_second / (per_epoch * self.recipe.batch_size)
            self.recipe = replace(self.recipe, epochs=done + max(int(left), 1 if self.recipe.decay_fraction else 0))

    def rate_of(self, step):
        """The learning rate of the step number `step`."""
        return learning_rate(self.recipe, step, self.batches.steps_per_epoch, self.plateaus)

    def _count(self, loss):
        """Count a step that had the loss `loss`."""
        if not np.isfinite(loss):
            raise TrainingError(f"the loss is {loss} at step {self.step}; the last checkpoint in {self.folder} is "
                                "intact. Lower learning_rate and run again")
        steps_done = self.step % self.batches.steps_per_epoch
        self.loss = (self.loss * steps_done + loss) / (steps_done + 1)
        self.step += 1

    def _check_workers(self):
        if not self.workers:
            return
        if self.recipe.batch_size % self.workers.count:
            raise TrainingError(f"batch_size must be a multiple of the {self.workers.count} processes, got "
                                f"{self.recipe.batch_size}; give --set batch_size=N")
        if self.recipe.sam_radius:
            raise TrainingError("SAM runs in one process; give --set sam_radius=0 or leave out --processes")

    def _build_model(self):
        model = build(self.recipe)
        if self.recipe.fused_batch_norm:
            model = with_fast_kernels(model)
        if self.recipe.initial_weights and not (self.folder / LATEST).exists():
            load_initial_weights(model, self.recipe.initial_weights, self.folder.parent)
        return model


def fit(recipe, faces, folder, report=print, minutes=None):
    """Train `recipe` on `faces` in `folder` to its last epoch; the Run.

    minutes: of training that fit into the epochs, whose number then follows from the measured speed; None for the
    recipe's epochs. Resumes from a checkpoint in the folder. Passes progress lines to `report`.
    Writes `checkpoint.npz` every minute and after an epoch, and the learning curves `curve.csv` and `curve.svg`. On
    SIGINT or SIGTERM it completes the step, writes the checkpoint and raises KeyboardInterrupt.
    """
    run = Run(recipe, faces, folder)
    if not run.is_chief:
        report = _ignore
    restore_checkpoint(run)
    curve = read_curve(run)
    saved = time.monotonic()
    deadline = saved + 60 * minutes if minutes else None
    if run.step:
        report(f"resuming at step {run.step} of {run.total_steps}")
    with DeferredInterrupt(enabled=run.workers is None) as interrupt:
        while run.step < run.total_steps:
            run.plateaus = count_plateaus(_validation_losses(curve), recipe.plateau_patience)
            curve.append(_train_epoch(run, interrupt, report))
            if deadline:
                run.fit_epochs(deadline - time.monotonic(), curve[-1]["pictures_per_second"])
            last = run.step >= run.total_steps
            due = last or run.chunk_size == 1 or time.monotonic() - saved > EPOCH_SECONDS
            if run.is_chief:
                write_curve(run, curve, plot=due)
            if due:
                save_checkpoint(run)
                saved = time.monotonic()
            start = decay_start(run.recipe, run.batches.steps_per_epoch)
            if recipe.decay_fraction and 0 <= start - run.step < run.batches.steps_per_epoch:
                save_checkpoint(run, BEFORE_DECAY)
            losses = _validation_losses(curve)
            if recipe.selected_epoch == "best" and losses[-1] <= min(losses):
                save_checkpoint(run, BEST)
    run.batches.close()
    return run


def shrink(recipe, faces):
    """The recipe and data reduced to a run of seconds: two epochs on 512 images."""
    rows = np.concatenate([faces.rows("Training")[:512], faces.rows("PublicTest")[:256]])
    small = replace(faces, images=faces.images[rows], labels=faces.labels[rows], split=faces.split[rows],
                    votes=None if faces.votes is None else faces.votes[rows])
    return replace(recipe, epochs=2, batch_size=64, warmup_epochs=0.5), small


def _train_epoch(run, interrupt, report):
    """Train to the end of the current epoch and evaluate; the epoch's row of the learning curve."""
    steps = run.batches.steps_per_epoch
    epoch = run.step // steps
    started, first = time.monotonic(), run.step
    last_report, next_save = 0.0, started + CHECKPOINT_SECONDS
    for chunk in run.batches.prefetch(run.step, (epoch + 1) * steps, run.chunk_size):
        loss = run.train_chunk(chunk)
        now = time.monotonic()
        images_per_second = (run.step - first) * run.recipe.batch_size / (now - started)
        if now - last_report > PROGRESS_SECONDS:
            last_report = now
            minutes_left = (run.total_steps - run.step) * run.recipe.batch_size / images_per_second / 60
            report(f"epoch {epoch + 1}/{run.recipe.epochs} step {run.step}/{run.total_steps} "
                   f"loss {loss:.4f} {images_per_second:.0f} images/s {minutes_left:.0f} min left")
        if interrupt.requested or now > next_save:
            save_checkpoint(run)
            interrupt.raise_if_requested()
            save_seconds = time.monotonic() - now
            next_save = now + max(CHECKPOINT_SECONDS, 50 * save_seconds)    # saving takes at most 2 % of the time
    row = {"epoch": epoch + 1, "step": run.step, "learning_rate": round(run.rate_of(run.step - 1), 6),
           "pictures_per_second": round(images_per_second), "loss": round(loss, 4)}
    row |= {name: round(value, 4) for name, value in run.evaluation.figures(run.average.weights).items()}
    report(" ".join(f"{name} {value}" for name, value in row.items()))
    return row


def _step_function(model):
    """A function of (images, targets, sample weights) that trains `model` one step; the loss, a float."""
    def step(images, targets, weights):
        return float(model.train_on_batch(images, targets, sample_weight=weights, return_dict=True)["loss"])
    return step


def _validation_losses(curve):
    """Each epoch's loss on PublicTest: against the labels, or against the votes where no head predicts labels."""
    return [float(row.get("public_cross_entropy") or row["public_ferplus_cross_entropy"]) for row in curve]


def _ignore(line):
    """Report nothing."""
