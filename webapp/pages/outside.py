"""Models at home and outside: the figures of their cards next to those of other photos and of corrupted images.

`static/outside.json` is written by `python -m training evaluate-photos --json`, `static/robustness.json` by `python -m
training robustness --json`. Figures of another version of a network are not shown.
"""

import json
from pathlib import Path

HOME = ("PrivateTest", "PublicTest")


def comparison(static: Path | str, cards: list[dict]) -> dict:
    """{"about", "rows"} of the page *Models*, one row for each card.

    static: folder of the site's static files. about: what the photos are, without the networks; None where none were
    evaluated. A row: {"card", "split", "home", "photos", "corruptions"}. home: {"accuracy", "sure_error"} on `split`.
    photos: the bundle's figures in outside.json or None. corruptions: mean accuracy on PublicTest over all
    corruptions and strengths, or None.
    """
    outside, corrupted = _read(static, "outside.json"), _read(static, "robustness.json")
    rows = [{"card": card, **_home(card), "photos": _network(outside, card),
             "corruptions": _mean_accuracy(corrupted, _network(corrupted, card))} for card in cards]
    about = {key: value for key, value in outside.items() if key != "networks"} if outside else None
    return {"about": about, "rows": rows}


def _home(card: dict) -> dict:
    for split in HOME:
        figures = card["figures"].get(split)
        if figures:
            published = figures["as_published"]
            return {"split": split, "home": {
                "accuracy": published.get("agreement_with_plurality") or published.get("accuracy"),
                "sure_error": figures.get("unsure", {}).get("error_rate")}}
    return {"split": None, "home": None}


def _network(measured: dict | None, card: dict) -> dict | None:
    """The figures of the card's network in `measured`; None if they are those of another version."""
    network = measured["networks"].get(card["name"]) if measured else None
    known = card["files"].get("model.keras", {}).get("sha256")
    return network if network and network["model_sha256"] == known else None


def _mean_accuracy(corrupted: dict | None, network: dict | None) -> float | None:
    if not corrupted or not network:
        return None
    fractions = [fraction for each in corrupted["disturbances"] for fraction in network[each["name"]]]
    return sum(fractions) / len(fractions)


def _read(static: Path | str, name: str) -> dict | None:
    path = Path(static) / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
