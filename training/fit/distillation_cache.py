"""Views: the batches of a run's first epochs, kept with the teachers' answers and shown again.

A small student spends most of a step waiting for large teachers. Beyer et al. 2022 want teacher
and student to see the same crop; nothing wants every crop to be a new one. So the first `views`
epochs disturb, blend and teach as ever, and are kept; the epochs after show those pictures anew,
in another order, half of them mirrored (the answers for a face and its mirror image are one).
"""

import numpy as np

from ..errors import TrainingError


class Views:
    """Pictures and taught answers of `epochs` epochs of `size` pictures each, memory-mapped in the folder `folder`."""

    def __init__(self, folder, epochs, size, shape, labels):
        """shape: (height, width) of a picture. labels: {label set: number of labels}.

        Raises TrainingError where the disk has no room.
        """
        self.epochs, self.size = epochs, size
        rows = epochs * size
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.images = _array(folder / "views-images.npy", (rows, *shape), np.uint8)
            self.targets = {name: _array(folder / f"views-{name}.npy", (rows, count + 1), np.float32)
                            for name, count in labels.items()}
        except OSError as error:
            raise TrainingError(f"{folder}: {rows} pictures cannot be kept ({error}); "
                                "make room or --set views=0") from None

    def keep(self, step, images, targets, weights):
        """Keep the batch of `step`: float32 (n, h, w, 1), lists of float32 (n, labels) and (n,) by label set."""
        part = slice(step * len(images), (step + 1) * len(images))
        self.images[part] = np.rint(images[..., 0])
        for kept, wanted, weight in zip(self.targets.values(), targets, weights, strict=True):
            kept[part, :-1], kept[part, -1] = wanted, weight

    def kept(self, step, batch):
        """Whether the last batch before `step` that should have been kept is there: a file made anew holds zeros."""
        end = min(step * batch, self.epochs * self.size)
        return not end or all(array[end - batch:end].any() for array in (self.images, *self.targets.values()))

    def again(self, epoch, place, batch, seed):
        """The batch at `place` of the later epoch `epoch`, as `keep` took them."""
        order = np.random.default_rng([seed, epoch]).permutation(self.size)
        rows = np.sort(order[place * batch:(place + 1) * batch]) + epoch % self.epochs * self.size
        images = self.images[rows].astype(np.float32)
        mirrored = np.random.default_rng([seed, epoch, place]).random(batch) < 0.5
        images[mirrored] = images[mirrored, :, ::-1]
        kept = [array[rows] for array in self.targets.values()]
        return images[..., None], [each[:, :-1] for each in kept], [each[:, -1] for each in kept]


def _array(path, shape, kind):
    """A memory-mapped array, the one that is there if it has this shape."""
    if path.exists():
        there = np.load(path, mmap_mode="r+")
        if there.shape == shape and there.dtype == kind:
            return there
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
