"""The command `fit`: train a recipe."""

import json
from pathlib import Path

from .. import recipes
from ..errors import TrainingError
from .options import add_data_options, add_images_option, read_faces, report


def add_commands(commands):
    """Add the command to the subparsers `commands`."""
    fit = commands.add_parser("fit", help="train a recipe")
    fit.add_argument("recipe", metavar="RECIPE",
                     help=f"one of {', '.join(recipes.names())}; RECIPE.VARIANT for a variant, RECIPE.all for all")
    add_data_options(fit)
    add_images_option(fit)
    fit.add_argument("--out", metavar="FOLDER", help="folder of the run (default: instance/runs/RECIPE)")
    fit.add_argument("--smoke", action="store_true", help="reduce the run to under a minute, to test that it works")
    fit.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                     help="change a setting of the recipe; repeatable")
    fit.add_argument("--minutes", type=float, metavar="M",
                     help="end after about so many minutes: the number of epochs follows from the measured speed")
    fit.add_argument("--processes", type=int, default=1, metavar="N",
                     help="split every batch among N processes, one per GPU (default: %(default)s)")
    fit.set_defaults(run=_fit)


def _fit(options):
    if options.processes > 1:
        from ..fit.distributed import launch
        status = launch(options.processes, options.arguments)
        if status:
            raise TrainingError(f"a process of the run exited with status {status}; see its messages above")
        return
    if options.minutes is not None and options.minutes <= 0:
        raise TrainingError(f"--minutes must be above 0, got {options.minutes:g}")
    changes = dict(_parse_setting(each) for each in options.set)
    chosen = [recipes.load(name, **changes) for name in recipes.variants(options.recipe)]
    faces = read_faces(options, max(recipes.image_size(recipe) for recipe in chosen))
    from ..fit.loop import fit, shrink
    for recipe in chosen:
        folder = options.instance / "runs" / recipe.name
        if options.out:
            folder = Path(options.out, recipe.name) if len(chosen) > 1 else Path(options.out)
        data = faces
        if options.smoke:
            recipe, data = shrink(recipe, faces)
            folder = folder.with_name(folder.name + "-smoke")
        fit(recipe, data, folder, report, options.minutes)


def _parse_setting(text):
    """(name, value) of NAME=VALUE. The value is JSON, True or False; any other text is a string."""
    name, equals, value = text.partition("=")
    if not equals:
        raise TrainingError(f"--set must be NAME=VALUE, got {text!r}")
    if value in ("True", "False"):
        return name, value == "True"
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value
