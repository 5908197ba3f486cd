"""Training batches: data order, augmentation, teacher predictions and the distillation cache.

A batch depends on the recipe's seed and on the step alone, so a resumed run sees the batches of an
uninterrupted one.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..data.labels import LABEL_SETS, translate
from ..data.preprocessing import stratified_subset
from ..errors import TrainingError
from .augmenter import Augmenter, batch_in_process, start_processes
from .distillation import Teacher, distill_bundles
from .distillation_cache import DistillationCache


class TrainingBatches:
    """The batches of a run, by step. The remainder of an epoch that does not fill a batch is dropped."""

    def __init__(self, recipe, faces, folder):
        """faces: the preprocessed data set. folder: the run's folder, a Path; the teachers' runs are beside it.

        Raises TrainingError where the data or the disk cannot serve the recipe.
        """
        self._recipe = recipe
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
        targets, weights = zip(*self._targets, strict=True)
        self._augmenter = Augmenter(faces.images, self.rows, list(targets), list(weights), recipe.augmentation,
                                    recipe.batch_size, recipe.seed)
        self._pool = start_processes(self._augmenter)

    @property
    def steps_per_epoch(self):
        return len(self.rows) // self._recipe.batch_size

    def batch(self, step):
        """The batch of `step`: images, targets, sample weights.

        images: float32 (n, h, w, 1), gray 0-255. targets: {label set: float32 (n, labels)}, rows sum to 1.
        sample weights: {label set: float32 (n,)}.
        """
        epoch, index = divmod(step, self.steps_per_epoch)
        if self._replays(step):
            return self._by_label_sets(*self._cache.replay(epoch, index, self._recipe.batch_size, self._recipe.seed))
        return self._distilled(step, *self._augmenter.batch(epoch, index))

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

    def close(self):
        """End the processes that augment."""
        if self._pool:
            self._pool.shutdown()
            self._pool = None

    def check_resumable(self, step):
        """Raise TrainingError if a run cannot resume at `step` because its distillation cache is lost."""
        if self._cache:
            self._cache.check_complete(step, self._recipe.batch_size)

    def _chunk(self, first, end):
        """The stacked batches of the steps `first` to `end` - 1."""
        steps = range(first, end)
        if self._pool is None or self._replays(first):
            return stack([self.batch(step) for step in steps])
        parts = self._pool.map(batch_in_process, *zip(*(divmod(step, self.steps_per_epoch) for step in steps),
                                                      strict=True))
        return stack([self._distilled(step, *part) for step, part in zip(steps, parts, strict=True)])

    def _distilled(self, step, images, targets, weights):
        """An augmented batch with the teachers' predictions, in the form that `batch` returns; it is cached."""
        if self._teacher:
            targets, weights = self._teacher.blend(images, targets, weights)
        if self._cache:
            self._cache.store(step, images, targets, weights)
        return self._by_label_sets(images, targets, weights)

    def _replays(self, step):
        return self._cache is not None and step >= self._cache.epochs * self.steps_per_epoch

    def _by_label_sets(self, images, *lists):
        return images, *(dict(zip(self._recipe.label_sets, each, strict=True)) for each in lists)


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
