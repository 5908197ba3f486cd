"""Which runs answer better together, and how alike they err: what docs/figures.md says of an ensemble's members.

    python -m benchmarks.members FER2013_CSV RUN RUN … [--ten-crop]

Each RUN is a folder of `python -m training fit`, such as instance/runs/jury-live, with heads for FER2013's classes and
FER+'s votes. On PublicTest alone, where members are chosen: every combination in one pass, with the mirror image and,
if asked, with ten crops; then, of the answers with the mirror image, each pair, the faces that all have wrong, and
the faces with a twin in Training, which a network that knew Training by heart would have right where the labels agree.
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
    given = parser.parse_args()
    faces = fer2013.load(given.csv, given.csv.with_name("fer2013new.csv"))
    views = [name for name in VIEWS if given.ten_crop or name != "ten crops"]
    found = {run.name: _member(run, faces, views) for run in given.runs}
    print("| members | " + " | ".join(views) + " |\n|---|" + "---|" * len(views))
    for count in range(1, len(found) + 1):
        for names in combinations(found, count):
            print(f"| {' + '.join(names)} | "
                  + " | ".join(_figures([found[name][view] for name in names]) for view in views) + " |")
    mirrored = {name: answered["mirrored"]["fer2013"] for name, answered in found.items()}
    _errors(mirrored, faces)
    _twins(mirrored, faces)


def _member(run, faces, views):
    """{view: {label set: Answers on PublicTest}} of the averaged weights of a run."""
    recipe, _ = read_run(run)
    network = load_trained(recipe, run)
    heads = {name: select_head(network, name) for name in ("fer2013", "ferplus")}
    return {view: {name: predict(lambda images, head=head: keras_logits(head, images), faces, name, "PublicTest",
                                 VIEWS[view]) for name, head in heads.items()} for view in views}


def _figures(members):
    """FER2013's classes right / agreement with the raters' majority / cross-entropy, of the mean of logarithms."""
    log_p, first = {}, members[0]
    for name in first:
        log_p[name] = log_softmax(sum(log_softmax(member[name].logits) for member in members) / len(members))
    right = {name: log_p[name].argmax(1) == first[name].truth for name in first}
    majority = jury.has_majority(first["ferplus"].votes)
    return (f"{right['fer2013'].mean():.2%} / {right['ferplus'][majority].mean():.2%} / "
            f"{soft_cross_entropy(log_p['ferplus'], first['ferplus'].targets).mean():.3f}")


def _errors(found, faces):
    """Print how alike the members err, and where FER2013's label is not the raters' first choice."""
    chosen = {name: each.logits.argmax(1) for name, each in found.items()}
    first = next(iter(found.values()))
    print("\n| pair | choose differently | one of them right |\n|---|---|---|")
    for one, other in combinations(chosen, 2):
        either = (chosen[one] == first.truth) | (chosen[other] == first.truth)
        print(f"| {one}, {other} | {(chosen[one] != chosen[other]).mean():.1%} | {either.mean():.1%} |")
    wrong = sum(choice == first.truth for choice in chosen.values()) == 0
    raters = [LABEL_SETS["ferplus"][place] for place in faces.expression_votes[first.rows].argmax(1)]
    disputed = [LABEL_SETS["fer2013"][label] != rated for label, rated in zip(first.truth, raters, strict=True)]
    print(f"\nAll are wrong on {wrong.mean():.1%}. FER2013's label is not the raters' first choice on "
          f"{_share(disputed, wrong):.1%} of these faces, on {_share(disputed, ~wrong):.1%} of the others.")


def _twins(found, faces):
    """Print how right each member and all together are on faces with a twin in Training, and the twin's label."""
    first = next(iter(found.values()))
    twins, _ = nearest_across_splits(near_pairs(faces.images), faces.split, SPLITS.index("Training"))
    nearest = twins[first.rows]
    twin = nearest >= 0
    together = sum(log_softmax(each.logits) for each in found.values())
    print("\n| | faces with a twin | the others |\n|---|---|---|")
    for name, logits in [*((name, each.logits) for name, each in found.items()), ("all", together)]:
        right = logits.argmax(1) == first.truth
        print(f"| {name} | {right[twin].mean():.1%} | {right[~twin].mean():.1%} |")
    same = faces.labels[nearest[twin]] == faces.labels[first.rows[twin]]
    print(f"\n{twin.sum()} of {len(twin)} faces have a twin in Training; it has the same label for {same.mean():.1%}.")


def _share(values, where):
    return sum(value for value, counts in zip(values, where, strict=True) if counts) / max(1, where.sum())


if __name__ == "__main__":
    main()
