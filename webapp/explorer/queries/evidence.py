"""What speaks for and against a sample's label: votes, out-of-fold prediction, networks, neighbors, copies."""

from collections import Counter


def evidence(sample, neighbors, copies, summary):
    """A list of {source, says, detail, agrees}, one entry per source that names a label.

    sample, neighbors, copies: rows as of DataSet.sample. says: the label that the source names. detail: how clearly,
    as {count, of} or {probability}. agrees: whether that is the sample's label. trained: for networks, whether the
    sample is in their training split, so that they may repeat its label.
    """
    label, found = sample["label"], []
    if sample.get("plurality"):
        found.append(_entry("votes", sample["plurality"], label, count=sample["top_votes"], of=10))
    found.append(_entry("out-of-fold", sample["suggested"], label, probability=sample["suggested_confidence"]))
    for model in summary["models"]:
        name = model["name"]
        if label in model["labels"]:
            found.append(_entry(name, sample[f"{name}.answer"], label, probability=sample[f"{name}.confidence"])
                         | {"trained": sample["split"] == summary["learnt_from"]})
    for source, rows in (("neighbors", neighbors), ("copies", copies)):
        if rows:
            says, count = Counter(row["label"] for row in rows).most_common(1)[0]
            found.append(_entry(source, says, label, count=count, of=len(rows)))
    return found


def verdict(found):
    """{against, of, says} of the `evidence`: how many sources contradict the label, and what most of them name."""
    against = [entry for entry in found if not entry["agrees"]]
    says = Counter(entry["says"] for entry in against).most_common(1)
    return {"against": len(against), "of": len(found), "says": says[0][0] if says else None}


def _entry(source, says, label, **detail):
    return {"source": source, "says": says, "detail": detail, "agrees": says == label}
