"""The commands `dataset …`: data sets in, bundles and local picture stores out; a data set out of videos."""

import json
import re
import shlex
import sys
from pathlib import Path

from ..data import affectnet, fer2013, image_folders
from ..data.samples import from_fer2013
from ..errors import TrainingError

TITLES = {"fer2013": "FER2013 with FER+'s votes"}
MODELS = Path("static/models")
BUNDLES = Path("static/datasets")


def add_commands(commands, instance):
    """Add `dataset` to the subparsers `commands`; `instance` is the folder of what is not published."""
    dataset = commands.add_parser("dataset", help="data sets for the explorer").add_subparsers(
        required=True, metavar="COMMAND")
    build = dataset.add_parser("build", help="write a data-set bundle: no pictures, all the rest")
    build.add_argument("--data", required=True,
                       help="FER2013's csv (.csv, .csv.gz), a folder with a folder a class, or AffectNet's csv")
    _source_options(build)
    build.add_argument("--out", help=f"folder of the bundle (default: {BUNDLES}/NAME)")
    build.add_argument("--models", default=str(MODELS), help=f"folder of model bundles (default: {MODELS})")
    build.add_argument("--only", action="append", metavar="MODEL", help="only this model; may be given again")
    build.add_argument("--title", help="what the page calls it")
    build.set_defaults(run=lambda options: _build(options, instance))
    keep = dataset.add_parser("import", help="keep a data set's pictures in the local store, for the explorer")
    keep.add_argument("data", help="as for build --data")
    _source_options(keep)
    keep.set_defaults(run=lambda options: _import(options, instance))
    films = dataset.add_parser("from-videos", help="cut a data set of your own out of videos")
    films.add_argument("folder", help="folder of videos; the label and the person are said by folders or file names")
    films.add_argument("--out", help="folder of the data set (default: FOLDER-faces)")
    films.add_argument("--every", type=int, default=5, metavar="N", help="look at every N-th frame (%(default)s)")
    films.add_argument("--size", type=int, default=48, help="pixels of a crop's side (%(default)s)")
    films.add_argument("--share", type=float, default=0.2, help="share of the persons to validate on (%(default)s)")
    films.add_argument("--split-by", choices=("person", "file"), default="person",
                       help="what stands on one side alone (%(default)s)")
    films.set_defaults(run=_from_videos)


def _source_options(parser):
    parser.add_argument("--votes", help="FER+'s fer2013new.csv (default: beside FER2013's csv)")
    parser.add_argument("--pictures", help="AffectNet's folder of pictures (default: beside its csv)")
    parser.add_argument("--name", help="name of the data set (default: fer2013, or the folder's name)")


def _build(options, instance):
    name = _name(options)
    samples = _samples(options, name, instance)
    from ..data import bundle, predictions
    folders = predictions.model_folders(options.models)
    if options.only:
        missing = set(options.only) - {folder.name for folder in folders}
        if missing:
            raise TrainingError(f"{options.models}: no model bundle {sorted(missing)[0]!r}")
        folders = [folder for folder in folders if folder.name in options.only]
    answers = []
    for folder in folders:
        _say(f"answers of {folder.name}")
        answers.append(predictions.predict(folder, samples.images, instance / "runs"))
    out = Path(options.out or BUNDLES / name)
    title = options.title or TITLES.get(name, name)
    summary = bundle.build(samples, answers, out, name, title, _command(options), _say, instance / "datasets" / name)
    _say(f"{out}: {summary['rows']} rows, {len(answers)} models, "
         f"{sum(path.stat().st_size for path in out.iterdir()) / 1e6:.1f} MB")


def _import(options, instance):
    name = _name(options)
    samples = _samples(options, name, instance)
    _say(f"{instance / 'datasets' / name}: {len(samples)} pictures kept; the explorer shows them from now on")
    if not (BUNDLES / name / "summary.json").is_file():
        named = f" --name {options.name}" if options.name else ""
        _say(f"There is no bundle {BUNDLES / name} yet: python -m training dataset build --data {options.data}{named}")


def _from_videos(options):
    if options.every < 1 or options.size < 8 or not 0 < options.share < 1:
        raise TrainingError("--every must be at least 1, --size at least 8, --share between 0 and 1")
    from webapp.vision.crops import CropSpec, crop

    from ..data import alignment, videos
    detector = alignment.open_detector()
    how = CropSpec.from_card({"input": {"size": options.size}, "crop": json.loads(alignment.TEMPLATE.read_text())})
    folder = Path(options.folder)
    out = Path(options.out or folder.with_name(f"{folder.resolve().name}-faces"))
    videos.build(folder, out, detector.detect, lambda picture, face: crop(picture, face, how), options.every,
                 options.share, options.split_by, _say)
    _say(f"Train on it:  python -m training fit RECIPE --data {out}\n"
         f"Look at it:   python -m training dataset build --data {out}")


def _samples(options, name, instance):
    path, store = Path(options.data), instance / "datasets" / name
    if affectnet.is_layout(path):
        return image_folders.read_affectnet(path, options.pictures, store, _say)
    if path.is_dir():
        return image_folders.read_folder(path, store, _say)
    votes = options.votes or path.with_name("fer2013new.csv")
    faces = fer2013.load(path, votes if options.votes or Path(votes).is_file() else None, store, any_md5=True)
    if faces.md5 != fer2013.OFFICIAL_MD5:
        print(f"warning: {path}: md5 {faces.md5} is not the official FER2013 csv ({fer2013.OFFICIAL_MD5}); "
              "its rows may be others than those of published figures", file=sys.stderr)
    return from_fer2013(faces)


def _name(options):
    path = Path(options.data)
    default = path.resolve().name if path.is_dir() else "affectnet" if affectnet.is_layout(path) else "fer2013"
    name = options.name or (Path(options.out).name if getattr(options, "out", None) else default.lower())
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        raise TrainingError(f"--name {name!r}: small letters, digits, - and _ are meant")
    return name


def _command(options):
    """The command that made the bundle, with the names of files but no folders of this machine."""
    parts = ["python", "-m", "training", "dataset", "build", "--data", Path(options.data).name]
    if options.votes:
        parts += ["--votes", Path(options.votes).name]
    return shlex.join(parts)


def _say(line):
    print(line, flush=True)
