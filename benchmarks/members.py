"""Compare candidate members of an ensemble and their combinations, for docs/figures.md.

    python -m benchmarks.members FER2013_CSV RUN RUN … [--ten-crop]

Each RUN is a folder of `python -m training fit`, such as instance/runs/jury-live, with heads for FER2013's classes and
FER+'s votes. Everything is evaluated on PublicTest, where members are chosen. The first table has every combination:
a single forward pass, averaged with the mirror image and, with --ten-crop, over ten crops. The others use the mirror
image: each pair of members, the faces on which all members are wrong, and the faces with a near-duplicate in Training.
A network that memorized Training would be correct on those whose near-duplicate has the same label.
"""

import argparse
import os
from itertools import combinations
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from training.data import fer2013
from training.data.duplicates import near_pairs, nearest_across_splits
from training.data.fer2013 import SPLITS
from training.data.labels import LABEL_SETS
from training.evaluate import jury
from training.evaluate.metrics import log_softmax, soft_cross_entropy
from training.evaluate.predictions import keras_logits, mirror_views, predict, ten_crops
from training.export.bundle import read_run
from training.export.litert import select_head
from training.networks.build import load_trained

VIEWS = {"one pass": None, "mirrored": mirror_views, "ten crops": ten_crops}


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("csv", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--ten-crop", action="store_true")
    options = parser.parse_args()
    faces = fer2013.load(options.csv, options.csv.with_name("fer2013new.csv"))
    views = [name for name in VIEWS if options.ten_crop or name != "ten crops"]
    members = {run.name: _predictions(run, faces, views) for run in options.runs}
    print("| members | " + " | ".join(views) + " |\n|---|" + "---|" * len(views))
    for count in range(1, len(members) + 1):
        for names in combinations(members, count):
            print(f"| {' + '.join(names)} | "
                  + " | ".join(_figures([members[name][view] for name in names]) for view in views) + " |")
    mirrored = {name: member["mirrored"]["fer2013"] for name, member in members.items()}
    _print_errors(mirrored, faces)
    _print_near_duplicates(mirrored, faces)


def _predictions(run, faces, views):
    """{view: {label set: Predictions on PublicTest}} of the averaged weights of a run."""
    recipe, _ = read_run(run)
    network = load_trained(recipe, run)
    heads = {name: select_head(network, name) for name in ("fer2013", "ferplus")}
    return {view: {name: predict(lambda images, head=head: keras_logits(head, images), faces, name, "PublicTest",
                                 VIEWS[view]) for name, head in heads.items()} for view in views}


def _figures(members):
    """Accuracy / agreement with the raters' majority / cross-entropy of the mean of the log-probabilities."""
    log_p, first = {}, members[0]
    for name in first:
        log_p[name] = log_softmax(sum(log_softmax(member[name].logits) for member in members) / len(members))
    correct = {name: log_p[name].argmax(1) == first[name].truth for name in first}
    majority = jury.has_majority(first["ferplus"].votes)
    return (f"{correct['fer2013'].mean():.2%} / {correct['ferplus'][majority].mean():.2%} / "
            f"{soft_cross_entropy(log_p['ferplus'], first['ferplus'].targets).mean():.3f}")


def _print_errors(members, faces):
    """Print the disagreement of each pair, and where FER2013's label differs from the raters' plurality label."""
    predicted = {name: each.logits.argmax(1) for name, each in members.items()}
    first = next(iter(members.values()))
    print("\n| pair | different predictions | at least one correct |\n|---|---|---|")
    for one, other in combinations(predicted, 2):
        either = (predicted[one] == first.truth) | (predicted[other] == first.truth)
        print(f"| {one}, {other} | {(predicted[one] != predicted[other]).mean():.1%} | {either.mean():.1%} |")
    wrong = sum(labels == first.truth for labels in predicted.values()) == 0
    plurality = [LABEL_SETS["ferplus"][index] for index in faces.expression_votes[first.rows].argmax(1)]
    disputed = [LABEL_SETS["fer2013"][label] != rated for label, rated in zip(first.truth, plurality, strict=True)]
    print(f"\nAll members are wrong on {wrong.mean():.1%}. FER2013's label differs from the raters' plurality label on "
          f"{_fraction(disputed, wrong):.1%} of these faces and on {_fraction(disputed, ~wrong):.1%} of the others.")


def _print_near_duplicates(members, faces):
    """Print the accuracy on faces with a near-duplicate in Training, and how often the two labels agree."""
    first = next(iter(members.values()))
    nearest, _ = nearest_across_splits(near_pairs(faces.images), faces.split, SPLITS.index("Training"))
    nearest = nearest[first.rows]
    duplicate = nearest >= 0
    ensemble = sum(log_softmax(each.logits) for each in members.values())
    print("\n| | faces with a near-duplicate | the others |\n|---|---|---|")
    for name, logits in [*((name, each.logits) for name, each in members.items()), ("all", ensemble)]:
        correct = logits.argmax(1) == first.truth
        print(f"| {name} | {correct[duplicate].mean():.1%} | {correct[~duplicate].mean():.1%} |")
    same = faces.labels[nearest[duplicate]] == faces.labels[first.rows[duplicate]]
    print(f"\n{duplicate.sum()} of {len(duplicate)} faces have a near-duplicate in Training; it has the same label for "
          f"{same.mean():.1%}.")


def _fraction(values, selected):
    """Fraction of the `selected` rows whose value is true."""
    return sum(value for value, chosen in zip(values, selected, strict=True) if chosen) / max(1, selected.sum())


if __name__ == "__main__":
    main()
