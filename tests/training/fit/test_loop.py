"""A run ends the same whether or not it was killed, and a bad end leaves the last checkpoint whole."""

from dataclasses import replace

import numpy as np
import pytest

from training.errors import TrainingError
from training.fit import loop as fitting
from training.fit.loop import Run, fit, shrink
from training.networks.build import read_checkpoint


def quiet(line):
    pass


def test_a_killed_run_goes_on_to_the_same_weights(tiny, faces, tmp_path, monkeypatch):
    whole = fit(tiny, faces, tmp_path / "whole", quiet)
    real, kill_at = Run.train_step, whole.steps_per_epoch + 2

    def killed(run, batch):
        if run.step == kill_at:
            raise KeyboardInterrupt
        return real(run, batch)

    monkeypatch.setattr(Run, "train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(tiny, faces, tmp_path / "killed", quiet)
    monkeypatch.setattr(Run, "train_step", real)
    assert int(read_checkpoint(tmp_path / "killed" / "checkpoint.npz")["step"]) == whole.steps_per_epoch
    said = []
    resumed = fit(tiny, faces, tmp_path / "killed", said.append)
    assert said[0] == f"going on from step {whole.steps_per_epoch} of {whole.total_steps}"
    assert resumed.step == whole.step == whole.total_steps
    for ours, theirs in zip(resumed.average, whole.average, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    lines = [(tmp_path / name / "curve.csv").read_text().splitlines() for name in ("whole", "killed")]
    assert len(lines[0]) == len(lines[1]) == 1 + tiny.epochs
    assert (tmp_path / "killed" / "curve.svg").read_text().startswith("<?xml")


def test_a_finished_run_can_be_made_longer(tiny, faces, tmp_path):
    fit(tiny, faces, tmp_path, quiet)
    longer = fit(replace(tiny, epochs=3), faces, tmp_path, quiet)
    assert longer.step == 3 * longer.steps_per_epoch


def test_nan_stops_with_the_step_and_keeps_the_checkpoint(tiny, faces, tmp_path, monkeypatch):
    steady = replace(tiny, decay=0.0, epochs=1)
    fit(steady, faces, tmp_path, quiet)
    before = (tmp_path / "checkpoint.npz").read_bytes()
    real = Run.batch

    def poisoned(run, step):
        images, wanted, weights = real(run, step)
        return images * np.nan, wanted, weights

    monkeypatch.setattr(Run, "batch", poisoned)
    with pytest.raises(TrainingError, match=r"the loss is nan at step 4; .*checkpoint"):
        fit(replace(steady, epochs=2), faces, tmp_path, quiet)
    assert (tmp_path / "checkpoint.npz").read_bytes() == before


def test_weights_that_are_not_finite_are_not_saved(tiny, faces, tmp_path):
    run = Run(tiny, faces, tmp_path)
    run.save()
    before = (tmp_path / "checkpoint.npz").read_bytes()
    run.average[0][...] = np.inf
    with pytest.raises(TrainingError, match="not finite after step 0"):
        run.save()
    assert (tmp_path / "checkpoint.npz").read_bytes() == before


def test_a_full_disk_leaves_the_old_checkpoint_whole(tiny, faces, tmp_path, monkeypatch):
    run = Run(tiny, faces, tmp_path)
    run.save()
    before = (tmp_path / "checkpoint.npz").read_bytes()

    def full(path, **arrays):
        path.write_bytes(b"half a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(TrainingError, match="No space left on device.*last checkpoint is whole"):
        run.save()
    assert (tmp_path / "checkpoint.npz").read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.npz")] == ["checkpoint.npz"]


def test_a_full_disk_under_the_curve_is_one_line(tiny, faces, tmp_path, monkeypatch):
    def full(curve, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.fit.learning_curve.plot_curve", full)
    with pytest.raises(TrainingError, match="No space left on device"):
        fit(tiny, faces, tmp_path, quiet)


def test_a_checkpoint_of_another_recipe_is_refused(tiny, faces, tmp_path):
    Run(tiny, faces, tmp_path).save()
    with pytest.raises(TrainingError, match=r"made by another recipe \(differs in seed\)"):
        Run(replace(tiny, seed=1), faces, tmp_path).restore()


def test_a_checkpoint_of_other_data_is_refused(tiny, faces, tmp_path):
    Run(tiny, faces, tmp_path).save()
    with pytest.raises(TrainingError, match="trained on other data"):
        Run(tiny, replace(faces, md5="0" * 32), tmp_path).restore()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"not a checkpoint"])
def test_an_unreadable_checkpoint_is_one_line(tiny, made, run_command, instance, content):
    folder = instance / "runs" / "tiny"
    folder.mkdir(parents=True)
    (folder / "checkpoint.npz").write_bytes(content)
    status, _, err = run_command("fit", "tiny", *made.arguments)
    assert status == 2 and "not a readable checkpoint" in err and err.count("\n") == 1


def test_too_few_pictures_for_one_batch(tiny, faces, tmp_path):
    with pytest.raises(TrainingError, match="64 Training pictures are fewer than one batch of 128"):
        Run(replace(tiny, batch=128), faces, tmp_path)


def test_a_batch_depends_on_its_step_alone(tiny, faces, tmp_path):
    one, other = Run(tiny, faces, tmp_path), Run(tiny, faces, tmp_path)
    one.batch(0)
    for ours, theirs in zip(one.batch(5)[:1], other.batch(5)[:1], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(one.batch(4)[0], one.batch(5)[0])


def test_each_epoch_shows_each_picture_at_most_once(tiny, faces, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(fitting, "augment", lambda images, how, rng: seen.append(images) or images[..., None])
    run = Run(tiny, faces, tmp_path)
    for step in range(run.steps_per_epoch):
        run.batch(step)
    assert len({image.tobytes() for images in seen for image in images}) == len(run.rows)


def test_targets_are_the_votes_and_the_smoothed_label(faces):
    shares, weights = fitting.targets(faces, "ferplus", 0.1)
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(weights, 1)
    hot, weights = fitting.targets(faces, "fer2013", 0.07)
    np.testing.assert_allclose(hot[3], np.eye(7)[3] * 0.93 + 0.01, atol=1e-6)


def test_smoke_shrinks_recipe_and_data(tiny, faces):
    recipe, few = shrink(replace(tiny, epochs=100), faces)
    assert recipe.epochs == 2 and recipe.batch <= 64
    assert set(np.unique(few.split)) == {0, 1} and len(few.votes) == len(few.images)


def test_settings_are_changed_from_the_command_line_and_checked(tiny, made, run_command, instance):
    for setting, message in (("momentum=1", "no setting 'momentum'"), ("epochs=2.5", "a int is needed"),
                             ("epochs=many", "a int is needed"), ("epochs", "NAME=VALUE is meant"),
                             ("network=1", "no setting 'network'")):
        status, _, err = run_command("fit", "tiny", *made.arguments, "--set", setting)
        assert status == 2 and message in err and err.count("\n") == 1
    status, out, _ = run_command("fit", "tiny", *made.arguments, "--set", "epochs=1")
    assert status == 0 and "public_ferplus_agreement" in out
    assert (instance / "runs" / "tiny" / "checkpoint.npz").exists()
