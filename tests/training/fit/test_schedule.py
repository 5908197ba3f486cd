"""Optimizers, learning rate schedules and plateaus."""

from dataclasses import replace

import keras
import pytest

from training import recipes
from training.errors import TrainingError
from training.fit.fused_adam import FusedAdam
from training.fit.schedule import count_plateaus, learning_rate, make_optimizer


def test_learning_rate_of_a_reproduction_is_constant():
    recipe = recipes.load("hameed")
    assert {learning_rate(recipe, step, 100) for step in (0, 50, 2999)} == {1e-4}


def test_learning_rate_warms_up_stays_constant_and_decays():
    recipe = replace(recipes.load("jury-live"), epochs=10, warmup_epochs=2.0, decay_fraction=0.3, learning_rate=0.1)
    rates = [learning_rate(recipe, step, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.005)
    assert set(rates[19:70]) == {0.1}
    assert rates[-1] == pytest.approx(0.1 / 30)


def test_learning_rate_decays_by_step_and_is_cut_on_plateaus():
    recipe = replace(recipes.load("hameed"), inverse_time_decay=0.01, plateau_factor=0.1)
    assert learning_rate(recipe, 100, 100) == pytest.approx(5e-5)
    assert learning_rate(recipe, 0, 100, plateaus=2) == pytest.approx(1e-6)


def test_patience_restarts_after_a_plateau():
    assert count_plateaus([3, 2, 2, 2.5, 2, 2, 2, 1, 1], patience=3) == 1
    assert count_plateaus([3, 3, 3, 3, 3], patience=2) == 2
    assert count_plateaus([3, 3, 3], patience=0) == 0


def test_adam_is_one_kernel_where_that_is_possible():
    recipe = replace(recipes.load("hameed"), optimizer="adam")
    assert type(make_optimizer(recipe, fused=True)) is FusedAdam
    assert type(make_optimizer(recipe)) is keras.optimizers.Adam


@pytest.mark.parametrize("name", ["sgd", "plain-sgd", "adam", "rmsprop"])
def test_optimizer_has_the_learning_rate_of_the_recipe(name):
    assert float(make_optimizer(replace(recipes.load("hameed"), optimizer=name)).learning_rate) == pytest.approx(1e-4)


def test_unknown_optimizer_raises_training_error():
    with pytest.raises(TrainingError, match="'lion'"):
        make_optimizer(replace(recipes.load("hameed"), optimizer="lion"))
