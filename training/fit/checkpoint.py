"""Checkpoints: the whole state of a run in one file, so that it resumes at the step it was saved at.

`checkpoint.npz` is the latest state, `before-decay.npz` the state before the learning rate falls,
from which a run with more epochs continues, and `best.npz` the best epoch of a recipe that selects it.
"""

import json
import os
from dataclasses import replace

import numpy as np

from ..errors import TrainingError
from ..networks.initial_weights import read_checkpoint
from ..recipes import completed
from .schedule import decay_start

LATEST = "checkpoint.npz"
BEFORE_DECAY = "before-decay.npz"
BEST = "best.npz"


def save_checkpoint(run, name=LATEST):
    """Write the state of `run`, a loop.Run, to its folder; the previous file is replaced only by a complete one.

    Raises TrainingError where the file cannot be written or where a weight is not finite. Of several
    processes only the chief writes.
    """
    if not run.is_chief:
        return
    arrays = {f"weights_{i}": value for i, value in enumerate(run.model.get_weights())}
    arrays |= {f"average_{i}": value for i, value in enumerate(run.average.weights)}
    if not all(np.isfinite(value).all() for value in arrays.values()):
        raise TrainingError(f"a weight is not finite after step {run.step}; the last checkpoint in {run.folder} is "
                            "intact. Lower learning_rate and run again")
    arrays |= {f"optimizer_{i}": np.asarray(variable) for i, variable in enumerate(run.model.optimizer.variables)}
    arrays |= {f"random_{i}": np.asarray(variable) for i, variable in enumerate(_dropout_states(run.model))}
    path = run.folder / name
    partial = path.with_suffix(".partial.npz")
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
        np.savez(partial, step=run.step, loss=run.loss, recipe=run.recipe.as_json(), data_md5=run.faces.md5, **arrays)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TrainingError(f"{path}: cannot be written ({error}); the last checkpoint is intact. "
                            "Free disk space and run the same command again") from None


def restore_checkpoint(run):
    """Set `run`, a loop.Run, to the state of its folder's checkpoint, if there is one.

    Raises TrainingError for a checkpoint that is unreadable, of another recipe or of other data.
    """
    path = run.folder / LATEST
    if not path.exists():
        return
    state = read_checkpoint(path)
    saved_epochs = _check_same_run(run, state, path)
    step = int(state["step"])
    run.batches.check_resumable(step)
    earlier = run.folder / BEFORE_DECAY
    decayed = decay_start(replace(run.recipe, epochs=saved_epochs), run.batches.steps_per_epoch) < step
    if saved_epochs < run.recipe.epochs and decayed and earlier.exists():
        state = read_checkpoint(earlier)
    count = len(run.model.get_weights())
    run.model.set_weights([state[f"weights_{i}"] for i in range(count)])
    run.average.weights = [state[f"average_{i}"] for i in range(count)]
    for i, variable in enumerate(run.model.optimizer.variables):
        variable.assign(state[f"optimizer_{i}"])
    for i, variable in enumerate(_dropout_states(run.model)):
        if f"random_{i}" in state:      # the oldest checkpoints lack them
            variable.assign(state[f"random_{i}"])
    run.step = int(state["step"])
    run.loss = float(state.get("loss", 0.0))


def _check_same_run(run, state, path):
    """Raise TrainingError unless `state` is of the run's recipe and data; the number of epochs it was saved with."""
    if "recipe" not in state:
        raise TrainingError(f"{path}: does not name its recipe; remove it to start again")
    saved, current = completed(json.loads(str(state["recipe"]))), json.loads(run.recipe.as_json())
    differing = sorted(key for key in current if current[key] != saved.get(key) and key != "epochs")
    if differing:
        raise TrainingError(f"{path}: is from another recipe (differs in {', '.join(differing)}); "
                            "remove it or give another --out")
    if str(state["data_md5"]) != run.faces.md5:
        raise TrainingError(f"{path}: was trained on other data (md5 {state['data_md5']}, now {run.faces.md5}); "
                            "give that data or another --out")
    return saved["epochs"]


def _dropout_states(model):
    return [variable for variable in model.variables if variable.path.endswith("seed_generator_state")]
