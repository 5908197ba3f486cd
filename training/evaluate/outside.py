"""Evaluate model bundles outside FER2013: on photos of a labeled folder, through the site's own path.

Each photo has one label, so figures are accuracy and recall, not agreement with raters.
"""

import json
from pathlib import Path

import numpy as np

from webapp.vision.crops import CropSpec

from ..data.labels import LABEL_SETS
from ..errors import TrainingError
from . import metrics
from .bundles import round_floats
from .predictions import forward

NO_FACE = "no face"
FEW = 20        # photos of a label below which its recall, mostly chance, is left out of the mean


def figures(bundle, photos, without=(), all_labels=False):
    """The figures of one bundle on `photos`, as a JSON-serializable dict.

    bundle: bundles.Bundle. photos: data.photos.Photos, cropped for the bundle. without: labels whose photos count for
    the detector only, as photos of a label that the bundle does not have. The prediction is the most probable of the
    labels that the folder has, or, with `all_labels`, of all labels of the bundle, as on the site. A face that is not
    found is an error of accuracy and recall; confidence is measured on the faces found. Raises TrainingError if no
    photo is left to evaluate.
    """
    labels = LABEL_SETS[bundle.label_set]
    evaluated = np.array([label in labels and label not in without for label in photos.labels])
    if not evaluated.any():
        raise TrainingError(f"{photos.folder}: no photo has a label of {bundle.card['name']}: {', '.join(labels)}")
    log_p = metrics.log_softmax(logits(bundle, photos) / bundle.temperature)
    allowed = np.array([all_labels or label in photos.labels for label in labels])
    predicted = np.where(allowed, log_p, -np.inf).argmax(1)
    truth = np.array([labels.index(label) if label in labels else -1 for label in photos.labels])
    correct = photos.found & (predicted == truth)
    confidence = np.exp(log_p[np.arange(len(log_p)), predicted])
    sure = np.exp(log_p.max(1)) >= bundle.unsure_threshold
    return ({"photos": len(photos.labels), "found": metrics.wilson(photos.found.sum(), len(photos.found)),
             "several_faces": int((photos.faces > 1).sum()),
             "left_out": {label: count for label, count in photos.counts.items()
                          if label not in labels or label in without},
             "predicts": [label for label, each in zip(labels, allowed, strict=True) if each]}
            | _accuracy(truth, correct, photos.found, evaluated, labels)
            | _confusion(truth, predicted, photos.found, evaluated, labels)
            | _confidence(confidence, correct, sure, photos.found & evaluated)
            | _balanced(bundle, np.where(allowed, log_p, -np.inf), truth, photos.found, evaluated))


def _balanced(bundle, log_p, truth, found, evaluated):
    """{"balanced": accuracy, mean recall and recall of each label} of the balanced prediction; {} if there is none."""
    if bundle.balancing_offsets is None:
        return {}
    correct = found & ((log_p + bundle.balancing_offsets).argmax(1) == truth)
    measured = _accuracy(truth, correct, found, evaluated, LABEL_SETS[bundle.label_set])
    return {"balanced": {key: measured[key] for key in ("accuracy", "accuracy_of_found", "mean_recall", "per_label")}}


def logits(bundle, photos):
    """float32 (n, labels) of the bundle for the crops of `photos`; zeros where no face was found."""
    crops = photos.crops[CropSpec.from_card(bundle.card)]
    found = np.zeros((len(crops), len(bundle.card["labels"])), np.float32)
    if photos.found.any():
        found[photos.found] = forward(bundle)(crops[photos.found])
    return found


def _accuracy(truth, correct, found, evaluated, labels):
    """Accuracy of all photos and of those with a face, recall of each label, and its mean over the labels."""
    chosen, seen = evaluated, evaluated & found
    per_label = []
    for index, label in enumerate(labels):
        rows = evaluated & (truth == index)
        if rows.any():
            per_label.append({"label": label, "photos": int(rows.sum()), "found": int((rows & found).sum()),
                              "recall": metrics.wilson(correct[rows].sum(), rows.sum()),
                              "recall_of_found": metrics.wilson(correct[rows & found].sum(), (rows & found).sum())})
    return {"evaluated": int(chosen.sum()), "accuracy": metrics.wilson(correct[chosen].sum(), chosen.sum()),
            "accuracy_of_found": metrics.wilson(correct[seen].sum(), seen.sum()),
            "mean_recall": _mean_recall(truth[chosen], correct[chosen], labels), "per_label": per_label}


def _mean_recall(truth, correct, labels):
    """metrics.mean_recall with the names of its "labels": those with FEW photos or more, all where none has so many."""
    counts = np.bincount(truth, minlength=len(labels))
    frequent = counts >= (FEW if counts.max() >= FEW else 1)
    rows = frequent[truth]
    return metrics.mean_recall(truth[rows], correct[rows]) | {
        "labels": [label for label, each in zip(labels, frequent, strict=True) if each]}


def _confusion(truth, predicted, found, evaluated, labels):
    """Photos by label (rows: the folder's, as in `per_label`) and prediction (columns: the bundle's, then no face)."""
    columns = np.where(found, predicted, len(labels))
    rows = [np.bincount(columns[evaluated & (truth == index)], minlength=len(labels) + 1).tolist()
            for index in range(len(labels)) if (evaluated & (truth == index)).any()]
    return {"confusion": rows, "confusion_columns": [*labels, NO_FACE]}


def _confidence(confidence, correct, sure, rows):
    """Expected calibration error, and what the card's unsure threshold does, on the faces found."""
    if not rows.any():
        return {"expected_calibration_error": None, "unsure": None, "error_of_sure": None}
    return {"expected_calibration_error": metrics.calibration_error(confidence[rows], correct[rows])[0],
            "unsure": metrics.wilson((~sure & rows).sum(), rows.sum()),
            "error_of_sure": metrics.wilson((sure & ~correct & rows).sum(), (sure & rows).sum())}


def write(measured, bundles, photos, options, path):
    """Write figures, {name of a bundle: figures}, to the JSON file `path` for the page *Models*.

    bundles: those behind `measured`, by whose files the page knows whether a network has changed. photos:
    data.photos.Photos. options: what else the head of the file states: "without" and "all_labels", as given to
    `figures`, and "about", what the photos are. Bundles that the file already has are kept if they were measured on
    the same photos with the same options. Raises TrainingError if the file cannot be written.
    """
    path, cards = Path(path), {bundle.card["name"]: bundle.card for bundle in bundles}
    head = {"photos": photos.folder, "labels": photos.counts, "border": photos.border,
            "found": int(photos.found.sum()), **options}
    networks = {name: {"version": cards[name]["version"], "label_set": cards[name]["label_set"],
                       "model_sha256": cards[name]["files"]["model.keras"]["sha256"]} | round_floats(each)
                for name, each in measured.items()}
    try:
        before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if json.loads(json.dumps(head)) == {key: before.get(key) for key in head}:
            networks = before["networks"] | networks
        path.write_text(json.dumps(head | {"networks": networks}, indent=1) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: cannot be written ({error})") from None
