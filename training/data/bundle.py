"""The data-set bundle that the explorer reads: one row a sample, no pixels.

`samples.parquet`, `summary.json`, and the mean and variance faces of each class and split
(`mean.png`, `variance.png`: a row a split, a column a label). Format: docs/data.md.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from . import duplicates, label_errors, neighbors
from .cache import fingerprint, kept
from .labels import FERPLUS
from .out_of_sample import DESCRIPTION, SETTINGS, out_of_fold
from .quality import quality

SCHEMA = 1
#: Small enough that fetching a page's rows leaves most of a large table unread.
ROW_GROUP = 16_384
#: Smaller tables are packed tightly, for they travel; larger ones so that questions are answered a third faster.
LARGE = 100_000


def build(samples, models, out, name, title, command, say=print, keep=None):
    """Write the bundle of `samples` (Samples) and `models` (list of Answers) into the folder `out`; its summary.

    keep: folder in which twins and out-of-sample predictions are kept for the next time.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    summary = {"schema": SCHEMA, "name": name, "title": title, "command": command, "rows": len(samples),
               "splits": list(samples.split_names), "learnt_from": samples.learnt_from,
               "labels": list(samples.label_names), "label_set": samples.label_set,
               "vote_names": list(samples.vote_names), "md5": samples.md5, "source": samples.source,
               "left_out": samples.left_out, "picture_size": int(samples.images.shape[1])}
    columns = {"row": np.arange(len(samples), dtype=np.uint32),
               "split": _names(samples.split, samples.split_names),
               "label": _names(samples.labels, samples.label_names)}
    if samples.votes is not None:
        columns |= _votes(samples)
    say("quality")
    columns |= {key: _rounded(values, 2) for key, values in
                zip(("brightness", "contrast", "sharpness"), quality(samples.images), strict=True)}
    say("duplicates and near twins")
    first, pairs, found = _twins(samples, keep)
    columns |= found
    summary |= _counts(samples, first, found)
    say("predictions out of sample")
    wrong, summary["label_issues"] = _label_errors(samples, columns, duplicates.groups(first, pairs), keep)
    columns |= wrong
    summary["models"] = []
    for answers in models:
        columns |= _answers(answers, samples, columns)
        summary["models"].append(_about(answers, samples))
    seeing = next((answers for answers in models if answers.embedding is not None), None)
    say("neighbours and map")
    columns |= _space(seeing, samples, first)
    summary["map"] = {"space": seeing.card["name"] if seeing else None,
                      "method": "t-SNE of the network's embedding" if seeing else "t-SNE of the pictures",
                      "fitted_rows": min(len(samples), neighbors.MOST_FITTED)}
    _write_faces(samples, out)
    _write_table(columns, out / "samples.parquet", {"schema": SCHEMA, "name": name})
    (out / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return summary


def _names(index, names):
    return pa.DictionaryArray.from_arrays(pa.array(index, pa.uint8()), pa.array(names, pa.string()))


def _optional(index, names, known):
    """Names by index; null where not `known`."""
    return pa.DictionaryArray.from_arrays(pa.array(index, pa.uint8(), mask=~known), pa.array(names, pa.string()))


def _lists(rows):
    """A list a row."""
    return pa.ListArray.from_arrays(pa.array(np.arange(len(rows) + 1) * rows.shape[1], pa.int32()),
                                    pa.array(rows.ravel()))


def _rounded(values, digits):
    """float32, few digits: short when compressed, and nobody reads more."""
    return np.round(values.astype(np.float64), digits).astype(np.float32)


def _votes(samples):
    """The votes, their plurality, majority and entropy (nats, over the votes on expressions).

    Majority: more than half of the votes that call it a face, the rule of the published
    evaluations. Null where no vote is on an expression.
    """
    votes = samples.votes
    columns = {f"votes_{name}": votes[:, place] for place, name in enumerate(samples.vote_names)}
    expressions = votes[:, :len(FERPLUS)].astype(np.float64)
    total = expressions.sum(axis=1)
    share = expressions / np.maximum(total, 1)[:, None]
    entropy = -(share * np.log(np.where(share > 0, share, 1))).sum(axis=1)
    top = expressions.max(axis=1)
    face = total > 0
    calls = votes[:, :len(FERPLUS) + 1].sum(axis=1)      # with *unknown*, without *not a face*
    majority = top * 2 > calls
    return columns | {
        "plurality": _optional(expressions.argmax(axis=1), FERPLUS, face),
        "majority": _optional(expressions.argmax(axis=1), FERPLUS, majority & face),
        "entropy": pa.array(_rounded(entropy, 4), pa.float32(), mask=~face),
        "top_votes": top.astype(np.uint8)}


def _twins(samples, keep):
    """First rows, int32 (n,), Pairs, and the columns that say so."""
    images = np.asarray(samples.images) if len(samples) <= duplicates.MOST_COMPARED else samples.images
    first = duplicates.first_rows(images)
    pairs = duplicates.equal_pairs(first, samples.split)
    if len(samples) <= duplicates.MOST_COMPARED:
        near = kept(keep, "near-pairs", fingerprint(images, duplicates.NEAR),
                    lambda: vars(duplicates.near_pairs(images)))
        pairs = duplicates.join(pairs, duplicates.Pairs(**near))
    twin, correlation = duplicates.twins_across(pairs, samples.split, 0)
    exact = (twin >= 0) & (first[np.maximum(twin, 0)] == first)
    kind = np.where(exact, 0, 1)
    return first, pairs, {
        "first": first, "copies": np.bincount(first, minlength=len(first))[first].astype(np.uint16),
        "constant": duplicates.constant(images),
        "twin": pa.array(twin, pa.int32(), mask=twin < 0), "twin_kind": _optional(kind, ("exact", "near"), twin >= 0),
        "twin_correlation": pa.array(_rounded(correlation, 3), pa.float32(), mask=twin < 0)}


def _counts(samples, first, found):
    """The facts that can be stated in a sentence."""
    kind = found["twin_kind"].to_pylist()
    order = np.lexsort((samples.labels, first))
    same = first[order][1:] == first[order][:-1]
    conflicting = np.unique(first[order][1:][same & (samples.labels[order][1:] != samples.labels[order][:-1])])
    counts = {split: {label: int(((samples.split == s) & (samples.labels == n)).sum())
                      for n, label in enumerate(samples.label_names)} for s, split in enumerate(samples.split_names)}
    twins = {split: {"exact": sum(kind[row] == "exact" for row in samples.rows(split)),
                     "near_or_exact": sum(kind[row] is not None for row in samples.rows(split))}
             for split in samples.split_names}
    return {"counts": counts,
            "duplicates": {"distinct_pictures": int(len(np.unique(first))),
                           "surplus": int((first != np.arange(len(first))).sum()),
                           "groups_with_conflicting_labels": int(len(conflicting)),
                           "constant_pictures": int(found["constant"].sum()), "near_correlation": duplicates.NEAR,
                           "near_compared": len(samples) <= duplicates.MOST_COMPARED,
                           "twins_in_other_split": twins}}


def _label_errors(samples, columns, groups, keep):
    """Columns and facts of the labels that look wrong."""
    key = fingerprint(np.asarray(samples.images), samples.labels, groups, DESCRIPTION, SETTINGS)
    probabilities = kept(keep, "out-of-fold", key, lambda: {
        "probabilities": out_of_fold(samples.images, samples.labels, groups)})["probabilities"]
    score, issues = label_errors.label_errors(samples.labels, probabilities)
    answer = probabilities.argmax(axis=1)
    facts = {"predictions": DESCRIPTION, "ranking": "cleanlab, normalized margin; issues: prune by noise rate and "
             "by class", "accuracy": {split: round(float((answer == samples.labels)[samples.rows(split)].mean()), 4)
                                      for split in samples.split_names}, "issues": int(issues.sum())}
    if samples.votes is not None:
        plurality = columns["plurality"].to_pylist()
        face = np.array([name is not None for name in plurality])
        wrong = np.array([name is not None and name != samples.label_names[label]
                          for name, label in zip(plurality, samples.labels, strict=True)])
        facts["against_votes"] = label_errors.against_votes(score, wrong, face)
    return {"label_quality": _rounded(score, 4), "label_issue": issues,
            "suggested": _names(answer.astype(np.uint8), samples.label_names),
            "suggested_confidence": _rounded(probabilities.max(axis=1), 3)}, facts


def _answers(answers, samples, columns):
    name, labels = answers.card["name"], answers.card["labels"]
    place = answers.probabilities.argmax(axis=1)
    found = {f"{name}.answer": _names(place.astype(np.uint8), labels),
             f"{name}.confidence": _rounded(answers.probabilities.max(axis=1), 4),
             f"{name}.probabilities": _lists(np.round(answers.probabilities * 255).astype(np.uint8))}
    truth = columns[_truth(answers.card, samples)].to_pylist()
    known = np.array([value in labels for value in truth])
    right = np.array([labels[answer] == value for answer, value in zip(place, truth, strict=True)])
    return found | {f"{name}.right": pa.array(right, pa.bool_(), mask=~known)}


def _truth(card, samples):
    """The column that a model's answers are held against."""
    return "majority" if card["label_set"] == "ferplus" and samples.votes is not None else "label"


def _about(answers, samples):
    card = answers.card
    return {"name": card["name"], "title": card.get("title", card["name"]), "version": card["version"],
            "label_set": card["label_set"], "labels": card["labels"], "truth": _truth(card, samples),
            "parameters": card.get("parameters"), "unsure": card.get("unsure", {}).get("threshold"),
            "model_sha256": answers.sha256, "curve": answers.curve}


def _space(answers, samples, first):
    """Map coordinates and the nearest rows of the split that models learn from."""
    embedding = answers.embedding if answers else samples.images.reshape(len(samples), -1).astype(np.float32)
    points = neighbors.place(embedding)
    near = neighbors.nearest(embedding, samples.rows(samples.learnt_from), first)
    return {"x": _rounded(points[:, 0], 4), "y": _rounded(points[:, 1], 4),
            "neighbours": _lists(near)}


def _write_faces(samples, out):
    """Mean and variance of each class and split as two grey pictures; of the variance, three times its root."""
    height, width = samples.images.shape[1:]
    shape = (len(samples.split_names) * height, len(samples.label_names) * width)
    mean, variance = np.zeros(shape), np.zeros(shape)
    for s in range(len(samples.split_names)):
        for n in range(len(samples.label_names)):
            rows = np.flatnonzero((samples.split == s) & (samples.labels == n))
            tile = slice(s * height, (s + 1) * height), slice(n * width, (n + 1) * width)
            if len(rows) >= 10:     # a mean of few would be a picture of somebody
                total = sum(samples.images[row].astype(np.float64) for row in rows)
                squares = sum(samples.images[row].astype(np.float64) ** 2 for row in rows)
                mean[tile] = total / len(rows)
                variance[tile] = np.sqrt(np.maximum(squares / len(rows) - mean[tile] ** 2, 0))
    cv2.imwrite(str(out / "mean.png"), np.round(mean).astype(np.uint8))
    cv2.imwrite(str(out / "variance.png"), np.clip(variance * 3, 0, 255).astype(np.uint8))


def _write_table(columns, path, about):
    table = pa.table({name: values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
                      for name, values in columns.items()})
    table = table.replace_schema_metadata({"emoscope": json.dumps(about)})
    parquet.write_table(table, path, row_group_size=ROW_GROUP, **packing(table.num_rows))


def packing(rows):
    """How a table of so many rows is compressed, as pyarrow's options."""
    return {"compression": "lz4"} if rows > LARGE else {"compression": "zstd", "compression_level": 19}
