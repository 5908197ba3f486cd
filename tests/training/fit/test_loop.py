"""The training loop: an interrupted run ends like an uninterrupted one, and errors leave the last checkpoint intact."""

import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

from training import recipes
from training.errors import TrainingError
from training.fit import augmenter
from training.fit.batches import TrainingBatches, label_targets
from training.fit.checkpoint import restore_checkpoint, save_checkpoint
from training.fit.loop import Run, fit, shrink
from training.networks.build import load_trained
from training.networks.initial_weights import read_checkpoint


def quiet(line):
    pass


def all_weights(run):
    """The run's weights and averaged weights as one list."""
    return [*run.model.get_weights(), *run.average.weights]


def test_interrupted_run_resumes_to_the_same_weights(tiny, faces, tmp_path, monkeypatch):
    whole = fit(tiny, faces, tmp_path / "whole", quiet)
    steps = whole.batches.steps_per_epoch
    real = Run.train_step

    def interrupted(run, batch):
        if run.step == steps + 2:
            raise KeyboardInterrupt
        return real(run, batch)

    monkeypatch.setattr(Run, "train_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(tiny, faces, tmp_path / "interrupted", quiet)
    monkeypatch.setattr(Run, "train_step", real)
    assert int(read_checkpoint(tmp_path / "interrupted" / "checkpoint.npz")["step"]) == steps
    lines = []
    resumed = fit(tiny, faces, tmp_path / "interrupted", lines.append)
    assert lines[0] == f"resuming at step {steps} of {whole.total_steps}"
    assert resumed.step == whole.step == whole.total_steps
    for actual, expected in zip(resumed.average.weights, whole.average.weights, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
    curves = [(tmp_path / name / "curve.csv").read_text().splitlines() for name in ("whole", "interrupted")]
    assert len(curves[0]) == len(curves[1]) == 1 + tiny.epochs
    assert (tmp_path / "interrupted" / "curve.svg").read_text().startswith("<?xml")


def test_signal_ends_the_run_after_its_step(tiny, faces, tmp_path, monkeypatch):
    whole = fit(tiny, faces, tmp_path / "whole", quiet)
    real, stop_at = Run.train_step, whole.batches.steps_per_epoch + 2

    def signaled(run, batch):
        if run.step == stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(run, batch)

    monkeypatch.setattr(Run, "train_step", signaled)
    with pytest.raises(KeyboardInterrupt):
        fit(tiny, faces, tmp_path / "stopped", quiet)
    assert int(read_checkpoint(tmp_path / "stopped" / "checkpoint.npz")["step"]) == stop_at + 1
    monkeypatch.setattr(Run, "train_step", real)
    resumed = fit(tiny, faces, tmp_path / "stopped", quiet)
    for actual, expected in zip(all_weights(resumed), all_weights(whole), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
    losses = [[float(line.split(",")[4]) for line in (tmp_path / name / "curve.csv").read_text().splitlines()[1:]]
              for name in ("whole", "stopped")]
    assert losses[0] == pytest.approx(losses[1], abs=2e-4)


def test_finished_run_continues_with_more_epochs(tiny, faces, tmp_path):
    fit(tiny, faces, tmp_path, quiet)
    longer = fit(replace(tiny, epochs=3), faces, tmp_path, quiet)
    assert longer.step == 3 * longer.batches.steps_per_epoch


def test_nan_loss_raises_with_the_step_and_preserves_the_checkpoint(tiny, faces, tmp_path, monkeypatch):
    constant = replace(tiny, decay_fraction=0.0, epochs=1)
    fit(constant, faces, tmp_path, quiet)
    before = (tmp_path / "checkpoint.npz").read_bytes()
    real = TrainingBatches.batch

    def with_nan(batches, step):
        images, targets, weights = real(batches, step)
        return images * np.nan, targets, weights

    monkeypatch.setattr(TrainingBatches, "batch", with_nan)
    with pytest.raises(TrainingError, match=r"the loss is nan at step 4; .*checkpoint"):
        fit(replace(constant, epochs=2), faces, tmp_path, quiet)
    assert (tmp_path / "checkpoint.npz").read_bytes() == before


def test_infinite_weights_are_not_saved(tiny, faces, tmp_path):
    run = Run(tiny, faces, tmp_path)
    save_checkpoint(run)
    before = (tmp_path / "checkpoint.npz").read_bytes()
    run.average.weights[0][...] = np.inf
    with pytest.raises(TrainingError, match="not finite after step 0"):
        save_checkpoint(run)
    assert (tmp_path / "checkpoint.npz").read_bytes() == before


def test_full_disk_leaves_the_previous_checkpoint_intact(tiny, faces, tmp_path, monkeypatch):
    run = Run(tiny, faces, tmp_path)
    save_checkpoint(run)
    before = (tmp_path / "checkpoint.npz").read_bytes()

    def full_disk(path, **arrays):
        path.write_bytes(b"half a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(TrainingError, match="No space left on device.*last checkpoint is intact"):
        save_checkpoint(run)
    assert (tmp_path / "checkpoint.npz").read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.npz")] == ["checkpoint.npz"]


def test_full_disk_while_plotting_raises_training_error(tiny, faces, tmp_path, monkeypatch):
    def full_disk(curve, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.fit.learning_curve.plot_curve", full_disk)
    with pytest.raises(TrainingError, match="No space left on device"):
        fit(tiny, faces, tmp_path, quiet)


def test_checkpoint_of_another_recipe_is_refused(tiny, faces, tmp_path):
    save_checkpoint(Run(tiny, faces, tmp_path))
    with pytest.raises(TrainingError, match=r"from another recipe \(differs in seed\)"):
        restore_checkpoint(Run(replace(tiny, seed=1), faces, tmp_path))


def test_checkpoint_of_other_data_is_refused(tiny, faces, tmp_path):
    save_checkpoint(Run(tiny, faces, tmp_path))
    with pytest.raises(TrainingError, match="trained on other data"):
        restore_checkpoint(Run(tiny, replace(faces, md5="0" * 32), tmp_path))


def test_checkpoint_with_former_setting_names_is_restored(tiny, faces, tmp_path):
    run = Run(tiny, faces, tmp_path)
    run.train_step(run.batches.batch(0))
    save_checkpoint(run)
    state = read_checkpoint(tmp_path / "checkpoint.npz")
    former = {name: old for old, name in recipes.FORMER_NAMES.items()}
    saved = {former.get(name, name): value for name, value in json.loads(str(state["recipe"])).items()}
    assert {"batch", "averaging", "views"} <= set(saved)
    np.savez(tmp_path / "checkpoint.npz", **state | {"recipe": json.dumps(saved)})
    resumed = Run(tiny, faces, tmp_path)
    restore_checkpoint(resumed)
    assert resumed.step == 1
    for actual, expected in zip(all_weights(resumed), all_weights(run), strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"not a checkpoint"])
def test_unreadable_checkpoint_is_reported_in_one_line(tiny, synthetic, run_command, instance, content):
    folder = instance / "runs" / "tiny"
    folder.mkdir(parents=True)
    (folder / "checkpoint.npz").write_bytes(content)
    status, _, err = run_command("fit", "tiny", *synthetic.arguments)
    assert status == 2 and "not a readable checkpoint" in err and err.count("\n") == 1


def test_fewer_images_than_one_batch_raise_training_error(tiny, faces, tmp_path):
    with pytest.raises(TrainingError, match="must have a batch of 128 Training images, got 64"):
        Run(replace(tiny, batch_size=128), faces, tmp_path)


def test_batch_depends_on_its_step_only(tiny, faces, tmp_path):
    one, other = Run(tiny, faces, tmp_path).batches, Run(tiny, faces, tmp_path).batches
    one.batch(0)
    for actual, expected in zip(one.batch(5)[:1], other.batch(5)[:1], strict=True):
        np.testing.assert_array_equal(actual, expected)
    assert not np.array_equal(one.batch(4)[0], one.batch(5)[0])


def test_prefetched_batches_are_the_batches_of_their_steps(tiny, faces, tmp_path):
    batches = Run(tiny, faces, tmp_path).batches
    prefetched = list(batches.prefetch(1, 4))
    assert len(prefetched) == 3
    for step, (images, targets, _) in enumerate(prefetched, 1):
        np.testing.assert_array_equal(images, batches.batch(step)[0][None])
        assert targets["ferplus"].shape == (1, tiny.batch_size, 8)


@pytest.mark.parametrize("processes", [0, 2])
def test_chunks_stack_the_batches_of_their_steps(tiny, faces, tmp_path, monkeypatch, processes):
    monkeypatch.setenv("AUGMENT_PROCESSES", str(processes))
    batches = TrainingBatches(tiny, faces, tmp_path)
    chunks = list(batches.prefetch(1, 7, 3))
    assert [len(images) for images, _, _ in chunks] == [2, 3, 1]
    for step in range(1, 7):
        chunk, index = ((0, step - 1), (1, step - 3), (2, 0))[step // 3]
        for part, expected in zip(chunks[chunk], batches.batch(step), strict=True):
            if isinstance(part, dict):
                for name in expected:
                    np.testing.assert_array_equal(part[name][index], expected[name])
            else:
                np.testing.assert_array_equal(part[index], expected)


def test_epoch_contains_each_image_at_most_once(tiny, faces, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(augmenter, "augment", lambda images, *_: seen.append(images) or images[..., None])
    batches = Run(tiny, faces, tmp_path).batches
    for step in range(batches.steps_per_epoch):
        batches.batch(step)
    assert len({image.tobytes() for images in seen for image in images}) == len(batches.rows)


def test_targets_are_the_vote_distribution_and_the_smoothed_label(faces):
    distribution, weights = label_targets(faces, "ferplus", 0.1)
    np.testing.assert_allclose(distribution.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(weights, 1)
    one_hot, weights = label_targets(faces, "fer2013", 0.07)
    np.testing.assert_allclose(one_hot[3], np.eye(7)[3] * 0.93 + 0.01, atol=1e-6)


def test_run_without_averaging_saves_the_current_weights(tiny, faces, tmp_path):
    run = Run(replace(tiny, ema_decay=0.0), faces, tmp_path)
    run.train_step(run.batches.batch(0))
    save_checkpoint(run)
    for actual, expected in zip(load_trained(run.recipe, tmp_path).get_weights(), run.model.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_smoke_shrinks_recipe_and_data(tiny, faces):
    recipe, small = shrink(replace(tiny, epochs=100), faces)
    assert recipe.epochs == 2 and recipe.batch_size <= 64
    assert set(np.unique(small.split)) == {0, 1} and len(small.votes) == len(small.images)


@pytest.mark.parametrize(("setting", "message"), [
    ("momentum=1", "no setting 'momentum'"), ("epochs=2.5", "`epochs` must be of type int, got 2.5"),
    ("epochs=many", "must be of type int, got 'many'"), ("epochs", "--set must be NAME=VALUE, got 'epochs'"),
    ("network=1", "no setting 'network'"), ("views=2", "'views' is now called 'cached_epochs'")])
def test_invalid_setting_is_reported_in_one_line(tiny, synthetic, run_command, setting, message):
    status, _, err = run_command("fit", "tiny", *synthetic.arguments, "--set", setting)
    assert status == 2 and message in err and err.count("\n") == 1


def test_settings_change_the_recipe(tiny, synthetic, run_command, instance):
    status, out, _ = run_command("fit", "tiny", *synthetic.arguments, "--set", "epochs=1",
                                 "--set", "fused_batch_norm=True")
    assert status == 0 and "public_ferplus_agreement" in out
    state = read_checkpoint(instance / "runs" / "tiny" / "checkpoint.npz")
    assert json.loads(str(state["recipe"]))["fused_batch_norm"] is True


def test_epochs_follow_from_the_time_left_until_the_learning_rate_decays(tiny, faces, tmp_path):
    run = Run(replace(tiny, epochs=10, decay_fraction=0.5), faces, tmp_path)
    per_epoch = run.batches.steps_per_epoch
    run.step, images = 2 * per_epoch, per_epoch * tiny.batch_size
    run.fit_epochs(seconds=20, images_per_second=images)        # an epoch per second
    assert run.recipe.epochs == 2 + 18      # a tenth of the time evaluates and saves
    run.fit_epochs(seconds=0, images_per_second=images)
    assert run.recipe.epochs == 3
    run.fit_epochs(seconds=20, images_per_second=images)        # the learning rate decays by now
    assert run.recipe.epochs == 3


@pytest.mark.parametrize("decay_fraction", [0.5, 0.0])
def test_a_run_ends_after_the_minutes_given(tiny, faces, tmp_path, decay_fraction):
    run = fit(replace(tiny, epochs=1000, decay_fraction=decay_fraction), faces, tmp_path, quiet, minutes=0.001)
    assert run.step == run.total_steps < 1000 * run.batches.steps_per_epoch
    assert json.loads(str(read_checkpoint(tmp_path / "checkpoint.npz")["recipe"]))["epochs"] == run.recipe.epochs


def test_a_number_of_processes_that_is_none_is_reported(tiny, faces, tmp_path, monkeypatch):
    monkeypatch.setenv("AUGMENT_PROCESSES", "many")
    with pytest.raises(TrainingError, match="AUGMENT_PROCESSES must be a number of processes, got 'many'"):
        TrainingBatches(tiny, faces, tmp_path)
