"""How many human raters each model of votes is worth, from the figures of their cards (docs/equivalent-jury.md)."""

SPLIT = "PrivateTest"


def comparison(cards: list[dict]) -> dict | None:
    """The models whose card has an equivalent jury, on the same faces as the first; None if no card has one.

    `curve` is the loss of juries of 0, 1, 2, ... raters in nats per vote on `faces` images; `models` are
    {card, raters, low, high, loss}. The largest measurable number of raters, the length of `curve` - 1, means that
    many or more. `bands` are the images with a face by the entropy of their votes (nats), from unanimous to most
    contested: {above, to, faces, one_rater, models: [{agreement, cross_entropy}]}, in the order of the models.
    """
    measured = [(card, figures) for card in cards
                if card["raters"] and (figures := card["figures"].get(SPLIT)) and figures.get("equivalent_jury")]
    if not measured:
        return None
    first = measured[0][1]["equivalent_jury"]
    measured = [(card, figures) for card, figures in measured if figures["equivalent_jury"]["curve"] == first["curve"]]
    models = [{"card": card, "raters": jury["raters"], "low": jury["low"], "high": jury["high"], "loss": jury["model"]}
              for card, jury in ((card, figures["equivalent_jury"]) for card, figures in measured)]
    return {"split": SPLIT, "faces": first["faces"], "curve": first["curve"], "models": models,
            "bands": _bands([figures.get("by_entropy") or [] for _, figures in measured])}


def _bands(by_model):
    """The bands of all models side by side; [] if their limits or numbers of faces differ."""
    if len({tuple((band["above"], band["to"], band["faces"]) for band in bands) for bands in by_model}) != 1:
        return []
    return [{key: bands[0][key] for key in ("above", "to", "faces", "one_rater")}
            | {"models": [{"agreement": band["agreement_with_plurality"], "cross_entropy": band["cross_entropy"]}
                          for band in bands]}
            for bands in zip(*by_model, strict=True)]
