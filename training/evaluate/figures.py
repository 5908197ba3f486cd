"""Evaluate a model bundle on FER2013 and FER+: the figures of its card.

Figures are of a single forward pass with the card's temperature, as served. Averages over augmented views of a
face are reported separately. `as_published` counts all rows; `without_twins` leaves out the rows with an exact or
near-duplicate in Training.
"""

import numpy as np

from ..data.labels import LABEL_SETS
from ..errors import TrainingError
from . import jury, metrics
from .predictions import evaluated, evaluation_rows, forward, mirror_views, predict, ten_crops

ENTROPY_EDGES = (0.0, 0.4, 0.7, 1.0)    # nats; in the first band all raters agree
VIEWS = {"flip_averaging": mirror_views, "ten_crop_averaging": ten_crops}


def figures(bundle, tests, split, averaging=("flip_averaging",)):
    """The figures of one split as a JSON-serializable dict, as stored in the card.

    bundle: bundles.Bundle. tests: test_set.TestSet. averaging: names of VIEWS to report in addition.
    """
    run, faces = forward(bundle), tests.faces
    single = predict(run, faces, bundle.label_set, split)
    log_p = metrics.log_softmax(single.logits / bundle.temperature)
    distinct = ~tests.near_duplicates[single.rows]
    values = _row_values(single, log_p, bundle.label_set)
    result = {"faces": len(single.rows), "with_twin_in_training": int((~distinct).sum()),
              "as_published": _summary(values, np.ones(len(distinct), bool)),
              "without_twins": _summary(values, distinct)}
    for name in averaging:
        result[name] = _averaged(run, bundle, faces, split, VIEWS[name])
    result |= _of_classes(single, log_p, bundle.label_set) | _calibration(single, log_p, bundle)
    if faces.votes is not None:
        result["by_entropy"] = by_entropy(single, log_p, faces.votes[single.rows].astype(np.int64), bundle.label_set)
    if bundle.label_set == "ferplus":
        result["ferplus_protocol"] = ferplus_protocol(single, ~distinct)
        result["one_rater"] = _one_rater(single.votes)
        result["equivalent_jury"] = _equivalent_jury(single, log_p, faces)
    return result


def serving_path(bundle, tests, split):
    """Figures of one split through the site's own pipeline: face detection, then the card's crop.

    Returns {"split", "faces", "found": fraction of the faces detected, "figures" on those}. Raises
    TrainingError if the detector's files are missing.
    """
    faces = tests.faces
    crops, found = tests.serving_crops(bundle.card, split)
    rows = evaluation_rows(faces, bundle.label_set, split)
    index = np.searchsorted(faces.rows(split), rows)
    detected = found[index]
    result = {"split": split, "faces": len(rows), "found": float(detected.mean()), "figures": {}}
    if detected.any():
        logits = forward(bundle)(crops[index[detected]])
        predictions = evaluated(faces, bundle.label_set, rows[detected], logits)
        log_p = metrics.log_softmax(predictions.logits / bundle.temperature)
        result["figures"] = _summary(_row_values(predictions, log_p, bundle.label_set), np.ones(len(log_p), bool))
    return result


def ferplus_protocol(predictions, near_duplicates):
    """Accuracy on eight classes as the literature reports it, on the rows of jury.ferplus_protocol.

    predictions: predictions.Predictions of a bundle of FER+'s label set. near_duplicates: bool (n,), rows with an exact
    or near-duplicate in Training. Returns {"accuracy", "accuracy_without_twins"}, each with its interval.
    """
    rows, label = jury.ferplus_protocol(predictions.votes)
    correct = predictions.logits.argmax(1) == label
    return _summary({"accuracy": (correct, rows), "accuracy_without_twins": (correct, rows & ~near_duplicates)},
                    np.ones(len(rows), bool))


def compare(one, other, faces, split):
    """McNemar's test of two bundles of one label set on a split: metrics.mcnemar's dict with "split" and "faces".

    FER+ bundles are compared on the rows with a majority. Raises TrainingError for different label sets.
    """
    if one.label_set != other.label_set:
        raise TrainingError(f"only bundles of one label set can be compared, got {one.card['name']} of "
                            f"{one.label_set} and {other.card['name']} of {other.label_set}")
    correct = []
    for bundle in (one, other):
        predictions = predict(forward(bundle), faces, bundle.label_set, split)
        rows = _class_rows(predictions, bundle.label_set)
        correct.append((predictions.logits.argmax(1) == predictions.truth)[rows])
    return {"split": split, "faces": len(correct[0])} | metrics.mcnemar(*correct)


def _averaged(run, bundle, faces, split, views):
    """Figures of the predictions averaged over `views`, with the lowest recall of a label."""
    predictions = predict(run, faces, bundle.label_set, split, views)
    log_p = metrics.log_softmax(predictions.logits / bundle.temperature)
    values = _row_values(predictions, log_p, bundle.label_set) | _lowest_recall(predictions, log_p, bundle.label_set)
    return _summary(values, np.ones(len(log_p), bool))


def _row_values(predictions, log_p, label_set):
    """{figure: (value of each row, rows that count)}."""
    every = np.ones(len(log_p), bool)
    correct = log_p.argmax(1) == predictions.truth
    loss = metrics.soft_cross_entropy(log_p, predictions.targets)
    if label_set != "ferplus":
        return {"accuracy": (correct, every), "cross_entropy": (loss, every)}
    return {"agreement_with_majority": (correct, jury.has_majority(predictions.votes)),
            "agreement_with_plurality": (correct, every),
            "soft_cross_entropy": (loss, every),
            "entropy_of_votes": (metrics.entropy(predictions.targets), every)}


def _summary(values, included):
    """Mean, 95 % interval and number of faces of each figure over the rows `included`."""
    summary = {}
    for name, (each, rows) in values.items():
        chosen = each[rows & included]
        if len(chosen):
            low, high = metrics.bootstrap(chosen)
            summary[name] = {"value": float(chosen.mean()), "low": low, "high": high, "faces": len(chosen)}
    return summary


def _class_rows(predictions, label_set):
    """bool (n,): the rows of per-class figures, for FER+ those with a majority."""
    return jury.has_majority(predictions.votes) if label_set == "ferplus" else np.ones(len(predictions.rows), bool)


def _lowest_recall(predictions, log_p, label_set):
    """{"recall_of_LABEL": (correct, the label's rows)} of the label with the lowest recall."""
    classes = [each for each in _of_classes(predictions, log_p, label_set)["per_class"] if each["faces"]]
    lowest = min(classes, key=lambda each: each["recall"])["label"]
    rows = _class_rows(predictions, label_set) & (predictions.truth == LABEL_SETS[label_set].index(lowest))
    return {f"recall_of_{lowest}": (log_p.argmax(1) == predictions.truth, rows)}


def _of_classes(predictions, log_p, label_set):
    labels = LABEL_SETS[label_set]
    rows = _class_rows(predictions, label_set)
    matrix = metrics.confusion(predictions.truth[rows], log_p.argmax(1)[rows], len(labels))
    columns = zip(labels, *metrics.per_class(matrix), matrix.sum(1), strict=True)
    return {"per_class": [{"label": label, "precision": float(precision), "recall": float(recall), "f1": float(f1),
                           "faces": int(count)} for label, precision, recall, f1, count in columns],
            "confusion": matrix.tolist(),
            "classes_on": "rows with a majority" if label_set == "ferplus" else "all rows"}


def _calibration(predictions, log_p, bundle):
    """Calibration and the *unsure* threshold's figures.

    With votes the confidence is compared with the fraction of raters who chose the predicted label: a
    probability of .7 should mean that seven of ten raters chose it.
    """
    predicted = log_p.argmax(1)
    confidence = np.exp(log_p.max(1))
    correct = predicted == predictions.truth
    expected = predictions.targets[np.arange(len(predicted)), predicted]
    error, diagram = metrics.calibration_error(confidence, expected)
    confident = confidence >= bundle.unsure_threshold
    result = {"expected_calibration_error": error, "reliability": diagram,
              "unsure": {"share": float(1 - confident.mean()),
                         "error_rate": float((~correct[confident]).mean()) if confident.any() else 0.0}}
    if bundle.label_set == "ferplus":
        result["expected_calibration_error_of_first_choice"] = metrics.calibration_error(confidence, correct)[0]
    return result


def by_entropy(predictions, log_p, votes, label_set):
    """Figures by the entropy of the votes (nats), from faces on which all raters agree to the most contested ones."""
    counts = votes[:, :jury.EXPRESSIONS]
    total = counts.sum(1)
    entropy = metrics.entropy(counts / np.maximum(total, 1)[:, None])
    bin_of = np.searchsorted(ENTROPY_EDGES, entropy, side="left")
    accuracy_name = "agreement_with_plurality" if label_set == "ferplus" else "accuracy"
    correct = log_p.argmax(1) == predictions.truth
    loss, rater = metrics.soft_cross_entropy(log_p, predictions.targets), jury.one_rater(votes)
    bands = []
    for band in range(len(ENTROPY_EDGES) + 1):
        rows = (bin_of == band) & (total > 0)
        if rows.any():
            bands.append({"above": ENTROPY_EDGES[band - 1] if band else None,
                          "to": ENTROPY_EDGES[band] if band < len(ENTROPY_EDGES) else None,
                          "faces": int(rows.sum()), accuracy_name: float(correct[rows].mean()),
                          "cross_entropy": float(loss[rows].mean()), "one_rater": float(rater[rows].mean())})
    return bands


def _one_rater(votes):
    """Agreement of one human rater with the other raters of the same face."""
    agrees, majority = jury.one_rater(votes), jury.has_majority(votes)
    every = np.ones(len(votes), bool)
    return _summary({"agreement_with_majority": (agrees, majority), "agreement_with_plurality": (agrees, every)}, every)


def _equivalent_jury(predictions, log_p, faces):
    """The equivalent jury; None if no face has ten votes for expressions."""
    rows = jury.all_expressions(predictions.votes)
    chosen_on = _expression_counts(faces, "PublicTest")
    if not rows.any() or not len(chosen_on):
        return None
    prior = 1 + _expression_counts(faces, "Training").sum(0)
    losses = metrics.soft_cross_entropy(log_p, predictions.targets)[rows]
    return jury.equivalent_jury(jury.Juries(chosen_on, prior), predictions.votes[rows, :jury.EXPRESSIONS], losses)


def _expression_counts(faces, split):
    votes = faces.votes[faces.rows(split)].astype(np.int64)
    return votes[jury.all_expressions(votes), :jury.EXPRESSIONS]
