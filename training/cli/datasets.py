"""The commands `dataset …`: data-set bundles and local images for the explorer, and data sets cut from videos."""

import argparse
import json
import re
import shlex
import sys
from pathlib import Path

from ..data import affectnet, fer2013, image_folders
from ..data.samples import from_fer2013
from ..errors import TrainingError
from .options import MODELS, add_images_option, folder_size, report

TITLES = {"fer2013": "FER2013 with FER+'s votes"}
BUNDLES = Path("static/datasets")


def add_commands(commands):
    """Add `dataset` to the subparsers `commands`."""
    dataset = commands.add_parser("dataset", help="prepare data sets for the explorer and training").add_subparsers(
        required=True, metavar="COMMAND", title="commands")
    build = dataset.add_parser("build", help="build a data-set bundle: everything but the images")
    build.add_argument("--data", required=True, metavar="PATH",
                       help="FER2013's csv (.csv, .csv.gz), a folder with one folder per class, or AffectNet's csv")
    _add_source_options(build)
    build.add_argument("--out", metavar="FOLDER", help=f"folder of the bundle (default: {BUNDLES}/NAME)")
    build.add_argument("--models", default=str(MODELS), metavar="FOLDER",
                       help="folder of model bundles (default: %(default)s)")
    build.add_argument("--only", action="append", metavar="MODEL", help="use only this model bundle; repeatable")
    build.add_argument("--title", help="title of the data set on the site's pages")
    build.add_argument("--average-faces", action=argparse.BooleanOptionalAction,
                       help="a face per sample that may be published: the average of 30 similar ones (default: only "
                       "for FER2013). Few persons with many images each would remain recognizable")
    build.add_argument("--all-predictions", action="store_true",
                       help="run every network, even if the bundle in --out has its predictions")
    build.set_defaults(run=_build)
    store = dataset.add_parser("import", help="store a data set's images locally, for the explorer")
    store.add_argument("data", metavar="PATH", help="as for `dataset build --data`")
    _add_source_options(store)
    store.set_defaults(run=_import)
    videos = dataset.add_parser("from-videos", help="cut a data set of your own from videos")
    videos.add_argument("folder", metavar="FOLDER",
                        help="folder of videos; folder or file names give label and person")
    videos.add_argument("--out", metavar="FOLDER", help="folder of the data set (default: FOLDER-faces)")
    videos.add_argument("--every", type=int, default=5, metavar="N", help="use every N-th frame (default: %(default)s)")
    videos.add_argument("--size", type=int, default=48, metavar="PIXELS",
                        help="width and height of a crop (default: %(default)s)")
    videos.add_argument("--validation-fraction", "--share", type=float, default=0.2, metavar="FRACTION",
                        help="fraction of the persons for validation (default: %(default)s)")
    videos.add_argument("--split-by", choices=("person", "file"), default="person",
                        help="what never occurs in both splits (default: %(default)s)")
    videos.set_defaults(run=_from_videos)


def _add_source_options(parser):
    parser.add_argument("--votes", metavar="CSV", help="FER+'s fer2013new.csv (default: next to FER2013's csv)")
    add_images_option(parser)
    parser.add_argument("--name", help="name of the data set (default: fer2013, or the folder's name)")


def _build(options):
    name = _name(options)
    samples = _samples(options, name)
    from ..data import alignment, bundle, predictions
    folders = predictions.model_folders(options.models)
    if options.only:
        missing = set(options.only) - {folder.name for folder in folders}
        if missing:
            raise TrainingError(f"{options.models}: there is no model bundle {sorted(missing)[0]!r}")
        folders = [folder for folder in folders if folder.name in options.only]
    out = Path(options.out or BUNDLES / name)
    current = {} if options.all_predictions else predictions.stored(out, samples, folders)
    models = []
    for folder in folders:
        report(f"predictions of {folder.name}" + (f" from {out}" if folder in current else ""))
        models.append(current.get(folder) or predictions.predict(folder, samples.images, options.instance / "runs"))
    wanted = samples.label_set == "fer2013" if options.average_faces is None else options.average_faces
    summary = bundle.build(samples, models, out, name, options.title or TITLES.get(name, name), _command(options),
                           report, options.instance / "datasets" / name, alignment.aligned if wanted else None)
    report(f"{out}: {summary['rows']} rows, {len(models)} models, {folder_size(out)}")


def _import(options):
    name = _name(options)
    samples = _samples(options, name)
    report(f"{options.instance / 'datasets' / name}: {len(samples)} images stored; the explorer shows them from now on")
    if not (BUNDLES / name / "summary.json").is_file():
        name_option = f" --name {options.name}" if options.name else ""
        report(f"There is no bundle {BUNDLES / name} yet; build it: python -m training dataset build --data "
               f"{options.data}{name_option}")


def _from_videos(options):
    if options.every < 1 or options.size < 8 or not 0 < options.validation_fraction < 1:
        raise TrainingError("--every must be at least 1, --size at least 8 and --validation-fraction between 0 and 1, "
                            f"got {options.every}, {options.size} and {options.validation_fraction:g}")
    from webapp.vision.crops import CropSpec, crop

    from ..data import alignment, videos
    detector = alignment.open_detector()
    spec = CropSpec.from_card({"input": {"size": options.size}, "crop": json.loads(alignment.TEMPLATE.read_text())})
    folder = Path(options.folder)
    out = Path(options.out or folder.with_name(f"{folder.resolve().name}-faces"))
    videos.build(folder, out, detector.detect, lambda image, face: crop(image, face, spec), options.every,
                 options.validation_fraction, options.split_by, report)
    report(f"Train on it:  python -m training fit RECIPE --data {out}\n"
           f"Explore it:   python -m training dataset build --data {out}")


def _samples(options, name):
    path, store = Path(options.data), options.instance / "datasets" / name
    if affectnet.is_layout(path):
        return image_folders.read_affectnet(path, options.images, store, report)
    if path.is_dir():
        return image_folders.read_folder(path, store, report)
    votes = options.votes or path.with_name("fer2013new.csv")
    faces = fer2013.load(path, votes if options.votes or Path(votes).is_file() else None, store, any_md5=True)
    if faces.md5 != fer2013.OFFICIAL_MD5:
        print(f"warning: {path}: md5 {faces.md5} is not the official FER2013 csv ({fer2013.OFFICIAL_MD5}); "
              "its figures are not comparable with published ones", file=sys.stderr)
    return from_fer2013(faces)


def _name(options):
    path = Path(options.data)
    default = path.resolve().name if path.is_dir() else "affectnet" if affectnet.is_layout(path) else "fer2013"
    name = options.name or (Path(options.out).name if getattr(options, "out", None) else default.lower())
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        raise TrainingError(f"--name must be lower-case letters, digits, - and _, got {name!r}")
    return name


def _command(options):
    """The command that builds the bundle, with file names but without local folders."""
    parts = ["python", "-m", "training", "dataset", "build", "--data", Path(options.data).name]
    if options.votes:
        parts += ["--votes", Path(options.votes).name]
    return shlex.join(parts)
