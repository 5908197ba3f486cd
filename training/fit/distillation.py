"""Knowledge distillation: a student learns the predictions of larger networks.

`teachers` are runs. Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and consistent": teacher
and student see the same crop of the same image, over a long schedule, at temperature 1.

`teacher_bundles` are published bundles, which see the clean image while the student sees an augmented one (Xie et
al. 2020, "Self-training with Noisy Student"). Their predictions are computed once and cost nothing per step.
"""

from functools import cached_property

import numpy as np

from ..errors import TrainingError
from ..evaluate.metrics import log_softmax
from ..evaluate.predictions import forward, mirror_views
from ..networks.initial_weights import find_bundle


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
            target, weight = _blend(probabilities, target, weight, teacher_weight)
            blended.append(target)
            totals.append(weight)
        return blended, totals

    @cached_property
    def _functions(self):
        """One callable per teacher: float32 (n, h, w, 1) -> {label set: logits}."""
        from ..networks.build import load_trained
        return [_compiled(load_trained(teacher, self._runs / teacher.name, teacher.precision))
                for teacher in self._teachers]


def distill_bundles(recipe, faces, rows, targets, folder):
    """`targets`, a list of (targets, weights) by label set, with the predictions of the recipe's teacher bundles.

    rows: int64 (n,), the rows to blend them into. folder: the run's folder, where the predictions are stored.
    Raises TrainingError where a bundle is missing or a label set has none.
    """
    bundles = [find_bundle(name) for name in recipe.teacher_bundles]
    blended = []
    for label_set, (target, weight) in zip(recipe.label_sets, targets, strict=True):
        predictions = [_stored_predictions(bundle, faces, rows, folder) for bundle in bundles
                       if bundle.label_set == label_set]
        if not predictions:
            raise TrainingError(f"`teacher_bundles` must predict every label set of {recipe.name!r}, lacks {label_set}")
        target, weight = target.astype(np.float32), weight.astype(np.float32)
        target[rows], weight[rows] = _blend(_softmax(np.mean(predictions, axis=0)), target[rows], weight[rows],
                                            recipe.teacher_weight)
        blended.append((target, weight))
    return blended


def _stored_predictions(bundle, faces, rows, folder):
    """Log-probabilities float32 (n, labels) of a bundle for the images of `rows`, averaged with the mirror images."""
    path = folder / f"teacher-{bundle.card['name']}@{bundle.card['version']}.npz"
    if path.exists():
        with np.load(path) as stored:
            if np.array_equal(stored["rows"], rows) and str(stored["data_md5"]) == str(faces.md5):
                return stored["log_probabilities"]
    run, images = forward(bundle), faces.images[rows]
    views = [images] if bundle.card["training"].get("mirrored") else mirror_views(images)
    predictions = np.mean([log_softmax(run(view) / bundle.temperature) for view in views], axis=0).astype(np.float32)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(path, log_probabilities=predictions, rows=rows, data_md5=str(faces.md5))
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written ({error}); free disk space and run again") from None
    return predictions


def _blend(probabilities, target, weight, teacher_weight):
    """Teacher probabilities and label targets, both float (n, labels), as one target; and its weight, float32 (n,)."""
    label_weight = ((1 - teacher_weight) * weight)[:, None]
    total = teacher_weight + label_weight
    return (teacher_weight * probabilities + label_weight * target) / total, total[:, 0].astype(np.float32)


def _compiled(model):
    """The forward pass of `model`, compiled where Keras runs on TensorFlow or JAX."""
    import keras
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf
        return tf.function(lambda images: model(images, training=False))
    if backend == "jax":
        import jax
        state = ([each.value for each in model.trainable_variables],
                 [each.value for each in model.non_trainable_variables])
        forward = jax.jit(lambda state, images: model.stateless_call(*state, images, training=False)[0])
        return lambda images: forward(state, images)
    return lambda images: model(images, training=False)


def _softmax(logits):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
