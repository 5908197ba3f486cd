"""python -m training: fit, evaluate, export, compare, dataset."""

import argparse
import json
import os
import sys
from pathlib import Path

from .. import recipes
from ..errors import TrainingError
from . import bundles, datasets, zoo

INSTANCE = Path(os.environ.get("EMOSCOPE_INSTANCE", "instance"))


def main(arguments=None):
    """Run one command; the exit status. Errors of the user's are one line on standard error."""
    options = _parser().parse_args(arguments)
    options.arguments = sys.argv[1:] if arguments is None else arguments
    try:
        options.run(options)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; run the same command to go on", file=sys.stderr)
        return 130
    return 0


def _parser():
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    fit = commands.add_parser("fit", help="train a recipe")
    fit.add_argument("recipe", help=f"one of {', '.join(recipes.names())}; some have "
                                       "variants: NAME.VARIANT, NAME.all")
    _data_options(fit)
    fit.add_argument("--pictures", dest="picture_folder", help="AffectNet's folder of pictures (default: with its csv)")
    fit.add_argument("--out", help="folder of the run (default: instance/runs/RECIPE)")
    fit.add_argument("--smoke", action="store_true", help="shrink the run to under a minute, to see that it works")
    fit.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change a setting of the recipe")
    fit.add_argument("--processes", type=int, default=1, metavar="N",
                     help="share every batch among N processes, with GPUs one each")
    fit.set_defaults(run=_fit)
    datasets.add_commands(commands, INSTANCE)
    bundles.add_commands(commands, _data_options, _faces, INSTANCE)
    zoo.add_commands(commands, _faces, INSTANCE)
    detector = commands.add_parser("detector", help="make the face detector's files in static/detector")
    detector.set_defaults(run=_detector)
    alignment = commands.add_parser("eyes", help="measure where FER2013's pictures have the eyes: "
                                              "training/data/alignment.json")
    _data_options(alignment)
    alignment.add_argument("--pictures", type=int, default=4000, help="how many of Training to look at (%(default)s)")
    alignment.set_defaults(run=_eyes)
    return parser


def _data_options(parser):
    parser.add_argument("--data", required=True, help="FER2013's csv (.csv, .csv.gz), AffectNet's folder or csv, "
                                                      "or a folder with a folder a class")
    parser.add_argument("--votes", help="FER+'s fer2013new.csv (default: beside the csv)")
    parser.add_argument("--any-md5", action="store_true", help="accept a csv that is not the official one")


def _faces(options, size=48):
    """The data set `--data` names; pictures of your own `size` pixels square."""
    from ..data import affectnet, fer2013, image_folders
    path = Path(options.data)
    if affectnet.is_layout(path):
        return affectnet.load(path, getattr(options, "picture_folder", None), size)
    if path.is_dir():
        name = path.resolve().name + (f"-{size}" if size != 48 else "")
        return image_folders.load(path, INSTANCE / "datasets" / name, size)
    votes = options.votes or path.with_name("fer2013new.csv")
    if not options.votes and not votes.is_file():
        votes = None
    return fer2013.load(path, votes, store=INSTANCE / "datasets" / "fer2013", any_md5=options.any_md5)


def _changes(pairs):
    changes = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise TrainingError(f"--set {pair}: NAME=VALUE is meant")
        try:
            changes[name] = json.loads(value)
        except json.JSONDecodeError:
            changes[name] = value
    return changes


def _detector(options):
    from ..export import detector
    detector.make()


def _eyes(options):
    from ..data import alignment
    measured = alignment.measure(_faces(options), alignment.open_detector(), options.pictures)
    print(alignment.write(measured), end="")


def _fit(options):
    if options.processes > 1:
        from ..fit.distributed import launch
        status = launch(options.processes, options.arguments)
        if status:
            raise TrainingError(f"a process of the run ended with status {status}; its words are above")
        return
    changes = _changes(options.set)
    wanted = [recipes.load(name, **changes) for name in recipes.variants(options.recipe)]
    faces = _faces(options, max(recipes.picture_size(recipe) for recipe in wanted))
    from ..fit.loop import fit, shrink
    for recipe in wanted:
        folder = Path(options.out or INSTANCE / "runs" / recipe.name)
        if options.out and len(wanted) > 1:
            folder /= recipe.name
        used = faces
        if options.smoke:
            recipe, used = shrink(recipe, faces)
            folder = folder.with_name(folder.name + "-smoke")
        fit(recipe, used, folder, say=lambda line: print(line, flush=True))
