"""Why accuracy is lower outside FER2013: the tables of docs/outside.md.

    python -m benchmarks.outside FER2013_CSV PHOTOS BUNDLE … [--border 0.5] [--without disgust] [--cache FOLDER]

PHOTOS is a folder of LABEL/photo.jpg. Each bundle (its folder) is evaluated through the site's path: as it is, with
its training prior removed (Menon et al. 2021), and with other priors. Then classifiers are fitted to the photos' own
labels in cross-validation: a DIAGNOSTIC of what the features hold and of what another naming of the labels would
give, no model of this project; nothing of it is kept.
"""

import argparse
import hashlib
import json
import os
import pickle
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from training.data import fer2013, photos
from training.data.alignment import detector_mark, open_detector
from training.data.labels import LABEL_SETS
from training.evaluate import metrics, outside, prior_shift
from training.evaluate.bundles import read_bundle
from training.evaluate.predictions import forward, keras_logits, predict
from webapp.vision.crops import CropSpec

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
FOLDS, SEED = 5, 0
FEW = 50        # photos of a label below which its recall is left out of the mean of the frequent labels


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("csv", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("bundles", type=Path, nargs="+")
    parser.add_argument("--border", type=float, default=0.0)
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("--cache", type=Path, help="folder that keeps crops and logits, outside the repository")
    options = parser.parse_args()
    bundles = [read_bundle(folder) for folder in options.bundles]
    faces = fer2013.load(options.csv, options.csv.with_name("fer2013new.csv"),
                         store=options.cache and options.cache / "fer2013")
    seen = read_photos(options.photos, bundles, options.border, options.cache)
    print(f"{len(seen.labels)} photos, a face found on {seen.found.sum()}, border {options.border:g}; without "
          f"{', '.join(options.without) or 'nothing'} {seen.counts}\n")
    measured = [Measured(bundle, faces, seen, options.without, options.cache) for bundle in bundles]
    _priors(measured)
    _chosen_strength(measured)
    _probes(measured)
    _confidence(measured)


def read_photos(folder, bundles, border, cache):
    """photos.Photos of `folder`, cropped for `bundles`."""
    specs = sorted({CropSpec.from_card(bundle.card) for bundle in bundles}, key=str)
    return cached(cache, ["photos", str(folder), str(specs), border, detector_mark()],
                  lambda: photos.read(folder, open_detector(), specs, border))


def cached(folder, key, compute):
    """`compute()`, kept in `folder` under `key` (JSON) where a folder is given."""
    if folder is None:
        return compute()
    path = folder / (hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16] + ".pickle")
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(compute()))
    return pickle.loads(path.read_bytes())


class Measured:
    """One bundle's predictions on PublicTest and on the photos, without the labels left out."""

    def __init__(self, bundle, faces, seen, without, cache):
        self.bundle, self.name, self.labels = bundle, bundle.card["name"], LABEL_SETS[bundle.label_set]
        files = bundle.card["files"]["model.keras"]["sha256"]
        self.public = cached(cache, ["public", files],
                             lambda: predict(forward(bundle), faces, bundle.label_set, "PublicTest"))
        logits = cached(cache, ["logits", files, seen.folder, seen.border, detector_mark()],
                        lambda: outside.logits(bundle, seen))
        kept = np.array([label in self.labels and label not in without for label in seen.labels])
        self.rows, self.found = np.flatnonzero(kept), seen.found[kept]
        self.truth = np.array([self.labels.index(seen.labels[row]) for row in self.rows])
        self.log_p = metrics.log_softmax(logits[kept] / bundle.temperature)
        self.crops = seen.crops[CropSpec.from_card(bundle.card)][kept]
        self.prior = self._prior(faces)

    def _prior(self, faces):
        training = faces.rows("Training")
        if self.bundle.label_set == "ferplus":
            return prior_shift.vote_prior(faces.expression_votes[training])
        return np.bincount(faces.labels[training], minlength=len(self.labels)) / len(training)

    @property
    def leveled(self):
        """The training prior with the labels above RARE made equally frequent; the rare ones stay as rare."""
        return prior_shift.leveled(self.prior)

    @property
    def oracle(self):
        """The labels' frequencies among the photos, which nobody knows beforehand."""
        return np.bincount(self.truth[self.found], minlength=len(self.labels)) / self.found.sum()

    def features(self):
        """float32 (n, d) of the found faces: what the network's last layer gets (of its first member)."""
        import keras
        network = keras.saving.load_model(self.bundle.folder / "model.keras", compile=False)
        network = next((layer for layer in network.layers if layer.name == "member_0"), network)
        body = keras.Model(network.inputs, network.get_layer("embedding").output)
        return keras_logits(body, self.crops[self.found])

    def figures(self, predicted):
        """Accuracy of all and of the found, mean recall of the found, of the frequent labels, {label: recall}."""
        correct = (predicted == self.truth) & self.found
        recall = {label: correct[rows].sum() / rows.sum() for index, label in enumerate(self.labels)
                  if (rows := self.found & (self.truth == index)).any()}
        frequent = [recall[label] for index, label in enumerate(self.labels) if (self.truth == index).sum() >= FEW]
        of_found, of_labels = correct.sum() / self.found.sum(), np.mean(list(recall.values()))
        return correct.mean(), of_found, of_labels, np.mean(frequent), recall


def _priors(measured):
    print("| network | prior | accuracy of all | of the found | mean recall | of frequent labels | neutral | anger | "
          "sadness | happiness | surprise |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for each in measured:
        estimated = prior_shift.estimated_prior(each.log_p[each.found], each.prior)
        priors = {f"training's, removed by {strength:g}": (strength, None) for strength in STRENGTHS}
        priors |= {"estimated (EM)": (1.0, estimated), "the photos' own (oracle)": (1.0, each.oracle)}
        priors |= {f"of the frequent labels made equal by {strength:g}": (strength, each.leveled)
                   for strength in (0.5, 0.75, 1.0)}
        for name, (strength, target) in priors.items():
            scores = prior_shift.adjusted(each.log_p, each.prior, strength, target)
            *values, recall = each.figures(scores.argmax(1))
            cells = values + [recall[label] for label in ("neutral", "anger", "sadness", "happiness", "surprise")]
            print(f"| {each.name} | {name} | " + " | ".join(f"{100 * value:.1f}" for value in cells) + " |")
        print(f"| {each.name} | *frequencies: training, EM, the photos'* | "
              + " ".join(f"{label} {100 * a:.0f}/{100 * b:.0f}/{100 * c:.0f}" for label, a, b, c
                         in zip(each.labels, each.prior, estimated, each.oracle, strict=True)) + " |")
    print()


def _chosen_strength(measured):
    print("PublicTest: accuracy / mean recall by strength\n\n| network | "
          + " | ".join(f"{strength:g}" for strength in STRENGTHS) + " |\n|---|" + "--:|" * len(STRENGTHS))
    for each in measured:
        log_p = metrics.log_softmax(each.public.logits / each.bundle.temperature)
        for name, target in ((each.name, None), (f"{each.name}, frequent labels made equal", each.leveled)):
            cells = []
            for strength in STRENGTHS:
                correct = prior_shift.adjusted(log_p, each.prior, strength, target).argmax(1) == each.public.truth
                recall = metrics.mean_recall(each.public.truth, correct)["value"]
                cells.append(f"{100 * correct.mean():.1f} / {100 * recall:.1f}")
            print(f"| {name} | " + " | ".join(cells) + " |")
    print()


def _probes(measured):
    """Diagnostic: cross-validated classifiers on the photos' labels, from logits and from features."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    balanced = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000, class_weight="balanced"))
    near = make_pipeline(StandardScaler(), KNeighborsClassifier(15))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    print(f"Fitted to the photos' labels, {FOLDS} folds (a diagnostic): accuracy of the found / of frequent labels\n\n"
          "| network | as served | linear, logits | linear, features | the same, balanced | 15 nearest, features |\n"
          "|---|--:|--:|--:|--:|--:|")
    for each in measured:
        truth, features = each.truth[each.found], each.features()
        cells = [_both(each, each.log_p.argmax(1))]
        for model, values in ((linear, each.log_p[each.found]), (linear, features), (balanced, features),
                              (near, features)):
            predicted = np.full(len(each.truth), -1)
            predicted[each.found] = cross_val_predict(model, values, truth, cv=folds)
            cells.append(_both(each, predicted))
        print(f"| {each.name} | " + " | ".join(cells) + " |")
    print()


def _both(each, predicted):
    _, found, _, frequent, _ = each.figures(predicted)
    return f"{100 * found:.1f} / {100 * frequent:.1f}"


def _confidence(measured):
    print("| network | ECE on PublicTest | on the photos | confidence | accuracy of the found | unsure | error of the "
          "sure on PublicTest | on the photos |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    for each in measured:
        p, correct = np.exp(each.log_p[each.found]), (each.log_p.argmax(1) == each.truth)[each.found]
        home = metrics.softmax(each.public.logits / each.bundle.temperature)
        right = home.argmax(1) == each.public.truth
        sure, at_home = (q.max(1) >= each.bundle.unsure_threshold for q in (p, home))
        error = metrics.wilson((~correct[sure]).sum(), sure.sum())
        print(f"| {each.name} | {metrics.calibration_error(home.max(1), right)[0]:.3f} | "
              f"{metrics.calibration_error(p.max(1), correct)[0]:.3f} | {100 * p.max(1).mean():.1f} % | "
              f"{100 * correct.mean():.1f} % | {100 * (~sure).mean():.1f} % | "
              f"{100 * (~right[at_home]).mean():.1f} % | {100 * error['value']:.1f} % "
              f"({100 * error['low']:.1f}-{100 * error['high']:.1f}) |")


if __name__ == "__main__":
    main()
