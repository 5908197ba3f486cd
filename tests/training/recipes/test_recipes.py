"""Recipes: every one loads, says what it is, and variants change what they name."""

import json

import keras
import pytest

from training import recipes
from training.data.labels import LABEL_SETS
from training.errors import TrainingError
from training.recipes import Recipe, completed

ALL = [name for stem in recipes.names() for name in recipes.variants(f"{stem}.all")]


@pytest.mark.parametrize("name", ALL)
def test_recipe_builds_its_network_for_its_labels(name):
    recipe = recipes.load(name)
    assert recipe.name == name
    with keras.StatelessScope(initialize_variables=False):
        model = recipe.network({each: len(LABEL_SETS[each]) for each in recipe.label_sets})
    kind, _, size = recipe.preparation.partition("-")
    assert model.input.shape[1:] == (*(int(size) if kind == "size" else 48,) * 2, 1)
    assert {each: output.shape[1] for each, output in model.output.items()} == {
        each: len(LABEL_SETS[each]) for each in recipe.label_sets}


@pytest.mark.parametrize("name", recipes.names())
def test_recipe_names_command_time_and_result(name):
    words = recipes._module(name).__doc__
    assert f"python -m training fit {name}" in words
    assert "Time" in words and "Result" in words


def test_variant_differs_in_what_it_names_alone():
    base, variant = recipes.load("hameed"), recipes.load("hameed.sgd")
    ours, theirs = json.loads(base.as_json()), json.loads(variant.as_json())
    assert {key for key in ours if ours[key] != theirs[key]} == {"name", "optimizer"}


@pytest.mark.parametrize(("name", "message"), [
    ("nothing", "no recipe 'nothing'"), ("hameed.nothing", "no variant 'nothing'"), ("jury-live.x", "it has: taught"),
    ("jury-pocket.x", "it has: none")])
def test_unknown_recipe_is_one_line(name, message):
    with pytest.raises(TrainingError, match=message):
        recipes.load(name)


def test_a_checkpoint_older_than_a_setting_has_its_default():
    old = json.loads(Recipe("old", Recipe, {"fer2013": 1.0}, epochs=3).as_json())
    for key in ("optimizer", "subset", "preparation", "teachers"):
        del old[key]
    del old["augmentation"]["flip"]
    assert completed(old) == json.loads(Recipe("old", Recipe, {"fer2013": 1.0}, epochs=3).as_json())
