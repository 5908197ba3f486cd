"""Read and check a model bundle and its card."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.labels import LABEL_SETS
from ..errors import TrainingError

SCHEMA = Path(__file__).parents[2] / "static" / "models" / "card.schema.json"
DIGITS = 5      # significant digits of published figures


@dataclass(frozen=True)
class Bundle:
    """A bundle to evaluate. folder: Path. card: dict that satisfies the schema."""

    folder: Path
    card: dict

    @property
    def label_set(self):
        return self.card["label_set"]

    @property
    def temperature(self):
        return self.card["calibration"]["temperature"]

    @property
    def unsure_threshold(self):
        return self.card["unsure"]["threshold"]

    @property
    def balancing_offsets(self):
        """float64 (labels,): what the balanced prediction adds to the log-probabilities; None if it has none."""
        balanced = self.card.get("balanced")
        return np.array(balanced["offsets"]) if balanced else None


def read_bundle(folder):
    """The Bundle in `folder`. Raises TrainingError if it is missing or damaged or its card is invalid."""
    folder = Path(folder)
    path = folder / "card.json"
    if not path.is_file():
        raise TrainingError(f"{folder}: no model bundle (no card.json); export one: python -m training export RUN …")
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: not JSON ({error}); export the bundle again") from None
    check_card(card, path)
    if card["label_set"] not in LABEL_SETS or tuple(card["labels"]) != LABEL_SETS[card["label_set"]]:
        raise TrainingError(f"{path}: label set {card['label_set']!r} cannot be evaluated; it must be one of "
                            f"{', '.join(LABEL_SETS)}, with its labels in order")
    for name, expected in card["files"].items():
        if not (folder / name).is_file():
            raise TrainingError(f"{folder / name}: missing, but listed in the card; export the bundle again")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected["sha256"]:
            raise TrainingError(f"{folder / name}: sha256 differs from the card's; export the bundle again")
    return Bundle(folder, card)


def check_card(card, source="card.json"):
    """Raise TrainingError where `card` does not satisfy the schema."""
    import jsonschema  # a machine that only trains lacks it
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(card))
    if error is not None:
        raise TrainingError(f"{source}: invalid card: {error.json_path}: {error.message[:200]}; "
                            "export the bundle again")


def check_field(field, value):
    """Raise TrainingError unless `value` is valid for the card's `field`, "name" or "version"."""
    import jsonschema
    rule = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"][field]
    if not jsonschema.Draft202012Validator(rule).is_valid(value):
        allowed = {"name": "lower-case letters, digits and hyphens, such as jury-live",
                   "version": "three numbers, such as 1.0.0"}[field]
        raise TrainingError(f"--{field} must be {allowed}, got {value!r}")


def round_floats(value):
    """`value`, made of dicts, lists and numbers, with floats rounded to DIGITS significant digits."""
    if isinstance(value, dict):
        return {key: round_floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [round_floats(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
