"""Recipes: each one loads and is documented, and a variant changes only the fields it names."""

import json

import keras
import pytest

from training import recipes
from training.data.labels import LABEL_SETS
from training.errors import TrainingError
from training.recipes import FORMER_NAMES, Recipe, completed

ALL = [name for stem in recipes.names() for name in recipes.variants(f"{stem}.all")]


@pytest.mark.parametrize("name", ALL)
def test_recipe_builds_its_network_for_its_labels(name):
    recipe = recipes.load(name)
    assert recipe.name == name
    with keras.StatelessScope(initialize_variables=False):
        model = recipe.network({each: len(LABEL_SETS[each]) for each in recipe.label_sets})
    kind, _, size = recipe.preprocessing.partition("-")
    assert model.input.shape[1:] == (*(int(size) if kind == "size" else 48,) * 2, 1)
    assert {each: output.shape[1] for each, output in model.output.items()} == {
        each: len(LABEL_SETS[each]) for each in recipe.label_sets}


@pytest.mark.parametrize("name", recipes.names())
def test_recipe_documents_command_time_and_result(name):
    text = recipes._module(name).__doc__
    assert f"python -m training fit {name}" in text
    assert "Time" in text and "Result" in text


def test_variant_changes_only_the_fields_it_names():
    base, variant = recipes.load("hameed"), recipes.load("hameed.sgd")
    actual, expected = json.loads(base.as_json()), json.loads(variant.as_json())
    assert {key for key in actual if actual[key] != expected[key]} == {"name", "optimizer"}


@pytest.mark.parametrize(("name", "message"), [
    ("nothing", "no recipe 'nothing'"), ("hameed.nothing", "no variant 'nothing'"), ("jury-live.x", "it has: ")])
def test_unknown_recipe_raises_training_error(name, message):
    with pytest.raises(TrainingError, match=message):
        recipes.load(name)


def test_a_recipe_without_variants_says_so(monkeypatch):
    monkeypatch.delattr(recipes._module("jury-pocket"), "VARIANTS")
    with pytest.raises(TrainingError, match="it has: none"):
        recipes.load("jury-pocket.x")


def test_missing_settings_of_an_older_checkpoint_get_their_defaults():
    old = json.loads(Recipe("old", Recipe, {"fer2013": 1.0}, epochs=3).as_json())
    for key in ("optimizer", "subset", "preprocessing", "teachers"):
        del old[key]
    del old["augmentation"]["flip"]
    assert completed(old) == json.loads(Recipe("old", Recipe, {"fer2013": 1.0}, epochs=3).as_json())


def test_former_setting_names_of_a_checkpoint_are_translated():
    recipe = Recipe("old", Recipe, {"fer2013": 1.0}, cached_epochs=4, teacher_weight=0.5, selected_epoch="best")
    former = {name: old for old, name in FORMER_NAMES.items()}
    saved = {former.get(name, name): value for name, value in json.loads(recipe.as_json()).items()}
    assert saved["views"] == 4 and saved["teaching"] == 0.5 and saved["keep"] == "best"
    assert completed(saved) == json.loads(recipe.as_json())


def test_former_setting_name_is_answered_with_the_current_one():
    with pytest.raises(TrainingError, match="'sharpness' is now called 'sam_radius'"):
        recipes.load("jury-live", sharpness=0.05)


def test_former_names_are_of_current_settings():
    settings = json.loads(Recipe("", Recipe, {}).as_json())
    assert set(FORMER_NAMES.values()) <= set(settings) and not set(FORMER_NAMES) & set(settings)


def test_former_network_argument_of_a_checkpoint_is_translated():
    current = json.loads(recipes.load("tan.normalised").as_json())
    saved = current | {"network": current["network"].replace("standardized=", "normalised=")}
    assert saved != current and completed(saved) == current
