"""Compiled chunks of steps on JAX train like Keras's own loop. Run in a process of its own: Keras has one backend."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("jax")

SCRIPT = """
import sys
from dataclasses import replace
import keras, numpy as np
from training import recipes
from training.data.augmentation import PLAIN
from training.data.fer2013 import load
from training.fit.averaging import WeightAverage
from training.fit.loop import Run

csv, votes, folder, radius = sys.argv[1:]
faces = load(csv, votes, any_md5=True)
recipe = replace(recipes.load("jury-pocket"), teachers=(), cached_epochs=0, batch_size=16, epochs=2, ema_decay=0.9,
                 precision="float32", augmentation=PLAIN, sam_radius=float(radius))
one, other = Run(recipe, faces, folder + "/1"), Run(recipe, faces, folder + "/2")
other.model.set_weights(one.model.get_weights())
other.average.weights = one.average.weights
assert one._compiled and one.total_steps == 8
losses = [one.train_chunk(chunk) for chunk in one.batches.prefetch(0, 2, 2)]
if not recipe.sam_radius:       # Keras's own loop
    other._compiled, average = None, WeightAverage(other.model, 0.9)
    other.average, other._take_step = average, lambda images, targets, weights: float(other.model.train_on_batch(
        images, targets, sample_weight=weights, return_dict=True)["loss"])
expected = [other.train_chunk(chunk) for chunk in other.batches.prefetch(0, 2, 1)]
assert one.step == other.step == 2
np.testing.assert_allclose(losses, expected[-1:], rtol=1e-3)
for value, wanted in zip(one.average.weights, other.average.weights):
    np.testing.assert_allclose(value, wanted, atol=2e-3 * max(1, np.abs(wanted).max()))
assert all(np.isfinite(value).all() for value in one.model.get_weights())
one.evaluation.figures(one.average.weights)
one.train_chunk(next(iter(one.batches.prefetch(2, 4, 2))))      # evaluation left the averaged weights alone
print("equal")
"""


@pytest.mark.parametrize("radius", ["0", "0.05"])
def test_compiled_chunks_equal_single_steps(synthetic, tmp_path, radius):
    command = [sys.executable, "-c", SCRIPT, str(synthetic.csv), str(synthetic.votes), str(tmp_path), radius]
    done = subprocess.run(command, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True,
                          timeout=600)
    assert done.stdout.strip().endswith("equal"), done.stderr[-2000:]
