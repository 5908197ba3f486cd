"""Model bundles: find them, check them against the card's schema and the files' hashes, describe them.

A bundle is a folder with a `card.json`; `static/models/card.schema.json` says what a card holds.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from .errors import SetupError
from .settings import ROOT

SCHEMA = ROOT / "static" / "models" / "card.schema.json"
AGAIN = "write the bundle anew with `python -m training export`"


class BundleError(SetupError):
    """A bundle is missing or broken."""


@dataclass(frozen=True)
class Bundle:
    """name; folder: a Path; card: dict, None where broken; error: what is broken, one line, else None."""

    name: str
    folder: Path
    card: dict | None = None
    error: str | None = None


def find(folder):
    """{name: Bundle} of every bundle in `folder`, sorted; a broken one has its `error`."""
    folders = sorted(one for one in Path(folder).glob("*") if one.is_dir() and not one.name.startswith("."))
    return {one.name: _bundle(one) for one in folders}


def choose(bundles, name, folder):
    """The whole bundle `name` of `bundles`, which were found in `folder`. Raises BundleError."""
    if name not in bundles:
        there = ", ".join(bundles) or "none"
        raise BundleError(f"{folder}: there is no model {name!r}, there are: {there}; "
                          "choose one with EMOSCOPE_MODEL or make one with `python -m training export`")
    if bundles[name].error:
        raise BundleError(bundles[name].error)
    return bundles[name]


def check(folder):
    """The card of the bundle in `folder`, a dict, when card and files are whole. Raises BundleError."""
    folder = Path(folder)
    path = folder / "card.json"
    try:
        card = json.loads(path.read_bytes())
    except OSError:
        raise BundleError(f"{path}: the card is missing; {AGAIN}") from None
    except ValueError as error:
        raise BundleError(f"{path}: not JSON ({error}); {AGAIN}") from None
    wrong = best_match(_validator().iter_errors(card))
    if wrong:
        field = wrong.json_path.removeprefix("$").removeprefix(".") or "the card"
        raise BundleError(f"{path}: {field}: {_short(wrong.message)}; {AGAIN}")
    if card["name"] != folder.name:
        raise BundleError(f"{path}: name: {card['name']!r} is not the folder's, {folder.name!r}; rename one of them")
    for name, expected in card["files"].items():
        _check_file(folder / name, expected["sha256"])
    return card


def describe(bundle, default):
    """What a client must know of a whole bundle to offer it; default: the default bundle's name."""
    card = bundle.card
    return {"name": card["name"], "version": card["version"], "title": card["title"], "label_set": card["label_set"],
            "labels": card["labels"], "raters": card["raters"], "default": card["name"] == default,
            "unsure_threshold": card["unsure"]["threshold"]}


def offered(bundles, default):
    """The descriptions of the whole bundles, the default first."""
    whole = [bundle for bundle in bundles.values() if bundle.card]
    return [describe(bundle, default) for bundle in sorted(whole, key=lambda bundle: bundle.name != default)]


def _bundle(folder):
    try:
        return Bundle(folder.name, folder, card=check(folder))
    except BundleError as error:
        return Bundle(folder.name, folder, error=str(error))


def _check_file(path, sha256):
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise BundleError(f"{path}: the card names this file, it is missing; {AGAIN}") from None
    if found != sha256:
        raise BundleError(f"{path}: not the file of the card (sha256 {found[:12]}…, the card says {sha256[:12]}…); "
                          f"fetch the file again or {AGAIN}")


@cache
def _validator():
    return Draft202012Validator(json.loads(SCHEMA.read_text()))


def _short(message, length=160):
    return message if len(message) <= length else message[:length - 1] + "…"
