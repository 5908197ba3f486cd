"""Teach a small network what larger ones answer.

Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and consistent": teacher and
student see the same crop of the same picture, for a long schedule, at temperature 1.
"""

from functools import cached_property

import numpy as np

from ..errors import TrainingError


class Teacher:
    """The mean answer of one or more finished runs."""

    def __init__(self, recipe, runs):
        from .. import recipes
        self.recipe, self.runs = recipe, runs
        self.recipes = [recipes.load(name) for name in recipe.teachers]
        for each in self.recipes:
            missing = set(recipe.label_sets) - set(each.label_sets)
            if missing:
                raise TrainingError(f"teacher {each.name!r} does not answer {', '.join(sorted(missing))}")

    @cached_property
    def functions(self):
        """One callable a teacher: float32 (n, h, w, 1) -> {label set: logits}."""
        from ..networks.build import trained
        return [compiled(trained(each, self.runs / each.name, each.precision)) for each in self.recipes]

    def probabilities(self, images):
        """{label set: float32 (n, labels)}, the mean over the teachers."""
        answers = [function(images) for function in self.functions]
        return {name: np.mean([_softmax(np.asarray(answer[name])) for answer in answers], axis=0)
                for name in self.recipe.label_sets}

    def teach(self, images, targets, weights):
        """Blend the teachers' answers into `targets` and `weights`, lists in the order of the label sets."""
        share = self.recipe.teaching
        taught, weighed = [], []
        for answer, wanted, weight in zip(self.probabilities(images).values(), targets, weights, strict=True):
            own = ((1 - share) * weight)[:, None]
            taught.append((share * answer + own * wanted) / (share + own))
            weighed.append((share + own[:, 0]).astype(np.float32))
        return taught, weighed


def compiled(model):
    """`model` as a compiled forward pass where the backend offers one."""
    import keras
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf
        return tf.function(lambda images: model(images, training=False))
    return lambda images: model(images, training=False)


def _softmax(logits):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
