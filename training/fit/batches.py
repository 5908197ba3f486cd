"""Training batches: data order, augmentation, teacher predictions and the distillation cache.

A batch depends on the recipe's seed and on the step alone, so a resumed run sees the batches of an
uninterrupted one.
"""

from concurrent.futures import ThreadPoolExecutor

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

    @property
    def steps_per_epoch(self):
        return len(self.rows) // self._recipe.batch_size

    def batch(self, step):
        """The batch of `step`: images, targets, sample weights.

        images: float32 (n, h, w, 1), gray 0-255. targets: {label set: float32 (n, labels)}, rows sum to 1.
        sample weights: {label set: float32 (n,)}.
        """
        epoch, index = divmod(step, self.steps_per_epoch)
        if self._cache and epoch >= self._cache.epochs:
            images, targets, weights = self._cache.replay(epoch, index, self._recipe.batch_size, self._recipe.seed)
        else:
            images, targets, weights = self._compute(epoch, index)
            if self._cache:
                self._cache.store(step, images, targets, weights)
        return images, self._by_label_set(targets), self._by_label_set(weights)

    def prefetch(self, first, end):
        """Yield the batches of the steps `first` to `end` - 1. A thread computes the next one meanwhile."""
        with ThreadPoolExecutor(1) as thread:
            upcoming = thread.submit(self.batch, first)
            for step in range(first, end):
                batch = upcoming.result()
                if step + 1 < end:
                    upcoming = thread.submit(self.batch, step + 1)
                yield batch

    def check_resumable(self, step):
        """Raise TrainingError if a run cannot resume at `step` because its distillation cache is lost."""
        if self._cache:
            self._cache.check_complete(step, self._recipe.batch_size)

    def _compute(self, epoch, index):
        """Batch number `index` of `epoch`, augmented and distilled; targets and weights as lists."""
        recipe = self._recipe
        order = np.random.default_rng([recipe.seed, epoch]).permutation(self.rows)
        rows = np.sort(order[index * recipe.batch_size:(index + 1) * recipe.batch_size])
        rng = np.random.default_rng([recipe.seed, epoch, index])
        images = augment(self._faces.images[rows], recipe.augmentation, rng)
        images, targets, weights = blend(images, [targets[rows] for targets, _ in self._targets],
                                         [weights[rows] for _, weights in self._targets], recipe.augmentation, rng)
        if self._teacher:
            targets, weights = self._teacher.blend(images, targets, weights)
        return images, targets, weights

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
