"""The data-set bundle that the explorer reads: one row per sample, no pixels.

It consists of `samples.parquet`, `summary.json`, and the mean and variance faces of each class and split
(`mean.png`, `variance.png`: one row per split, one column per label), and on request an average face per sample
(average_faces.py). Format: docs/data.md.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from . import average_faces, duplicates, label_errors, neighbors
from .arrays import cached, fingerprint
from .labels import FERPLUS
from .samples import image_quality

SCHEMA = 1
#: Small enough that reading one page's rows skips most of a large table.
ROW_GROUP = 16_384
#: Smaller tables use zstd, for a small download; larger ones lz4, which makes queries a third faster.
LARGE = 100_000


def build(samples, models, out, name, title, command, report=print, cache=None, align=None):
    """Write the bundle of `samples` (Samples) and `models` (list of ModelPredictions) to `out`; its summary.

    cache: folder in which near-duplicates, out-of-sample predictions and aligned images are cached. align: the
    function that crops the images for the average faces (average_faces.build); None builds no average faces.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    summary = {"schema": SCHEMA, "name": name, "title": title, "command": command, "rows": len(samples),
               "splits": list(samples.split_names), "learnt_from": samples.training_split,
               "labels": list(samples.label_names), "label_set": samples.label_set,
               "vote_names": list(samples.vote_names), "md5": samples.md5, "source": samples.source,
               "left_out": samples.left_out, "picture_size": int(samples.images.shape[1])}
    columns = {"row": np.arange(len(samples), dtype=np.uint32),
               "split": _names(samples.split, samples.split_names),
               "label": _names(samples.labels, samples.label_names)}
    if samples.votes is not None:
        columns |= _votes(samples)
    report("image quality")
    columns |= {key: _rounded(values, 2) for key, values in
                zip(("brightness", "contrast", "sharpness"), image_quality(samples.images), strict=True)}
    report("duplicates and near-duplicates")
    first, pairs, found = _near_duplicates(samples, cache)
    columns |= found
    summary |= _counts(samples, first, found)
    report("out-of-sample predictions")
    groups = duplicates.groups(first, pairs)
    errors, summary["label_issues"] = _label_errors(samples, columns, groups, cache)
    columns |= errors
    summary["models"] = []
    for model in models:
        columns |= _predictions(model, samples, columns)
        summary["models"].append(_model_summary(model, samples))
    space = next((model for model in models if model.embedding is not None), None)
    embedding = space.embedding if space else samples.images.reshape(len(samples), -1).astype(np.float32)
    report("neighbors and map")
    columns |= _map(embedding, samples, first)
    summary["map"] = {"space": space.card["name"] if space else None,
                      "method": "t-SNE of the network's embedding" if space else "t-SNE of the images",
                      "fitted_rows": min(len(samples), neighbors.MOST_FITTED)}
    (out / average_faces.FILE).unlink(missing_ok=True)
    if align:
        report("average faces")
        summary["average_faces"] = average_faces.build(
            out / average_faces.FILE, samples.images, embedding, samples.rows(samples.training_split), groups, align,
            cache)
    _write_faces(samples, out)
    _write_table(columns, out / "samples.parquet", {"schema": SCHEMA, "name": name})
    (out / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return summary


def _names(index, names):
    return pa.DictionaryArray.from_arrays(pa.array(index, pa.uint8()), pa.array(names, pa.string()))


def _optional(index, names, known):
    """Names by index; null where `known` is false."""
    return pa.DictionaryArray.from_arrays(pa.array(index, pa.uint8(), mask=~known), pa.array(names, pa.string()))


def _lists(rows):
    """A list column: one list per row."""
    return pa.ListArray.from_arrays(pa.array(np.arange(len(rows) + 1) * rows.shape[1], pa.int32()),
                                    pa.array(rows.ravel()))


def _rounded(values, digits):
    """float32 with few digits, which compresses better."""
    return np.round(values.astype(np.float64), digits).astype(np.float32)


def _votes(samples):
    """The votes, their plurality, majority and entropy (nats, over the votes on expressions).

    Majority: more than half of the votes other than *not a face*, as in the published
    evaluations. Null where no vote is for an expression.
    """
    votes = samples.votes
    columns = {f"votes_{name}": votes[:, index] for index, name in enumerate(samples.vote_names)}
    expressions = votes[:, :len(FERPLUS)].astype(np.float64)
    total = expressions.sum(axis=1)
    fraction = expressions / np.maximum(total, 1)[:, None]
    entropy = -(fraction * np.log(np.where(fraction > 0, fraction, 1))).sum(axis=1)
    top = expressions.max(axis=1)
    face = total > 0
    on_faces = votes[:, :len(FERPLUS) + 1].sum(axis=1)      # with *unknown*, without *not a face*
    majority = top * 2 > on_faces
    return columns | {
        "plurality": _optional(expressions.argmax(axis=1), FERPLUS, face),
        "majority": _optional(expressions.argmax(axis=1), FERPLUS, majority & face),
        "entropy": pa.array(_rounded(entropy, 4), pa.float32(), mask=~face),
        "top_votes": top.astype(np.uint8)}


def _near_duplicates(samples, cache):
    """First rows, int32 (n,), Pairs, and their columns."""
    images = np.asarray(samples.images) if len(samples) <= duplicates.MOST_COMPARED else samples.images
    first = duplicates.first_rows(images)
    pairs = duplicates.equal_pairs(first, samples.split)
    if len(samples) <= duplicates.MOST_COMPARED:
        near = cached(cache, "near-pairs", fingerprint(images, duplicates.NEAR),
                      lambda: vars(duplicates.near_pairs(images)))
        pairs = duplicates.join(pairs, duplicates.Pairs(**near))
    nearest, correlation = duplicates.nearest_across_splits(pairs, samples.split, 0)
    exact = (nearest >= 0) & (first[np.maximum(nearest, 0)] == first)
    kind = np.where(exact, 0, 1)
    return first, pairs, {
        "first": first, "copies": np.bincount(first, minlength=len(first))[first].astype(np.uint16),
        "constant": duplicates.constant(images),
        "twin": pa.array(nearest, pa.int32(), mask=nearest < 0),
        "twin_kind": _optional(kind, ("exact", "near"), nearest >= 0),
        "twin_correlation": pa.array(_rounded(correlation, 3), pa.float32(), mask=nearest < 0)}


def _counts(samples, first, found):
    """Counts of labels and of duplicates for the summary."""
    kind = found["twin_kind"].to_pylist()
    order = np.lexsort((samples.labels, first))
    same = first[order][1:] == first[order][:-1]
    conflicting = np.unique(first[order][1:][same & (samples.labels[order][1:] != samples.labels[order][:-1])])
    counts = {split: {label: int(((samples.split == s) & (samples.labels == n)).sum())
                      for n, label in enumerate(samples.label_names)} for s, split in enumerate(samples.split_names)}
    across = {split: {"exact": sum(kind[row] == "exact" for row in samples.rows(split)),
                      "near_or_exact": sum(kind[row] is not None for row in samples.rows(split))}
              for split in samples.split_names}
    return {"counts": counts,
            "duplicates": {"distinct_pictures": int(len(np.unique(first))),
                           "surplus": int((first != np.arange(len(first))).sum()),
                           "groups_with_conflicting_labels": int(len(conflicting)),
                           "constant_pictures": int(found["constant"].sum()), "near_correlation": duplicates.NEAR,
                           "near_compared": len(samples) <= duplicates.MOST_COMPARED,
                           "twins_in_other_split": across}}


def _label_errors(samples, columns, groups, cache):
    """Columns and summary of the likely label errors."""
    key = fingerprint(np.asarray(samples.images), samples.labels, groups, label_errors.DESCRIPTION,
                      label_errors.SETTINGS)
    probabilities = cached(cache, "out-of-fold", key, lambda: {
        "probabilities": label_errors.out_of_fold(samples.images, samples.labels, groups)})["probabilities"]
    score, issues = label_errors.label_quality(samples.labels, probabilities)
    predicted = probabilities.argmax(axis=1)
    facts = {"predictions": label_errors.DESCRIPTION,
             "ranking": "cleanlab, normalized margin; issues: prune by noise rate and "
             "by class", "accuracy": {split: round(float((predicted == samples.labels)[samples.rows(split)].mean()), 4)
                                      for split in samples.split_names}, "issues": int(issues.sum())}
    if samples.votes is not None:
        plurality = columns["plurality"].to_pylist()
        face = np.array([name is not None for name in plurality])
        wrong = np.array([name is not None and name != samples.label_names[label]
                          for name, label in zip(plurality, samples.labels, strict=True)])
        facts["against_votes"] = label_errors.against_votes(score, wrong, face)
    return {"label_quality": _rounded(score, 4), "label_issue": issues,
            "suggested": _names(predicted.astype(np.uint8), samples.label_names),
            "suggested_confidence": _rounded(probabilities.max(axis=1), 3)}, facts


def _predictions(model, samples, columns):
    """Columns of one model's predictions."""
    name, labels = model.card["name"], model.card["labels"]
    predicted = model.probabilities.argmax(axis=1)
    found = {f"{name}.answer": _names(predicted.astype(np.uint8), labels),
             f"{name}.confidence": _rounded(model.probabilities.max(axis=1), 4),
             f"{name}.probabilities": _lists(np.round(model.probabilities * 255).astype(np.uint8))}
    truth = columns[_truth(model.card, samples)].to_pylist()
    known = np.array([value in labels for value in truth])
    correct = np.array([labels[index] == value for index, value in zip(predicted, truth, strict=True)])
    return found | {f"{name}.right": pa.array(correct, pa.bool_(), mask=~known)}


def _truth(card, samples):
    """The column of true labels that a model is evaluated on."""
    return "majority" if card["label_set"] == "ferplus" and samples.votes is not None else "label"


def _model_summary(model, samples):
    card = model.card
    return {"name": card["name"], "title": card.get("title", card["name"]), "version": card["version"],
            "label_set": card["label_set"], "labels": card["labels"], "truth": _truth(card, samples),
            "parameters": card.get("parameters"), "unsure": card.get("unsure", {}).get("threshold"),
            "model_sha256": model.sha256, "curve": model.curve}


def _map(embedding, samples, first):
    """Map coordinates and the nearest rows of the training split."""
    points = neighbors.project(embedding)
    near = neighbors.nearest(embedding, samples.rows(samples.training_split), first)
    return {"x": _rounded(points[:, 0], 4), "y": _rounded(points[:, 1], 4),
            "neighbours": _lists(near)}


def _write_faces(samples, out):
    """Mean face and three times the standard deviation of each class and split, as two gray images."""
    height, width = samples.images.shape[1:]
    shape = (len(samples.split_names) * height, len(samples.label_names) * width)
    mean, variance = np.zeros(shape), np.zeros(shape)
    for s in range(len(samples.split_names)):
        for n in range(len(samples.label_names)):
            rows = np.flatnonzero((samples.split == s) & (samples.labels == n))
            tile = slice(s * height, (s + 1) * height), slice(n * width, (n + 1) * width)
            if len(rows) >= 10:     # the mean of only a few images could show a recognizable person
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
    """pyarrow's compression options for a table of so many rows."""
    return {"compression": "lz4"} if rows > LARGE else {"compression": "zstd", "compression_level": 19}
