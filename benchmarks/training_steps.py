"""Training steps with fast kernels against Keras's own Adam and layers, as a Markdown table of milliseconds and ratios.

    TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 python -m benchmarks.training_steps [RECIPE ...]

The same network is trained on random images in turns, in one process; each time is of the fastest step. A ratio is of
the time with all fast kernels to the time without those of its column.
"""

import argparse
import time

import keras
import numpy as np

from training import recipes
from training.data.labels import LABEL_SETS
from training.fit.schedule import make_optimizer
from training.networks.build import build, with_fast_kernels

RECIPES = ("razzano.neutral", "valero-preparation", "tan.improved", "valero.cao-fer2013")
VARIANTS = ({}, {"fused_adam": False}, {"fast_layers": False})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", nargs="*", default=RECIPES, metavar="RECIPE",
                        help="what to train (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    print("| Recipe | fast, ms | Keras's Adam, ms | ratio | Keras's layers, ms | ratio |\n|---|---|---|---|---|---|")
    for name in options.recipe:
        recipe = recipes.load(name, precision="mixed_bfloat16")
        steps = [_step(recipe, **variant) for variant in VARIANTS]
        turns = [[step() for step in steps] for _ in range(options.steps)]
        fast, adam, layers = (1000 * min(each) for each in zip(*turns, strict=True))
        print(f"| {name} | {fast:.1f} | {adam:.1f} | {fast / adam:.2f} | {layers:.1f} | {fast / layers:.2f} |",
              flush=True)


def _step(recipe, fused_adam=True, fast_layers=True):
    """A function that trains `recipe`'s network one step; the seconds it took. It was called twice already."""
    model = with_fast_kernels(build(recipe)) if fast_layers else build(recipe)
    model.compile(optimizer=make_optimizer(recipe, fused_adam), loss_weights=dict(recipe.label_sets),
                  loss={name: keras.losses.CategoricalCrossentropy(from_logits=True) for name in recipe.label_sets})
    random, size = np.random.default_rng(0), model.input.shape[1]
    images = random.uniform(0, 255, (recipe.batch_size, size, size, 1)).astype(np.float32)
    labels = {name: len(LABEL_SETS[name]) for name in recipe.label_sets}
    targets = {name: np.eye(count, dtype=np.float32)[np.arange(recipe.batch_size) % count]
               for name, count in labels.items()}

    def step():
        started = time.perf_counter()
        float(model.train_on_batch(images, targets, return_dict=True)["loss"])
        return time.perf_counter() - started

    step(), step()
    return step


if __name__ == "__main__":
    main()
