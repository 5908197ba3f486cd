"""The commands `export` and `evaluate`: runs in, judged model bundles out."""

from pathlib import Path

from .errors import TrainingError

MODELS = Path("static/models")


def add_commands(commands, data_options, read_faces):
    """Add the commands to the subparsers `commands`.

    data_options: adds the options that name a data set to a parser. read_faces: reads it from them.
    """
    export = commands.add_parser("export", help="make a model bundle from a run")
    export.add_argument("run_folder", metavar="RUN", help="folder of the run, as instance/runs/jury-live")
    export.add_argument("--label-set", required=True, choices=("ferplus", "fer2013"))
    export.add_argument("--name", required=True, help="name of the bundle")
    export.add_argument("--version", required=True, help="as 1.0.0")
    export.add_argument("--title", help="what pages call it")
    export.add_argument("--models", default=str(MODELS), help=f"folder of model bundles (default: {MODELS})")
    export.add_argument("--release", action="store_true", help="judge on PrivateTest too: once per released version")
    data_options(export)
    export.set_defaults(run=lambda options: _export(options, read_faces))


def _export(options, read_faces):
    if not Path(options.run_folder).is_dir():
        raise TrainingError(f"{options.run_folder}: no such run; train one first: python -m training fit RECIPE")
    faces = read_faces(options)
    from .export import export
    folder = Path(options.models) / options.name
    export(options.run_folder, options.label_set, options.name, options.version, faces, options.models,
           options.title, options.release, _say)
    _say(f"{folder}: {sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.1f} MB")


def _say(line):
    print(line, flush=True)
