"""Train a recipe: one loop, backend-neutral Keras 3, resumable to the step.

Everything random is drawn from (seed, step), and a checkpoint holds all that changes, so a
run that was killed goes on from its last checkpoint to the same end.
"""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from ..data.augmentation import augment, blend
from ..data.labels import LABEL_SETS, translate
from ..data.preprocessing import prepared, proportional
from ..errors import TrainingError
from ..networks import pretrained
from ..networks.build import build, fused, read_checkpoint
from ..recipes import completed
from .distillation import Teacher
from .distillation_cache import Views
from .distributed import workers
from .interrupts import Stopping
from .learning_curve import read_curve, write_curve
from .sam import SharpnessAware
from .schedule import decay_start, learning_rate, optimizer, plateaus

EVERY = 60      # seconds between checkpoints


class Run:
    """A recipe being trained in a folder: network, averaged weights, optimiser, step."""

    def __init__(self, recipe, faces, folder):
        self.recipe, self.faces, self.folder = recipe, prepared(faces, recipe.preparation), Path(folder)
        self.rows = faces.rows("Training")
        if recipe.subset < 1:
            self.rows = proportional(faces.labels, self.rows, recipe.subset, recipe.seed)
        if len(self.rows) < recipe.batch:
            raise TrainingError(f"{len(self.rows)} Training pictures are fewer than one batch of {recipe.batch}")
        self.targets = [targets(faces, name, recipe.label_smoothing) for name in recipe.label_sets]
        self.teacher = Teacher(recipe, self.folder.parent) if recipe.teachers else None
        self.workers = workers()
        if self.workers and recipe.batch % self.workers.count:
            raise TrainingError(f"a batch of {recipe.batch} cannot be shared by {self.workers.count} processes; "
                                "give --set batch=N")
        self.views = None
        if recipe.views:
            self.views = Views(self.folder, recipe.views, self.steps_per_epoch * recipe.batch, faces.images.shape[1:],
                               {name: len(LABEL_SETS[name]) for name in recipe.label_sets})
        keras.utils.set_random_seed(recipe.seed)
        with self.workers.strategy.scope() if self.workers else nullcontext():
            self.model = fused(build(recipe)) if recipe.fused else build(recipe)
            if recipe.start and not (self.folder / "checkpoint.npz").exists():
                pretrained.start(self.model, recipe.start)
            loss = {name: keras.losses.CategoricalCrossentropy(from_logits=True) for name in recipe.label_sets}
            self.model.compile(optimizer=optimizer(recipe), loss=loss, loss_weights=dict(recipe.label_sets))
            self.model.optimizer.build(self.model.trainable_variables)
        self.stepped = self.workers.stepper(self.model) if self.workers else self._stepped
        if recipe.sharpness:
            if self.workers:
                raise TrainingError("sharpness is for one process; leave it or --processes out")
            self.stepped = SharpnessAware(self.model, recipe.sharpness, loss, dict(recipe.label_sets))
        self.average = [np.array(weight) for weight in self.model.get_weights()]
        self.step = self.cuts = 0
        self.loss = 0.0     # mean of the epoch so far
        self.judge = build(replace(recipe, precision="float32"))

    @property
    def steps_per_epoch(self):
        return len(self.rows) // self.recipe.batch

    @property
    def total_steps(self):
        return self.recipe.epochs * self.steps_per_epoch

    def batch(self, step):
        """Pictures float32 (batch, h, w, 1), targets and weights by head, for one step."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if self.views and epoch >= self.views.epochs:
            images, blended, weights = self.views.again(epoch, place, self.recipe.batch, self.recipe.seed)
        else:
            images, blended, weights = self._made(epoch, place)
            if self.views:
                self.views.keep(step, images, blended, weights)
        return images, self._by_head(blended), self._by_head(weights)

    def _made(self, epoch, place):
        """A batch disturbed, blended and taught: pictures, lists of targets and of weights."""
        recipe = self.recipe
        order = np.random.default_rng([recipe.seed, epoch]).permutation(self.rows)
        rows = np.sort(order[place * recipe.batch:(place + 1) * recipe.batch])
        rng = np.random.default_rng([recipe.seed, epoch, place])
        images = augment(self.faces.images[rows], recipe.augmentation, rng)
        images, blended, weights = blend(images, [wanted[rows] for wanted, _ in self.targets],
                                         [weight[rows] for _, weight in self.targets], recipe.augmentation, rng)
        if self.teacher:
            blended, weights = self.teacher.teach(images, blended, weights)
        return images, blended, weights

    def _by_head(self, values):
        return dict(zip(self.recipe.label_sets, values, strict=True))

    def train_step(self, batch):
        """One step on `batch`; the mean loss of the epoch so far. Raises TrainingError on a loss that is not finite."""
        self.model.optimizer.learning_rate.assign(
            learning_rate(self.recipe, self.step, self.steps_per_epoch, self.cuts))
        loss = self.stepped(*(self.workers.part(each) for each in batch) if self.workers else batch)
        if not np.isfinite(loss):
            raise TrainingError(f"the loss is {loss} at step {self.step}; the weights of the last "
                                f"checkpoint are kept in {self.folder}. Lower learning_rate and run again")
        if self.recipe.averaging:
            momentum = min(self.recipe.averaging, (1 + self.step) / (10 + self.step))
            for kept, now in zip(self.average, self.model.get_weights(), strict=True):
                kept += (1 - momentum) * (now - kept)
        done = self.step % self.steps_per_epoch
        self.loss = (self.loss * done + loss) / (done + 1)
        self.step += 1
        return self.loss

    def _stepped(self, images, wanted, weights):
        logs = self.model.train_on_batch(images, wanted, sample_weight=weights, return_dict=True)
        return float(logs["loss"])

    @property
    def speaks(self):
        """Whether this process is the one that prints and writes."""
        return self.workers is None or self.workers.chief

    def judge_public(self):
        """Figures of the averaged weights on PublicTest, which is what choices are made on."""
        if not self.recipe.averaging:
            self.average = self.model.get_weights()
        self.judge.set_weights(self.average)
        rows = self.faces.rows("PublicTest")[:self.recipe.judged or None]
        figures = {}
        for name, logits in self._logits(rows).items():
            log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
            if name == "ferplus":
                figures |= _against_votes(log_p, self.faces.expression_votes[rows])
            else:
                truth = translate(self.faces.labels[rows], self.faces.label_set, name)
                field = "public_fer2013_accuracy" if name == "fer2013" else "public_accuracy"
                figures[field] = float((log_p.argmax(1) == truth).mean())
                figures["public_cross_entropy"] = float(-log_p[np.arange(len(truth)), truth].mean())
        return figures

    def _logits(self, rows, pixels=256 * 48 * 48):
        """{label set: logits} of `rows`, a few pictures in memory at a time: fewer of large ones."""
        at_once = max(1, pixels // int(np.prod(self.judge.input_shape[1:3])))
        parts = [self.judge.predict_on_batch(self.faces.images[rows[at:at + at_once]].astype(np.float32)[..., None])
                 for at in range(0, len(rows), at_once)]
        return {name: np.concatenate([part[name] for part in parts]) for name in self.recipe.label_sets}

    def save(self, name="checkpoint.npz"):
        """Write the whole state; the old file stays whole until the new one is.

        Raises TrainingError where it cannot be written, or where a weight is not finite. Of several
        processes the first alone writes.
        """
        if not self.speaks:
            return
        if not self.recipe.averaging:
            self.average = self.model.get_weights()
        arrays = {f"weights_{i}": value for i, value in enumerate(self.model.get_weights())}
        arrays |= {f"average_{i}": value for i, value in enumerate(self.average)}
        if not all(np.isfinite(value).all() for value in arrays.values()):
            raise TrainingError(f"a weight is not finite after step {self.step}; the weights of the last "
                                f"checkpoint are kept in {self.folder}. Lower learning_rate and run again")
        arrays |= {f"optimizer_{i}": np.asarray(variable) for i, variable in enumerate(self.model.optimizer.variables)}
        arrays |= {f"random_{i}": np.asarray(variable) for i, variable in enumerate(self._random())}
        path = self.folder / name
        partial = path.with_suffix(".partial.npz")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            np.savez(partial, step=self.step, loss=self.loss, recipe=self.recipe.as_json(),
                     data_md5=self.faces.md5, **arrays)
            os.replace(partial, path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise TrainingError(f"{path}: cannot be written ({error}); the last checkpoint is whole. "
                                "Make room and run the same command again") from None

    def _random(self):
        """The states that dropout draws from."""
        return [variable for variable in self.model.variables if variable.path.endswith("seed_generator_state")]

    def restore(self):
        """Go on from the folder's checkpoint, if there is one.

        Raises TrainingError for one that is unreadable, another recipe's, or of other data.
        """
        path = self.folder / "checkpoint.npz"
        if not path.exists():
            return
        state = read_checkpoint(path)
        if "recipe" not in state:
            raise TrainingError(f"{path}: does not say which recipe made it; remove it to start again")
        theirs, ours = completed(json.loads(str(state["recipe"]))), json.loads(self.recipe.as_json())
        differing = sorted(key for key in ours if ours[key] != theirs.get(key) and key != "epochs")
        if differing:
            raise TrainingError(f"{path} was made by another recipe (differs in {', '.join(differing)}); "
                                "remove it or give another --out")
        if str(state["data_md5"]) != self.faces.md5:
            raise TrainingError(f"{path} was trained on other data (md5 {state['data_md5']}, now {self.faces.md5}); "
                                "give that data or another --out")
        if self.views and not self.views.kept(int(state["step"]), self.recipe.batch):
            raise TrainingError(f"{self.folder}: pictures kept of the first epochs (views-*.npy) are gone; "
                                f"remove {path.name} to start again")
        earlier = self.folder / "before-decay.npz"
        fell = decay_start(replace(self.recipe, epochs=theirs["epochs"]), self.steps_per_epoch) < int(state["step"])
        if theirs["epochs"] < ours["epochs"] and fell and earlier.exists():
            state = read_checkpoint(earlier)    # made longer: from where the learning rate began to fall
        self.model.set_weights([state[f"weights_{i}"] for i in range(len(self.average))])
        self.average = [state[f"average_{i}"] for i in range(len(self.average))]
        for i, variable in enumerate(self.model.optimizer.variables):
            variable.assign(state[f"optimizer_{i}"])
        for i, variable in enumerate(self._random()):
            if f"random_{i}" in state:      # younger than some checkpoints
                variable.assign(state[f"random_{i}"])
        self.step = int(state["step"])
        self.loss = float(state.get("loss", 0.0))


def targets(faces, label_set, smoothing):
    """Targets float32 (n, labels), rows sum to 1, and weights float32 (n,) for one head.

    FER+: the shares of the votes on the eight expressions, weighted by how many of the ten
    votes those are. Others: the one label, smoothed.
    """
    labels = len(LABEL_SETS[label_set])
    if label_set == "ferplus":
        votes = faces.expression_votes
        total = votes.sum(1)
        return votes / np.maximum(total, 1)[:, None], (total / 10).astype(np.float32)
    hot = np.eye(labels, dtype=np.float32)[translate(faces.labels, faces.label_set, label_set)]
    return hot * (1 - smoothing) + smoothing / labels, np.ones(len(hot), np.float32)


def fit(recipe, faces, folder, say=print):
    """Train `recipe` on `faces` in `folder` until its last epoch; the Run.

    Prints progress through `say`, writes `checkpoint.npz` every minute and after each epoch, and
    `curve.csv` and `curve.svg` (learning curves). Goes on from a checkpoint that is there. Told to
    stop (SIGINT, SIGTERM) it ends its step, writes the checkpoint and raises KeyboardInterrupt.
    """
    run = Run(recipe, faces, folder)
    say = say if run.speaks else lambda line: None
    run.restore()
    curve = read_curve(run)
    if run.step:
        say(f"going on from step {run.step} of {run.total_steps}")
    with ThreadPoolExecutor(1) as ahead, Stopping(run.workers is None) as stopping:
        while run.step < run.total_steps:
            run.cuts = plateaus(_losses(curve), recipe.plateau)
            curve.append(_epoch(run, ahead, stopping, say))
            if run.speaks:
                write_curve(run, curve)
            run.save()
            if recipe.decay and run.step <= decay_start(recipe, run.steps_per_epoch):
                run.save("before-decay.npz")
            if recipe.keep == "best" and _losses(curve)[-1] <= min(_losses(curve)):
                run.save("best.npz")
    return run


def _losses(curve):
    """The loss on PublicTest of each epoch: of the labels, or of the votes where there is no head for labels."""
    return [float(row.get("public_cross_entropy") or row["public_ferplus_cross_entropy"]) for row in curve]


def _epoch(run, ahead, stopping, say):
    epoch = run.step // run.steps_per_epoch
    end = (epoch + 1) * run.steps_per_epoch
    started, first = time.monotonic(), run.step
    told, saving = 0.0, started + EVERY
    coming = ahead.submit(run.batch, run.step)
    while run.step < end:
        batch = coming.result()
        if run.step + 1 < end:
            coming = ahead.submit(run.batch, run.step + 1)
        loss = run.train_step(batch)
        now = time.monotonic()
        speed = (run.step - first) * run.recipe.batch / (now - started)
        if now - told > 10:
            told = now
            left = (run.total_steps - run.step) * run.recipe.batch / speed / 60
            say(f"epoch {epoch + 1}/{run.recipe.epochs} step {run.step}/{run.total_steps} "
                f"loss {loss:.4f} {speed:.0f} pictures/s {left:.0f} min left")
        if stopping.asked or now > saving:
            run.save()
            stopping.obey()
            took = time.monotonic() - now
            saving = now + max(EVERY, 50 * took)        # a large network's checkpoints cost a fiftieth of the time
    rate = learning_rate(run.recipe, run.step - 1, run.steps_per_epoch, run.cuts)
    row = {"epoch": epoch + 1, "step": run.step, "learning_rate": round(rate, 6),
           "pictures_per_second": round(speed), "loss": round(loss, 4)}
    row |= {name: round(value, 4) for name, value in run.judge_public().items()}
    say(" ".join(f"{name} {value}" for name, value in row.items()))
    return row


def _against_votes(log_p, votes):
    judged = votes.sum(1) > 0
    log_p, votes = log_p[judged], votes[judged]
    share = votes / votes.sum(1, keepdims=True)
    majority = share.max(1) > 0.5
    return {"public_ferplus_cross_entropy": float(-(share * log_p).sum(1).mean()),
            "public_ferplus_agreement": float((log_p.argmax(1) == share.argmax(1))[majority].mean())}


def shrink(recipe, faces):
    """The recipe and data cut down to a run of seconds: two epochs on 512 pictures."""
    keep = np.concatenate([faces.rows("Training")[:512], faces.rows("PublicTest")[:256]])
    small = replace(faces, images=faces.images[keep], labels=faces.labels[keep], split=faces.split[keep],
                    votes=None if faces.votes is None else faces.votes[keep])
    return replace(recipe, epochs=2, batch=64, warmup=0.5), small
