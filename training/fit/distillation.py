"""Knowledge distillation: a student learns the predictions of larger networks.

Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and consistent": teacher and
student see the same crop of the same image, over a long schedule, at temperature 1.
"""

from functools import cached_property

import numpy as np

from ..errors import TrainingError


class Teacher:
    """The mean prediction of one or more finished runs."""

    def __init__(self, recipe, runs):
        """recipe: the student's. runs: folder that contains the teachers' run folders, a Path.

        Raises TrainingError where a teacher lacks a label set of the student. Networks load at the first prediction.
        """
        from .. import recipes
        self._recipe, self._runs = recipe, runs
        self._teachers = [recipes.load(name) for name in recipe.teachers]
        for teacher in self._teachers:
            missing = set(recipe.label_sets) - set(teacher.label_sets)
            if missing:
                raise TrainingError(f"teacher {teacher.name!r} must predict every label set of {recipe.name!r}, "
                                    f"lacks {', '.join(sorted(missing))}")

    def probabilities(self, images):
        """{label set: float32 (n, labels)}, the mean over the teachers. images: float32 (n, h, w, 1)."""
        predictions = [function(images) for function in self._functions]
        return {name: np.mean([_softmax(np.asarray(prediction[name])) for prediction in predictions], axis=0)
                for name in self._recipe.label_sets}

    def blend(self, images, targets, weights):
        """Blend the teachers' probabilities into `targets` and `weights`, lists in the order of the label sets.

        The labels' part of a target is scaled by its sample weight; the teachers' part is not, for a
        teacher predicts every image.
        """
        teacher_weight = self._recipe.teacher_weight
        blended, totals = [], []
        for probabilities, target, weight in zip(self.probabilities(images).values(), targets, weights, strict=True):
            label_weight = ((1 - teacher_weight) * weight)[:, None]
            blended.append((teacher_weight * probabilities + label_weight * target) / (teacher_weight + label_weight))
            totals.append((teacher_weight + label_weight[:, 0]).astype(np.float32))
        return blended, totals

    @cached_property
    def _functions(self):
        """One callable per teacher: float32 (n, h, w, 1) -> {label set: logits}."""
        from ..networks.build import load_trained
        return [_compiled(load_trained(teacher, self._runs / teacher.name, teacher.precision))
                for teacher in self._teachers]


def _compiled(model):
    """The forward pass of `model`, compiled where Keras runs on TensorFlow."""
    import keras
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf
        return tf.function(lambda images: model(images, training=False))
    return lambda images: model(images, training=False)


def _softmax(logits):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
