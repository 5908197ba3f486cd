"""What a recipe may ask of a run beyond plain steps: fused kernels, kept views, sharpness, a stop in mid-epoch."""

import os
import signal
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.errors import TrainingError
from training.fit import loop as fitting
from training.fit.loop import Run, fit
from training.networks.build import build, fused, read_checkpoint, trained
from training.networks.residual import residual
from training.recipes import Recipe


def quiet(line):
    pass


def settle(run):
    """The run's weights and averages as one list."""
    return [*run.model.get_weights(), *run.average]


def test_fused_normalisation_answers_and_learns_as_the_plain_one():
    recipe = Recipe("small", partial(residual, stem=8, widths=(8, 16), blocks=(1, 1), dropout=0.0),
                    {"fer2013": 1.0}, precision="float32")
    plain = build(recipe)
    quick = fused(plain)
    assert [weight.path for weight in quick.weights] == [weight.path for weight in plain.weights]
    pictures = np.random.default_rng(0).uniform(0, 255, (32, 48, 48, 1)).astype(np.float32)
    wanted = {"fer2013": np.eye(7, dtype=np.float32)[np.arange(32) % 7]}
    for model in (plain, quick):
        model.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9),
                      loss={"fer2013": keras.losses.CategoricalCrossentropy(from_logits=True)})
        for _ in range(3):
            model.train_on_batch(pictures, wanted)
    for ours, theirs in zip(quick.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)
    np.testing.assert_allclose(quick(pictures)["fer2013"], plain(pictures)["fer2013"], rtol=1e-2, atol=5e-3)


def test_normalisation_of_vectors_stays_as_it_is():
    image = keras.Input((48, 48, 1))
    maps = keras.layers.BatchNormalization(name="maps")(keras.layers.Conv2D(2, 3)(image))
    vectors = keras.layers.BatchNormalization(name="vectors")(keras.layers.Flatten()(maps))
    quick = fused(keras.Model(image, vectors))
    assert type(quick.get_layer("maps")) is not keras.layers.BatchNormalization
    assert type(quick.get_layer("vectors")) is keras.layers.BatchNormalization


def test_a_fused_run_is_read_back_as_the_plain_network(tiny, faces, tmp_path):
    recipe = replace(tiny, fused=True, epochs=1)
    run = fit(recipe, faces, tmp_path, quiet)
    model = trained(recipe, tmp_path)
    assert {type(layer) for layer in model.layers if "ormalization" in type(layer).__name__} == {
        keras.layers.BatchNormalization, keras.layers.LayerNormalization}
    for ours, theirs in zip(model.get_weights(), run.average, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_views_are_shown_again_with_their_answers(tiny, faces, tmp_path):
    run = Run(replace(tiny, views=2, epochs=4), faces, tmp_path)
    steps = run.steps_per_epoch
    first = [run.batch(step) for step in range(2 * steps)]
    known = {}
    for images, wanted, weights in first[steps:]:
        for index, image in enumerate(np.rint(images[..., 0])):
            known[image.tobytes()] = known[image[:, ::-1].tobytes()] = (
                wanted["ferplus"][index], wanted["fer2013"][index], weights["ferplus"][index])
    seen = 0
    for step in range(3 * steps, 4 * steps):        # epoch 3 shows the views of epoch 1
        images, wanted, weights = run.batch(step)
        for index, image in enumerate(images[..., 0]):
            votes, label, weight = known[image.tobytes()]
            np.testing.assert_array_equal(wanted["ferplus"][index], votes)
            np.testing.assert_array_equal(wanted["fer2013"][index], label)
            assert weights["ferplus"][index] == weight
            seen += 1
    assert seen == steps * tiny.batch
    again, anew = run.batch(3 * steps)[0], Run(replace(tiny, views=2, epochs=4), faces, tmp_path).batch(3 * steps)[0]
    np.testing.assert_array_equal(again, anew)


@pytest.mark.parametrize("gone", ["views-images.npy", "views-ferplus.npy", "views-*.npy"])
def test_a_run_whose_views_are_gone_does_not_go_on(tiny, faces, tmp_path, gone):
    recipe = replace(tiny, views=2, epochs=4)
    run = Run(recipe, faces, tmp_path)
    for step in range(3 * run.steps_per_epoch):
        run.train_step(run.batch(step))
    run.save()
    Run(recipe, faces, tmp_path).restore()
    for path in tmp_path.glob(gone):
        path.unlink()
    for _ in range(2):          # the second time there are new files, with nothing in them
        with pytest.raises(TrainingError, match="are gone; remove checkpoint.npz to start again"):
            Run(recipe, faces, tmp_path).restore()


def test_sharpness_climbs_before_it_steps(tiny, faces, tmp_path, monkeypatch):
    still = replace(tiny, network=partial(residual, stem=4, widths=(4, 8), blocks=(1, 1), dropout=0.0),
                    learning_rate=0.0, weight_decay=0.0, warmup=0.0, sharpness=0.1)
    run = Run(still, faces, tmp_path)
    climber, heights = run.stepped.climber, []
    real = climber.train_on_batch

    def watched(*arguments, **named):
        before = [np.asarray(each).copy() for each in run.model.trainable_variables]
        result = real(*arguments, **named)
        heights.append(np.sqrt(sum(((np.asarray(each) - old) ** 2).sum() for each, old in
                                   zip(run.model.trainable_variables, before, strict=True))))
        return result

    monkeypatch.setattr(climber, "train_on_batch", watched)
    before = [np.asarray(each).copy() for each in run.model.trainable_variables]
    run.train_step(run.batch(0))
    assert heights == [pytest.approx(0.1, rel=1e-4)]
    for now, old in zip(run.model.trainable_variables, before, strict=True):    # at rate 0 the climb is taken back
        np.testing.assert_allclose(np.asarray(now), old, atol=1e-6)
    learnt = fit(replace(tiny, sharpness=0.05), faces, tmp_path / "learnt", quiet)
    assert np.isfinite(learnt.loss) and learnt.step == learnt.total_steps


def test_a_run_told_to_stop_ends_its_step_and_goes_on_from_it(tiny, faces, tmp_path, monkeypatch):
    whole = fit(tiny, faces, tmp_path / "whole", quiet)
    real, stop_at = Run.train_step, whole.steps_per_epoch + 2

    def told(run, batch):
        if run.step == stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(run, batch)

    monkeypatch.setattr(Run, "train_step", told)
    with pytest.raises(KeyboardInterrupt):
        fit(tiny, faces, tmp_path / "stopped", quiet)
    assert int(read_checkpoint(tmp_path / "stopped" / "checkpoint.npz")["step"]) == stop_at + 1
    monkeypatch.setattr(Run, "train_step", real)
    resumed = fit(tiny, faces, tmp_path / "stopped", quiet)
    for ours, theirs in zip(settle(resumed), settle(whole), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    losses = [[line.split(",")[4] for line in (tmp_path / name / "curve.csv").read_text().splitlines()[1:]]
              for name in ("whole", "stopped")]
    assert [float(each) for each in losses[0]] == pytest.approx([float(each) for each in losses[1]], abs=2e-4)


def test_sharpness_and_several_processes_exclude_each_other(tiny, faces, tmp_path, monkeypatch):
    one = tf.distribute.get_strategy()
    two = SimpleNamespace(count=2, chief=True, strategy=one, stepper=lambda model: None)
    monkeypatch.setattr(fitting, "workers", lambda: two)
    with pytest.raises(TrainingError, match="sharpness is for one process"):
        Run(replace(tiny, sharpness=0.05), faces, tmp_path)


def test_a_run_without_averaging_keeps_the_weights_of_the_step_it_was_stopped_at(tiny, faces, tmp_path):
    run = Run(replace(tiny, averaging=0.0), faces, tmp_path)
    run.train_step(run.batch(0))
    run.save()
    for ours, theirs in zip(trained(run.recipe, tmp_path).get_weights(), run.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
