"""The commands `export`, `export-tfjs`, `export-distance`, `balance`, `serving` and `card`: model bundles from runs."""

from pathlib import Path

from ..errors import TrainingError
from .options import (
    MODELS,
    add_data_options,
    bundle_folder,
    check_run,
    folder_size,
    read_bundle,
    read_faces,
    read_test_set,
    report,
)


def add_commands(commands):
    """Add the commands to the subparsers `commands`."""
    export = commands.add_parser("export", help="build a model bundle from a run or an ensemble of runs")
    export.add_argument("run_folders", metavar="RUN", nargs="+",
                        help="folder of a run, such as instance/runs/jury-live; several form an ensemble")
    export.add_argument("--mirrored", action="store_true", help="average over the image and its mirror image")
    export.add_argument("--label-set", required=True, choices=("ferplus", "fer2013"), help="head to export")
    export.add_argument("--name", required=True, help="name of the bundle")
    export.add_argument("--version", required=True, help="version of the bundle, such as 1.0.0")
    export.add_argument("--title", help="title of the bundle on the site's pages")
    export.add_argument("--models", default=str(MODELS), metavar="FOLDER",
                        help="folder of model bundles (default: %(default)s)")
    export.add_argument("--prototypes", type=int, default=0, metavar="K",
                        help="add the sign `unlike the training data`, from K prototypes of training faces (64)")
    export.add_argument("--recompute-statistics", type=int, default=0, metavar="N",
                        help="recompute batch normalization's statistics on N training images")
    export.add_argument("--no-browser", action="store_true", help="write no files for TensorFlow.js: for servers only")
    export.add_argument("--publish", "--release", action="store_true",
                        help="evaluate on PrivateTest too: once per published version")
    add_data_options(export)
    export.set_defaults(run=_export)
    tfjs = commands.add_parser("export-tfjs", help="regenerate the TensorFlow.js files of a model bundle")
    tfjs.add_argument("bundle", metavar="BUNDLE", help=f"folder of the bundle, or its name in {MODELS}")
    add_data_options(tfjs)
    tfjs.set_defaults(run=_export_tfjs)
    card = commands.add_parser("card", help="regenerate the text of model cards")
    card.add_argument("bundles", nargs="+", metavar="BUNDLE", help=f"folder of a bundle, or its name in {MODELS}")
    card.set_defaults(run=_card)
    serving = commands.add_parser(
        "serving", help="measure again the cards' figures through the site's detector and crop")
    serving.add_argument("bundles", nargs="+", metavar="BUNDLE", help=f"folder of a bundle, or its name in {MODELS}")
    add_data_options(serving)
    serving.set_defaults(run=_serving)
    distance = commands.add_parser("export-distance", help="add the sign `unlike the training data` to model bundles")
    distance.add_argument("bundle", metavar="BUNDLE", help=f"folder of the bundle, or its name in {MODELS}")
    distance.add_argument("--version", required=True, help="new version of the bundle")
    distance.add_argument("--prototypes", type=int, default=64, metavar="K",
                          help="number of prototypes of training faces (default: %(default)s)")
    distance.add_argument("--prototype-seed", type=int, default=0, metavar="N",
                          help="seed of their k-means (default: %(default)s)")
    add_data_options(distance)
    distance.set_defaults(run=_export_distance)
    balance = commands.add_parser("balance", help="choose the balanced prediction of votes bundles, on PublicTest")
    balance.add_argument("bundles", nargs="+", metavar="BUNDLE", help=f"folder of a bundle, or its name in {MODELS}")
    add_data_options(balance)
    balance.set_defaults(run=_balance)


def _export(options):
    if options.prototypes < 0:
        raise TrainingError(f"--prototypes must be a positive number, or 0 for none, got {options.prototypes}")
    for folder in options.run_folders:
        check_run(folder)
    from ..export.bundle import export
    export(options.run_folders, options.label_set, options.name, options.version, read_test_set(options),
           options.models, options.title, options.publish, options.mirrored, report, options.prototypes,
           options.recompute_statistics, not options.no_browser)
    folder = Path(options.models) / options.name
    report(f"{folder}: {folder_size(folder)}")


def _export_tfjs(options):
    folder = bundle_folder(options.bundle)
    read_bundle(options.bundle)
    from ..export.bundle import PARITY_IMAGES, rewrite_tfjs
    faces = read_faces(options)
    parity = rewrite_tfjs(folder, faces.images[faces.rows("PublicTest")][:PARITY_IMAGES])
    report(f"{folder / 'tfjs'}: {parity['bytes_gzipped'] / 1e6:.2f} MB compressed, "
           f"probabilities within {parity['largest_difference']:.1e}")


def _export_distance(options):
    if options.prototypes < 1:
        raise TrainingError(f"--prototypes must be a positive number, got {options.prototypes}")
    from ..export.bundle import add_distance
    folder = bundle_folder(options.bundle)
    content = add_distance(folder, read_faces(options), options.prototypes, options.version, options.prototype_seed)
    report(f"{folder}: {content['name']} {content['version']}, unlike above {content['unlike']['threshold']:.3f}, "
           f"{folder_size(folder)}")


def _balance(options):
    from ..export import card
    faces = read_faces(options)
    for folder in map(bundle_folder, options.bundles):
        balanced = card.rebalance(folder, faces).get("balanced")
        report(f"{folder / 'card.json'}: " + (f"strength {balanced['strength']:g}" if balanced else "none"))
        for each in balanced["figures"]["by_strength"] if balanced else ():
            report(f"  {each['strength']:4g}  accuracy {100 * each['accuracy']:.1f} %, mean recall "
                   f"{100 * each['mean_recall']:.1f} %")


def _serving(options):
    from ..evaluate import reports
    from ..export import card
    tests = read_test_set(options)
    for folder in map(bundle_folder, options.bundles):
        report(f"{folder / 'card.json'}:")
        for line in reports.serving(card.measure_serving(folder, tests)["figures"]["serving_path"]):
            report(line)


def _card(options):
    from ..export import card
    for folder in map(bundle_folder, options.bundles):
        card.rewrite_text(folder)
        report(f"{folder / 'card.json'}: text regenerated")
