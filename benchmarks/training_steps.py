"""Adam in one kernel against Keras's own: milliseconds of a training step, and their ratio, as a Markdown table.

    TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 python -m benchmarks.training_steps [RECIPE ...]

Both optimizers train the same network on random images in turns, in one process; each time is of the fastest step.
"""

import argparse
import time

import keras
import numpy as np

from training import recipes
from training.data.labels import LABEL_SETS
from training.fit.schedule import make_optimizer
from training.networks.build import build, with_fast_kernels

RECIPES = ("razzano.neutral", "valero-preparation", "tan.improved")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", nargs="*", default=RECIPES, metavar="RECIPE", help="recipes with Adam")
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    print("| Recipe | Keras's Adam, ms | one kernel, ms | ratio |\n|---|---|---|---|")
    for name in options.recipe:
        recipe = recipes.load(name, precision="mixed_bfloat16")
        steps = [_step(recipe, fused) for fused in (False, True)]
        times = [min(each) for each in zip(*([step() for step in steps] for _ in range(options.steps)), strict=True)]
        print(f"| {name} | {1000 * times[0]:.1f} | {1000 * times[1]:.1f} | {times[1] / times[0]:.2f} |", flush=True)


def _step(recipe, fused):
    """A function that trains `recipe`'s network one step; the seconds it took. It was called twice already."""
    model = with_fast_kernels(build(recipe))
    model.compile(optimizer=make_optimizer(recipe, fused), loss_weights=dict(recipe.label_sets),
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
