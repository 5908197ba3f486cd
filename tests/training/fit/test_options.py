"""Optional parts of a run: fused batch normalization, the distillation cache and SAM."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.errors import TrainingError
from training.fit import loop
from training.fit.checkpoint import restore_checkpoint, save_checkpoint
from training.fit.loop import Run, fit
from training.networks.build import build, load_trained, with_fast_kernels
from training.networks.convolution import OneChannelConv2D
from training.networks.residual import residual
from training.recipes import Recipe


def quiet(line):
    pass


def test_fused_batch_normalization_predicts_and_trains_like_the_plain_one():
    recipe = Recipe("small", partial(residual, stem=8, widths=(8, 16), blocks=(1, 1), dropout=0.0),
                    {"fer2013": 1.0}, precision="float32")
    plain = build(recipe)
    fused = with_fast_kernels(plain)
    assert [weight.path for weight in fused.weights] == [weight.path for weight in plain.weights]
    images = np.random.default_rng(0).uniform(0, 255, (32, 48, 48, 1)).astype(np.float32)
    targets = {"fer2013": np.eye(7, dtype=np.float32)[np.arange(32) % 7]}
    for model in (plain, fused):
        model.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9),
                      loss={"fer2013": keras.losses.CategoricalCrossentropy(from_logits=True)})
        for _ in range(3):
            model.train_on_batch(images, targets)
    for actual, expected in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=2e-3, atol=2e-4)
    np.testing.assert_allclose(fused(images)["fer2013"], plain(images)["fer2013"], rtol=1e-2, atol=5e-3)


def test_batch_normalization_of_vectors_is_not_fused():
    image = keras.Input((48, 48, 1))
    maps = keras.layers.BatchNormalization(name="maps")(keras.layers.Conv2D(2, 3)(image))
    vectors = keras.layers.BatchNormalization(name="vectors")(keras.layers.Flatten()(maps))
    fused = with_fast_kernels(keras.Model(image, vectors))
    assert type(fused.get_layer("maps")) is not keras.layers.BatchNormalization
    assert type(fused.get_layer("vectors")) is keras.layers.BatchNormalization


def test_batch_normalization_inside_a_model_of_the_network_is_fused():
    part_input = keras.Input((8, 8, 1))
    normalized = keras.layers.BatchNormalization(scale=False, center=False, name="inner")(part_input)
    image = keras.Input((8, 8, 1))
    plain = keras.Model(image, keras.Model(part_input, normalized, name="part")(image))
    plain.get_layer("part").get_layer("inner").moving_mean.assign([3.0])
    fused = with_fast_kernels(plain)
    assert type(fused.get_layer("part").get_layer("inner")) is not keras.layers.BatchNormalization
    images = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 1)).astype(np.float32)
    for training in (False, True):
        np.testing.assert_allclose(fused(images, training=training), plain(images, training=training), rtol=1e-3,
                                   atol=1e-3)


def test_strided_depthwise_convolutions_compute_in_float32():
    recipe = Recipe("tiny", strided, {"fer2013": 1.0}, precision="mixed_bfloat16")
    plain = build(recipe)
    fast = with_fast_kernels(plain)
    assert {layer.name: layer.compute_dtype for layer in fast.layers if "depthwise" in layer.name} == {
        "depthwise_1": "bfloat16", "depthwise_2": "float32"}
    assert plain.get_layer("depthwise_2").compute_dtype == "bfloat16"
    images = np.random.default_rng(0).uniform(0, 255, (8, 16, 16, 1)).astype(np.float32)
    np.testing.assert_allclose(fast(images)["fer2013"], plain(images)["fer2013"], rtol=0.05, atol=0.5)


@pytest.mark.parametrize("strides", [1, 2, (2, 3)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_convolution_of_one_channel_is_the_plain_one(strides, padding):
    plain = keras.layers.Conv2D(6, (5, 4), strides=strides, padding=padding, activation="relu")
    fast = OneChannelConv2D.from_config(plain.get_config())
    images = np.random.default_rng(0).normal(size=(3, 13, 16, 1)).astype(np.float32)
    plain.build(images.shape)
    fast.build(images.shape)
    plain.set_weights([plain.get_weights()[0], np.linspace(-1, 1, 6)])
    fast.set_weights(plain.get_weights())
    gradients = []
    for layer in (plain, fast):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(images) ** 2)
        gradients.append(tape.gradient(loss, layer.trainable_variables))
    assert fast.compute_output_shape(images.shape) == fast(images).shape
    np.testing.assert_allclose(fast(images), plain(images), rtol=1e-5, atol=1e-5)
    for actual, expected in zip(*reversed(gradients), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("precision, channels, size, exchanged", [
    ("mixed_bfloat16", 1, 5, True), ("mixed_bfloat16", 1, 3, False), ("mixed_bfloat16", 2, 5, False),
    ("float32", 1, 5, False)])
def test_convolutions_of_one_channel_are_exchanged_where_it_is_faster(precision, channels, size, exchanged):
    image = keras.Input((8, 8, channels))
    convolution = keras.layers.Conv2D(2, size, name="convolution", dtype=precision)
    fast = with_fast_kernels(keras.Model(image, convolution(image)))
    assert isinstance(fast.get_layer("convolution"), OneChannelConv2D) == exchanged
    assert fast.get_layer("convolution").compute_dtype == convolution.compute_dtype


def strided(heads):
    image = keras.Input((16, 16, 1))
    x = keras.layers.DepthwiseConv2D(3, name="depthwise_1")(image)
    x = keras.layers.DepthwiseConv2D(3, strides=2, name="depthwise_2")(x)
    scores = keras.layers.Dense(heads["fer2013"], dtype="float32", name="fer2013")(keras.layers.Flatten()(x))
    return keras.Model(image, {"fer2013": scores})


def test_fused_run_loads_as_a_plain_network(tiny, faces, tmp_path):
    recipe = replace(tiny, fused_batch_norm=True, epochs=1)
    run = fit(recipe, faces, tmp_path, quiet)
    model = load_trained(recipe, tmp_path)
    assert {type(layer) for layer in model.layers if "ormalization" in type(layer).__name__} == {
        keras.layers.BatchNormalization, keras.layers.LayerNormalization}
    for actual, expected in zip(model.get_weights(), run.average.weights, strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_cached_images_are_replayed_with_their_targets(tiny, faces, tmp_path):
    recipe = replace(tiny, cached_epochs=2, epochs=4)
    batches = Run(recipe, faces, tmp_path).batches
    steps = batches.steps_per_epoch
    first = [batches.batch(step) for step in range(2 * steps)]
    known = {}
    for images, targets, weights in first[steps:]:
        for index, image in enumerate(np.rint(images[..., 0])):
            known[image.tobytes()] = known[image[:, ::-1].tobytes()] = (
                targets["ferplus"][index], targets["fer2013"][index], weights["ferplus"][index])
    replayed = 0
    for step in range(3 * steps, 4 * steps):        # epoch 3 replays epoch 1
        images, targets, weights = batches.batch(step)
        for index, image in enumerate(images[..., 0]):
            votes, label, weight = known[image.tobytes()]
            np.testing.assert_array_equal(targets["ferplus"][index], votes)
            np.testing.assert_array_equal(targets["fer2013"][index], label)
            assert weights["ferplus"][index] == weight
            replayed += 1
    assert replayed == steps * tiny.batch_size
    resumed = Run(recipe, faces, tmp_path).batches
    np.testing.assert_array_equal(batches.batch(3 * steps)[0], resumed.batch(3 * steps)[0])


@pytest.mark.parametrize("lost", ["views-images.npy", "views-ferplus.npy", "views-*.npy"])
def test_run_with_a_lost_cache_does_not_resume(tiny, faces, tmp_path, lost):
    recipe = replace(tiny, cached_epochs=2, epochs=4)
    run = Run(recipe, faces, tmp_path)
    for step in range(3 * run.batches.steps_per_epoch):
        run.train_step(run.batches.batch(step))
    save_checkpoint(run)
    restore_checkpoint(Run(recipe, faces, tmp_path))
    for path in tmp_path.glob(lost):
        path.unlink()
    for _ in range(2):          # the second time there are new, empty files
        with pytest.raises(TrainingError, match="is lost; remove checkpoint.npz to start again"):
            restore_checkpoint(Run(recipe, faces, tmp_path))


def test_sam_ascends_before_its_step_and_undoes_the_ascent(tiny, faces, tmp_path, monkeypatch):
    still = replace(tiny, network=partial(residual, stem=4, widths=(4, 8), blocks=(1, 1), dropout=0.0),
                    learning_rate=0.0, weight_decay=0.0, warmup_epochs=0.0, sam_radius=0.1)
    run = Run(still, faces, tmp_path)
    ascent_model, distances = run._take_step.ascent_model, []
    real = ascent_model.train_on_batch

    def measured(*arguments, **named):
        before = [np.asarray(each).copy() for each in run.model.trainable_variables]
        result = real(*arguments, **named)
        distances.append(np.sqrt(sum(((np.asarray(each) - old) ** 2).sum() for each, old in
                                     zip(run.model.trainable_variables, before, strict=True))))
        return result

    monkeypatch.setattr(ascent_model, "train_on_batch", measured)
    before = [np.asarray(each).copy() for each in run.model.trainable_variables]
    run.train_step(run.batches.batch(0))
    assert distances == [pytest.approx(0.1, rel=1e-4)]
    for now, old in zip(run.model.trainable_variables, before, strict=True):
        np.testing.assert_allclose(np.asarray(now), old, atol=1e-6)
    trained = fit(replace(tiny, sam_radius=0.05), faces, tmp_path / "trained", quiet)
    assert np.isfinite(trained.loss) and trained.step == trained.total_steps


def test_sam_with_several_processes_raises_training_error(tiny, faces, tmp_path, monkeypatch):
    strategy = tf.distribute.get_strategy()
    two = SimpleNamespace(count=2, is_chief=True, strategy=strategy, step_function=lambda model: None)
    monkeypatch.setattr(loop, "find_workers", lambda: two)
    with pytest.raises(TrainingError, match="SAM runs in one process"):
        Run(replace(tiny, sam_radius=0.05), faces, tmp_path)
