"""The augmented batch of a step, computed here or in other processes.

The module imports neither Keras nor TensorFlow, so that such a process starts in a moment. The processes are spawned,
not forked: a fork copies locks of threads that it does not copy, such as OpenCV's, and can wait for them forever.
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from ..data.augmentation import Augmentation, augment, blend
from ..errors import TrainingError


@dataclass(frozen=True)
class Augmenter:
    """Computes a batch from the recipe's seed and the step alone.

    images: uint8, of all rows, read by `images[rows]`. rows: int64 (n,), the rows to train on, sorted. targets,
    weights: float (rows, labels) and (rows,) of each label set.
    """

    images: Any
    rows: np.ndarray
    targets: list[np.ndarray]
    weights: list[np.ndarray]
    augmentation: Augmentation
    batch_size: int
    seed: int

    def batch(self, epoch, index):
        """Batch number `index` of `epoch`: images float32 (n, h, w, 1), lists of targets and of sample weights."""
        order = np.random.default_rng([self.seed, epoch]).permutation(self.rows)
        rows = np.sort(order[index * self.batch_size:(index + 1) * self.batch_size])
        rng = np.random.default_rng([self.seed, epoch, index])
        images = augment(self.images[rows], self.augmentation, rng)
        return blend(images, [each[rows] for each in self.targets], [each[rows] for each in self.weights],
                     self.augmentation, rng)

    def copied(self):
        """The same with arrays of the rows to train on only, which can be sent to another process."""
        return replace(self, images=np.asarray(self.images[self.rows]), rows=np.arange(len(self.rows)),
                       targets=[each[self.rows] for each in self.targets],
                       weights=[each[self.rows] for each in self.weights])


def start_processes(augmenter):
    """An executor whose processes compute batches by `batch_in_process`, or None.

    The environment variable AUGMENT_PROCESSES is their number. Raises TrainingError where it is none.
    """
    count = os.environ.get("AUGMENT_PROCESSES") or "0"
    if not count.isdigit():
        raise TrainingError(f"AUGMENT_PROCESSES must be a number of processes, got {count!r}")
    if not int(count):
        return None
    return ProcessPoolExecutor(int(count), multiprocessing.get_context("spawn"), _start, (augmenter.copied(),))


def batch_in_process(epoch, index):
    """`Augmenter.batch` of the process's own augmenter."""
    return _own.batch(epoch, index)


def _start(augmenter):
    global _own
    _own = augmenter
    cv2.setNumThreads(1)


_own = None     # in a process of `start_processes`: its Augmenter
