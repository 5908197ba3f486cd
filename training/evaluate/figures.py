"""Judge a model bundle on FER2013 and FER+: the figures of its card.

All figures are what one forward pass gives, with the card's temperature, as served;
averages over several views of a face are reported beside. `as_published` counts all rows, `without_twins`
leaves out those whose picture, or nearly it, is in Training.
"""

import numpy as np

from ..data.labels import LABEL_SETS
from ..errors import TrainingError
from . import jury, metrics
from .predictions import answers, forward, judged, judged_rows, mirror_views, ten_crops

ENTROPY_EDGES = (0.0, 0.4, 0.7, 1.0)    # nats; the first band is faces whose raters all agree


VIEWS = {"flip_averaging": mirror_views, "ten_crop_averaging": ten_crops}


def figures(bundle, tests, split, averaging=("flip_averaging",)):
    """The figures of one split, as they stand in the card.

    bundle: judging.Bundle. tests: testset.TestSet. averaging: names of VIEWS to report beside. Returns
    a dict that is JSON as it stands.
    """
    run, faces = forward(bundle), tests.faces
    single = answers(run, faces, bundle.label_set, split)
    log_p = metrics.log_softmax(single.logits / bundle.temperature)
    kept = ~tests.twins[single.rows]
    measure = _of_raters if bundle.label_set == "ferplus" else _of_labels
    values = measure(single, log_p)
    result = {"faces": len(single.rows), "with_twin_in_training": int((~kept).sum()),
              "as_published": _summary(values, np.ones(len(kept), bool)), "without_twins": _summary(values, kept)}
    for name in averaging:
        result[name] = _averaged(run, bundle, faces, split, VIEWS[name])
    result |= _of_classes(single, log_p, bundle.label_set) | _calibration(single, log_p, bundle)
    if faces.votes is not None:
        result["by_entropy"] = by_entropy(single, log_p, faces.votes[single.rows].astype(np.int64), bundle.label_set)
    if bundle.label_set == "ferplus":
        result["one_rater"] = _rater(single.votes)
        result["equivalent_jury"] = _jury(single, log_p, faces)
    return result


def serving_path(bundle, tests, split):
    """Figures of one split through the site's own path: the detector finds the face, the crop is the card's.

    Returns {"split", "faces", "found": share of the faces found, "figures" on those}. Raises
    TrainingError where the detector's files are missing.
    """
    faces = tests.faces
    crops, found = tests.serving(bundle.card, split)
    rows = judged_rows(faces, bundle.label_set, split)
    place = np.searchsorted(faces.rows(split), rows)
    seen = found[place]
    result = {"split": split, "faces": len(rows), "found": float(seen.mean()), "figures": {}}
    if seen.any():
        answer = judged(faces, bundle.label_set, rows[seen], forward(bundle)(crops[place[seen]]))
        log_p = metrics.log_softmax(answer.logits / bundle.temperature)
        measure = _of_raters if bundle.label_set == "ferplus" else _of_labels
        result["figures"] = _summary(measure(answer, log_p), np.ones(len(log_p), bool))
    return result


def compare(one, other, faces, split):
    """McNemar's test of two bundles of one label set on a split: metrics.mcnemar's dict with "split" and "faces".

    With FER+ on the rows with a majority. Raises TrainingError for bundles of different label sets.
    """
    if one.label_set != other.label_set:
        raise TrainingError(f"{one.card['name']} answers {one.label_set}, {other.card['name']} {other.label_set}: "
                            "only bundles of one label set can be compared")
    correct = []
    for bundle in (one, other):
        answer = answers(forward(bundle), faces, bundle.label_set, split)
        kept = jury.has_majority(answer.votes) if bundle.label_set == "ferplus" else np.ones(len(answer.rows), bool)
        correct.append((answer.logits.argmax(1) == answer.truth)[kept])
    return {"split": split, "faces": len(correct[0])} | metrics.mcnemar(*correct)


def _averaged(run, bundle, faces, split, views):
    """Figures of the answers averaged over `views`, with the recall of the label that is found least."""
    given = answers(run, faces, bundle.label_set, split, views)
    log_p = metrics.log_softmax(given.logits / bundle.temperature)
    measure = _of_raters if bundle.label_set == "ferplus" else _of_labels
    values = measure(given, log_p) | _least_found(given, log_p, bundle.label_set)
    return _summary(values, np.ones(len(log_p), bool))


def _of_labels(given, log_p):
    """{figure: (value of each row, rows it is made of)} where each picture has one label."""
    every = np.ones(len(log_p), bool)
    return {"accuracy": (log_p.argmax(1) == given.truth, every),
            "cross_entropy": (metrics.soft_cross_entropy(log_p, given.shares), every)}


def _of_raters(given, log_p):
    """The same where ten raters voted."""
    every = np.ones(len(log_p), bool)
    agrees = log_p.argmax(1) == given.truth
    return {"agreement_with_majority": (agrees, jury.has_majority(given.votes)),
            "agreement_with_plurality": (agrees, every),
            "soft_cross_entropy": (metrics.soft_cross_entropy(log_p, given.shares), every),
            "entropy_of_votes": (metrics.entropy(given.shares), every)}


def _summary(values, kept):
    summary = {}
    for name, (each, rows) in values.items():
        chosen = each[rows & kept]
        if len(chosen):
            low, high = metrics.bootstrap(chosen)
            summary[name] = {"value": float(chosen.mean()), "low": low, "high": high, "faces": len(chosen)}
    return summary


def _least_found(given, log_p, label_set):
    """{"recall_of_LABEL": (whether right, the label's rows)} of the label that is found least."""
    classes = [each for each in _of_classes(given, log_p, label_set)["per_class"] if each["faces"]]
    least = min(classes, key=lambda each: each["recall"])["label"]
    kept = jury.has_majority(given.votes) if label_set == "ferplus" else np.ones(len(log_p), bool)
    right = log_p.argmax(1) == given.truth
    return {f"recall_of_{least}": (right, kept & (given.truth == LABEL_SETS[label_set].index(least)))}


def _of_classes(given, log_p, label_set):
    labels = LABEL_SETS[label_set]
    kept = jury.has_majority(given.votes) if label_set == "ferplus" else np.ones(len(log_p), bool)
    matrix = metrics.confusion(given.truth[kept], log_p.argmax(1)[kept], len(labels))
    columns = zip(labels, *metrics.per_class(matrix), matrix.sum(1), strict=True)
    return {"per_class": [{"label": label, "precision": float(precision), "recall": float(recall), "f1": float(f1),
                           "faces": int(count)} for label, precision, recall, f1, count in columns],
            "confusion": matrix.tolist(),
            "classes_on": "rows with a majority" if label_set == "ferplus" else "all rows"}


def _calibration(given, log_p, bundle):
    """A vote's share where raters voted: when the bundle says seven of ten, seven of ten should have said so."""
    answer = log_p.argmax(1)
    confidence = np.exp(log_p.max(1))
    correct = answer == given.truth
    meant = given.shares[np.arange(len(answer)), answer]
    error, diagram = metrics.calibration_error(confidence, meant)
    spoken = confidence >= bundle.unsure_threshold
    result = {"expected_calibration_error": error, "reliability": diagram,
              "unsure": {"share": float(1 - spoken.mean()),
                         "error_rate": float((~correct[spoken]).mean()) if spoken.any() else 0.0}}
    if bundle.label_set == "ferplus":
        result["expected_calibration_error_of_first_choice"] = metrics.calibration_error(confidence, correct)[0]
    return result


def by_entropy(given, log_p, votes, label_set):
    """The figures from faces on which the raters agree to those they contest; bands of the votes' entropy, nats."""
    counts = votes[:, :jury.EXPRESSIONS]
    total = counts.sum(1)
    spread = metrics.entropy(counts / np.maximum(total, 1)[:, None])
    place = np.searchsorted(ENTROPY_EDGES, spread, side="left")
    right_name = "agreement_with_plurality" if label_set == "ferplus" else "accuracy"
    correct = log_p.argmax(1) == given.truth
    loss, rater = metrics.soft_cross_entropy(log_p, given.shares), jury.one_rater(votes)
    bands = []
    for band in range(len(ENTROPY_EDGES) + 1):
        rows = (place == band) & (total > 0)
        if rows.any():
            bands.append({"above": ENTROPY_EDGES[band - 1] if band else None,
                          "to": ENTROPY_EDGES[band] if band < len(ENTROPY_EDGES) else None,
                          "faces": int(rows.sum()), right_name: float(correct[rows].mean()),
                          "cross_entropy": float(loss[rows].mean()), "one_rater": float(rater[rows].mean())})
    return bands


def _rater(votes):
    """How one human rater does against the others of the same face."""
    agrees, majority = jury.one_rater(votes), jury.has_majority(votes)
    every = np.ones(len(votes), bool)
    return _summary({"agreement_with_majority": (agrees, majority), "agreement_with_plurality": (agrees, every)}, every)


def _jury(given, log_p, faces):
    """The equivalent jury; None where no face has ten votes for expressions."""
    rows = jury.all_expressions(given.votes)
    chosen_on = _counts(faces, "PublicTest")
    if not rows.any() or not len(chosen_on):
        return None
    prior = 1 + _counts(faces, "Training").sum(0)
    losses = metrics.soft_cross_entropy(log_p, given.shares)[rows]
    return jury.equivalent_jury(jury.Juries(chosen_on, prior), given.votes[rows, :jury.EXPRESSIONS], losses)


def _counts(faces, split):
    votes = faces.votes[faces.rows(split)].astype(np.int64)
    return votes[jury.all_expressions(votes), :jury.EXPRESSIONS]
