"""Model bundles: find them, validate them against the card's schema and the files' hashes, list them.

A bundle is a directory with a `card.json`; static/models/card.schema.json defines its contents.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from .errors import SetupError
from .settings import ROOT

SCHEMA = ROOT / "static" / "models" / "card.schema.json"
REGENERATE = "regenerate the bundle with `python -m training export`"


class BundleError(SetupError):
    """A bundle is missing or invalid."""


@dataclass(frozen=True)
class Bundle:
    """A model bundle. A valid bundle has a `card`; an invalid one has an `error`, one line."""

    name: str
    folder: Path
    card: dict | None = None
    error: str | None = None


def find(folder: str | Path) -> dict[str, Bundle]:
    """{name: Bundle} of every bundle in `folder`, sorted by name, invalid ones included."""
    return {one.name: check(one) for one in folders(folder)}


def folders(folder: str | Path) -> list[Path]:
    """The folders of the bundles in `folder`, sorted by name."""
    return sorted(one for one in Path(folder).glob("*") if one.is_dir() and not one.name.startswith("."))


def check(folder: Path) -> Bundle:
    """The bundle in `folder`, with its card or its error."""
    try:
        return Bundle(folder.name, folder, card=read_card(folder))
    except BundleError as error:
        return Bundle(folder.name, folder, error=str(error))


def select(bundles: Mapping[str, Bundle], name: str, folder: str | Path) -> Bundle:
    """The valid bundle `name`. `folder` is where `bundles` were found, for the message. Raises BundleError."""
    if name not in bundles:
        raise BundleError(f"{folder}: there is no model {name!r}, the models are: {', '.join(bundles) or 'none'}; "
                          "select one with EMOSCOPE_MODEL or export one with `python -m training export`")
    error = bundles[name].error
    if error:
        raise BundleError(error)
    return bundles[name]


def read_card(folder: str | Path) -> dict:
    """The card of the bundle in `folder`, after validation of the card and its files. Raises BundleError."""
    folder = Path(folder)
    path = folder / "card.json"
    try:
        card = json.loads(path.read_bytes())
    except OSError:
        raise BundleError(f"{path}: the card is missing; {REGENERATE}") from None
    except ValueError as error:
        raise BundleError(f"{path}: not JSON ({error}); {REGENERATE}") from None
    violation = best_match(_validator().iter_errors(card))
    if violation:
        field = violation.json_path.removeprefix("$").removeprefix(".") or "the card"
        raise BundleError(f"{path}: {field}: {_shorten(violation.message)}; {REGENERATE}")
    if card["name"] != folder.name:
        raise BundleError(f"{path}: `name` must match the directory {folder.name!r}, got {card['name']!r}; "
                          "rename one of them")
    for name, expected in card["files"].items():
        _check_hash(folder / name, expected["sha256"])
    return card


def available(bundles: Mapping[str, Bundle], default: str) -> list[dict]:
    """What a client needs to know of each valid bundle, the bundle named `default` first."""
    cards = [bundle.card for bundle in list(bundles.values()) if bundle.card]     # may be replaced meanwhile
    return [{"name": card["name"], "version": card["version"], "title": card["title"], "label_set": card["label_set"],
             "labels": card["labels"], "raters": card["raters"], "default": card["name"] == default,
             "unsure_threshold": card["unsure"]["threshold"]}
            for card in sorted(cards, key=lambda card: card["name"] != default)]


def _check_hash(path, sha256):
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise BundleError(f"{path}: the card lists this file, but it is missing; {REGENERATE}") from None
    if actual != sha256:
        raise BundleError(f"{path}: the SHA-256 must be {sha256[:12]}… (card.json), got {actual[:12]}…; "
                          f"download the file again or {REGENERATE}")


@cache
def _validator():
    return Draft202012Validator(json.loads(SCHEMA.read_text()))


def _shorten(message, length=160):
    return message if len(message) <= length else message[:length - 1] + "…"
