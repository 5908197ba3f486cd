"""Distillation cache: the batches of a run's first epochs, stored with their targets and replayed later.

A small student spends most of a step waiting for large teachers. Beyer et al. 2022 require that teacher
and student see the same crop, not that every crop is new. So the first `cached_epochs` epochs augment,
blend and predict as usual and store the result. Later epochs replay those images in another order,
half of them mirrored: a face and its mirror image have the same targets.
"""

import numpy as np

from ..errors import TrainingError


class DistillationCache:
    """Images and targets of `epochs` epochs of `size` images each, memory-mapped as `views-*.npy` in `folder`."""

    def __init__(self, folder, epochs, size, shape, labels):
        """shape: (height, width) of an image. labels: {label set: number of labels}.

        Raises TrainingError where the files cannot be created.
        """
        self.epochs, self._size, self._folder = epochs, size, folder
        rows = epochs * size
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._images = _open_array(folder / "views-images.npy", (rows, *shape), np.uint8)
            # the last column is the sample weight
            self._targets = {name: _open_array(folder / f"views-{name}.npy", (rows, count + 1), np.float32)
                             for name, count in labels.items()}
        except OSError as error:
            raise TrainingError(f"{folder}: cannot store a distillation cache of {rows} images ({error}); "
                                "free disk space or give --set cached_epochs=0") from None

    def store(self, step, images, targets, weights):
        """Store the batch of `step`: float32 (n, h, w, 1), lists of float32 (n, labels) and (n,) by label set."""
        rows = slice(step * len(images), (step + 1) * len(images))
        self._images[rows] = np.rint(images[..., 0])
        for stored, target, weight in zip(self._targets.values(), targets, weights, strict=True):
            stored[rows, :-1], stored[rows, -1] = target, weight

    def replay(self, epoch, index, batch_size, seed):
        """Batch number `index` of the later epoch `epoch`, in the form that `store` takes."""
        order = np.random.default_rng([seed, epoch]).permutation(self._size)
        rows = np.sort(order[index * batch_size:(index + 1) * batch_size]) + epoch % self.epochs * self._size
        images = self._images[rows].astype(np.float32)
        mirrored = np.random.default_rng([seed, epoch, index]).random(batch_size) < 0.5
        images[mirrored] = images[mirrored, :, ::-1]
        stored = [array[rows] for array in self._targets.values()]
        return images[..., None], [each[:, :-1] for each in stored], [each[:, -1] for each in stored]

    def check_complete(self, step, batch_size):
        """Raise TrainingError if the last batch stored before `step` is missing. A newly created file holds zeros."""
        end = min(step * batch_size, self.epochs * self._size)
        if end and not all(array[end - batch_size:end].any() for array in (self._images, *self._targets.values())):
            raise TrainingError(f"{self._folder}: the distillation cache (views-*.npy) is lost; "
                                "remove checkpoint.npz to start again")


def _open_array(path, shape, dtype):
    """The memory-mapped array at `path`; a new one of zeros if there is none of this shape and dtype."""
    if path.exists():
        array = np.load(path, mmap_mode="r+")
        if array.shape == shape and array.dtype == dtype:
            return array
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
