"""The card of a bundle: its figures, its nine sections, checked against the schema."""

import json
from pathlib import Path

import jsonschema

from ..errors import TrainingError

SCHEMA = Path(__file__).parents[2] / "static" / "models" / "card.schema.json"
DIGITS = 5      # significant digits that figures are written with


def title(label_set, name):
    """A bundle's name for people."""
    size = name.rpartition("-")[2].capitalize()
    what = {"ferplus": "ten votes on eight expressions", "fer2013": "FER2013's seven expressions"}[label_set]
    return f"{size}: {what}"


def complete(content, folder, tests, release, say=print):
    """`content` with its figures, measured on the files in `folder`, and its model card.

    PublicTest always, PrivateTest for a `release` only.
    """
    from ..evaluate.figures import figures, serving_path
    from ..evaluate.predictions import Bundle
    from . import model_card
    bundle = Bundle(Path(folder), content)
    measured = {"command": f"python -m training evaluate {content['name']} --data fer2013.csv.gz "
                           "--flip --serving", "PublicTest": None, "PrivateTest": None}
    for split in ("PublicTest", "PrivateTest") if release else ("PublicTest",):
        say(f"figures on {split}")
        measured[split] = figures(bundle, tests, split)
    say("figures through the site's own path")
    try:
        measured["serving_path"] = serving_path(bundle, tests, split)
    except TrainingError as error:
        say(f"left out: {error}")
    content = content | {"figures": rounded(measured)}
    return content | {"model_card": model_card.sections(content)}


def rounded(value):
    """`value`, made of dicts, lists and numbers, with its floats at DIGITS significant digits."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def check(content, source="card.json"):
    """Raise TrainingError, saying what is wrong, where `content` is not a card."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(content))
    if error is not None:
        raise TrainingError(f"{source}: not a card: {error.json_path}: {error.message[:200]}; export the bundle again")


def check_field(field, value):
    """Raise TrainingError where `value` cannot be a card's `field`, "name" or "version"."""
    rule = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"][field]
    if not jsonschema.Draft202012Validator(rule).is_valid(value):
        meant = {"name": "small letters, digits and hyphens, as jury-live", "version": "three numbers, as 1.0.0"}[field]
        raise TrainingError(f"--{field} {value!r}: {meant}")


def write(content, folder):
    """Check `content` and write it as the card of the bundle in `folder`."""
    check(content)
    (Path(folder) / "card.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
