"""Complete, write and update the card of a model bundle."""

import hashlib
import json
from pathlib import Path

from ..errors import TrainingError
from ..evaluate.bundles import Bundle, check_card, read_bundle, round_floats
from ..evaluate.figures import figures, serving_path
from . import balancing, model_card


def title(label_set, name):
    """A bundle's default title on the site's pages."""
    size = name.rpartition("-")[2].capitalize()
    task = {"ferplus": "ten votes on eight expressions", "fer2013": "FER2013's seven expressions"}[label_set]
    return f"{size}: {task}"


def complete(card, folder, tests, publish, report=print):
    """`card` with figures, evaluated on the files in `folder`, and the model-card text.

    Always evaluates on PublicTest; on PrivateTest only to `publish` a version.
    """
    bundle = Bundle(Path(folder), card)
    measured = {"command": f"python -m training evaluate {card['name']} --data fer2013.csv.gz --flip --serving",
                "PublicTest": None, "PrivateTest": None}
    for split in ("PublicTest", "PrivateTest") if publish else ("PublicTest",):
        report(f"evaluating on {split}")
        measured[split] = figures(bundle, tests, split)
    report("evaluating through the site's face detector and crop")
    try:
        measured["serving_path"] = serving_path(bundle, tests, split)
    except TrainingError as error:
        report(f"skipped: {error}")
    card = card | {"figures": round_floats(measured)}
    return card | {"model_card": model_card.sections(card)}


def rewrite_text(folder):
    """Regenerate the model-card sections of the bundle in `folder` from its recorded figures; the card.

    Nothing is evaluated, and no other field changes. Raises TrainingError for an invalid bundle or a card
    that cannot be written.
    """
    bundle = read_bundle(folder)
    card = bundle.card | {"model_card": model_card.sections(bundle.card)}
    try:
        write(card, bundle.folder)
    except OSError as error:
        raise TrainingError(f"{bundle.folder}: the card cannot be written ({error.strerror}); "
                            "make it writable or free disk space") from None
    return card


def rebalance(folder, faces):
    """Choose the balanced prediction of the bundle in `folder` again and regenerate the card's text; the card.

    faces: the data set, with votes. Raises TrainingError for an invalid bundle or a card that cannot be written.
    """
    bundle = read_bundle(folder)
    kept = {key: value for key, value in bundle.card.items() if key != "balanced"}
    write(kept | balancing.balance(bundle, faces), bundle.folder)
    return rewrite_text(folder)


def measure_serving(folder, tests):
    """Measure the figures through the site's detector and crop again, of the bundle in `folder`; the card.

    tests: test_set.TestSet. The split is the one that the card has them of. Raises TrainingError for an invalid bundle,
    without the detector's files, and for a card that cannot be written.
    """
    bundle = read_bundle(folder)
    figures = bundle.card["figures"]
    split = "PrivateTest" if figures["PrivateTest"] else "PublicTest"
    measured = figures | {"serving_path": serving_path(bundle, tests, split)}
    write(bundle.card | {"figures": round_floats(measured)}, bundle.folder)
    return rewrite_text(folder)


def write(card, folder):
    """Check `card` and write it to the bundle in `folder`; the previous file is replaced only by a complete one."""
    check_card(card)
    path = Path(folder) / "card.json"
    partial = path.with_suffix(".partial")
    try:
        partial.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def file_manifest(folder):
    """{name: {"sha256", "bytes"}} of every file under `folder` except the card."""
    manifest = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and path.name != "card.json":
            content = path.read_bytes()
            manifest[path.relative_to(folder).as_posix()] = {"sha256": hashlib.sha256(content).hexdigest(),
                                                             "bytes": len(content)}
    return manifest
