"""Optimisers, learning rates and plateaus."""

from dataclasses import replace

import pytest

from training import recipes
from training.errors import TrainingError
from training.fit.schedule import learning_rate, optimizer, plateaus


def test_documents_rate_is_constant():
    recipe = recipes.load("hameed")
    assert {learning_rate(recipe, step, 100) for step in (0, 50, 2999)} == {1e-4}


def test_rate_rises_stays_and_falls():
    recipe = replace(recipes.load("jury-live"), epochs=10, warmup=2.0, decay=0.3, learning_rate=0.1)
    rates = [learning_rate(recipe, step, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.005)
    assert set(rates[19:70]) == {0.1}
    assert rates[-1] == pytest.approx(0.1 / 30)


def test_rate_falls_by_step_and_is_cut():
    recipe = replace(recipes.load("hameed"), rate_decay=0.01, plateau_cut=0.1)
    assert learning_rate(recipe, 100, 100) == pytest.approx(5e-5)
    assert learning_rate(recipe, 0, 100, cuts=2) == pytest.approx(1e-6)


def test_plateaus_are_counted_anew_after_a_cut():
    assert plateaus([3, 2, 2, 2.5, 2, 2, 2, 1, 1], patience=3) == 1
    assert plateaus([3, 3, 3, 3, 3], patience=2) == 2
    assert plateaus([3, 3, 3], patience=0) == 0


@pytest.mark.parametrize("name", ["sgd", "plain-sgd", "adam", "rmsprop"])
def test_each_optimiser_there_is(name):
    assert float(optimizer(replace(recipes.load("hameed"), optimizer=name)).learning_rate) == pytest.approx(1e-4)


def test_unknown_optimiser_is_one_line():
    with pytest.raises(TrainingError, match="'lion'"):
        optimizer(replace(recipes.load("hameed"), optimizer="lion"))
