"""Training batches: data order, augmentation, teacher predictions and the distillation cache.

A batch depends on the recipe's seed and on the step alone, so a resumed run sees the batches of an
uninterrupted one.
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import cv2
import numpy as np

from ..data.augmentation import augment, blend
from ..data.labels import LABEL_SETS, translate
from ..data.preprocessing import stratified_subset
from ..errors import TrainingError
from .distillation import Teacher, distill_bundles
from .distillation_cache import DistillationCache


class TrainingBatches:
    """The batches of a run, by step. The remainder of an epoch that does not fill a batch is dropped."""

    def __init__(self, recipe, faces, folder):
        """faces: the preprocessed data set. folder: the run's folder, a Path; the teachers' runs are beside it.

        Raises TrainingError where the data or the disk cannot serve the recipe.
        """
        self._recipe, self._faces = recipe, faces
        self.rows = faces.rows("Training")
        if recipe.subset < 1:
            self.rows = stratified_subset(faces.labels, self.rows, recipe.subset, recipe.seed)
        if len(self.rows) < recipe.batch_size:
            raise TrainingError(f"the data set must have a batch of {recipe.batch_size} Training images, got "
                                f"{len(self.rows)}; give --set batch_size=N")
        self._targets = [label_targets(faces, name, recipe.label_smoothing) for name in recipe.label_sets]
        if recipe.teacher_bundles:
            self._targets = distill_bundles(recipe, faces, self.rows, self._targets, folder)
        self._teacher = Teacher(recipe, folder.parent) if recipe.teachers else None
        self._cache = None
        if recipe.cached_epochs:
            self._cache = DistillationCache(folder, recipe.cached_epochs, self.steps_per_epoch * recipe.batch_size,
                                            faces.images.shape[1:],
                                            {name: len(LABEL_SETS[name]) for name in recipe.label_sets})
        self._pool = _worker_pool(self) if _worker_count() else None

    @property
    def steps_per_epoch(self):
        return len(self.rows) // self._recipe.batch_size

    def batch(self, step):
        """The batch of `step`: images, targets, sample weights.

        images: float32 (n, h, w, 1), gray 0-255. targets: {label set: float32 (n, labels)}, rows sum to 1.
        sample weights: {label set: float32 (n,)}.
        """
        return self._finished(step, self.augmented(step))

    def prefetch(self, first, end, chunk_size=1):
        """Yield the batches of the steps `first` to `end` - 1, stacked in chunks; a thread computes the next chunk.

        A chunk ends at a multiple of `chunk_size` steps and before `end`.
        """
        ends = [*range(first - first % chunk_size + chunk_size, end, chunk_size), end]
        chunks = list(zip([first, *ends], ends, strict=False))
        with ThreadPoolExecutor(1) as thread:
            upcoming = thread.submit(self._chunk, *chunks[0]) if first < end else None
            for following in [*chunks[1:], None] if upcoming else []:
                chunk = upcoming.result()
                if following:
                    upcoming = thread.submit(self._chunk, *following)
                yield chunk

    def check_resumable(self, step):
        """Raise TrainingError if a run cannot resume at `step` because its distillation cache is lost."""
        if self._cache:
            self._cache.check_complete(step, self._recipe.batch_size)

    def augmented(self, step):
        """The augmented batch of `step`, or its replay from the cache; targets and weights are lists by label set."""
        recipe = self._recipe
        epoch, index = divmod(step, self.steps_per_epoch)
        if self._replays(step):
            return self._cache.replay(epoch, index, recipe.batch_size, recipe.seed)
        order = np.random.default_rng([recipe.seed, epoch]).permutation(self.rows)
        rows = np.sort(order[index * recipe.batch_size:(index + 1) * recipe.batch_size])
        rng = np.random.default_rng([recipe.seed, epoch, index])
        images = augment(self._faces.images[rows], recipe.augmentation, rng)
        return blend(images, [targets[rows] for targets, _ in self._targets],
                     [weights[rows] for _, weights in self._targets], recipe.augmentation, rng)

    def _chunk(self, first, end):
        """The stacked batches of the steps `first` to `end` - 1."""
        steps = range(first, end)
        if self._pool is None:
            return stack([self.batch(step) for step in steps])
        return stack([self._finished(step, part)
                      for step, part in zip(steps, self._pool.map(_augmented_by_worker, steps), strict=True)])

    def _finished(self, step, batch):
        """An augmented batch with the teachers' predictions, in the form that `batch` returns."""
        images, targets, weights = batch
        if not self._replays(step):
            if self._teacher:
                targets, weights = self._teacher.blend(images, targets, weights)
            if self._cache:
                self._cache.store(step, images, targets, weights)
        return images, self._by_label_set(targets), self._by_label_set(weights)

    def _replays(self, step):
        return self._cache is not None and step >= self._cache.epochs * self.steps_per_epoch

    def _by_label_set(self, values):
        return dict(zip(self._recipe.label_sets, values, strict=True))


def label_targets(faces, label_set, smoothing):
    """Targets float32 (n, labels), rows sum to 1, and sample weights float32 (n,) for one head.

    FER+: the distribution of the votes over the eight expressions, weighted by the fraction of the ten
    votes that name an expression. Other label sets: one-hot with label smoothing, weight 1.
    """
    labels = len(LABEL_SETS[label_set])
    if label_set == "ferplus":
        votes = faces.expression_votes
        total = votes.sum(1)
        return votes / np.maximum(total, 1)[:, None], (total / 10).astype(np.float32)
    one_hot = np.eye(labels, dtype=np.float32)[translate(faces.labels, faces.label_set, label_set)]
    return one_hot * (1 - smoothing) + smoothing / labels, np.ones(len(one_hot), np.float32)


def stack(batches):
    """A chunk of the form of a batch, with a first axis for the k batches of a list."""
    images, targets, weights = zip(*batches, strict=True)
    return (np.stack(images), {name: np.stack([each[name] for each in targets]) for name in targets[0]},
            {name: np.stack([each[name] for each in weights]) for name in weights[0]})


def unstacked(chunk, index):
    """The batch number `index` of a chunk."""
    images, targets, weights = chunk
    return (images[index], {name: each[index] for name, each in targets.items()},
            {name: each[index] for name, each in weights.items()})


def largest_divisor(number, limit):
    """The largest divisor of `number` up to `limit`, so that all chunks of an epoch have one length."""
    return max(divisor for divisor in range(1, limit + 1) if number % divisor == 0)


def _worker_count():
    """The processes that augment, from the environment variable AUGMENT_PROCESSES; 0 augments in this process."""
    return int(os.environ.get("AUGMENT_PROCESSES") or 0)


def _worker_pool(batches):
    """A pool of processes that augment for `batches`. They are forked, so that they share its images."""
    global _forked_batches
    _forked_batches = batches
    pool = ProcessPoolExecutor(_worker_count(), multiprocessing.get_context("fork"), initializer=cv2.setNumThreads,
                               initargs=(1,))
    pool.submit(os.getpid).result()
    return pool


def _augmented_by_worker(step):
    return _forked_batches.augmented(step)


_forked_batches = None      # in a worker process: whose batches it augments
