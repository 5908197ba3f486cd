"""Options and helpers that several commands share."""

from pathlib import Path

from ..errors import TrainingError

#: Folder of the published model bundles.
MODELS = Path("static/models")


def add_data_options(parser):
    """Add `--data` and the options that go with it, as `read_faces` reads them."""
    parser.add_argument("--data", required=True, metavar="PATH",
                        help="FER2013's csv (.csv, .csv.gz), AffectNet's folder or csv, or a folder with one folder "
                             "per class")
    parser.add_argument("--votes", metavar="CSV", help="FER+'s fer2013new.csv (default: next to FER2013's csv)")
    add_any_md5_option(parser)


def add_any_md5_option(parser):
    """Add `--any-md5`."""
    parser.add_argument("--any-md5", action="store_true", help="accept a csv other than the official one")


def add_images_option(parser):
    """Add `--images`, the folder of AffectNet's images."""
    parser.add_argument("--images", "--pictures", metavar="FOLDER",
                        help="AffectNet's image folder (default: next to its csv)")


def read_faces(options, size=48):
    """The data set `--data` names, a data.fer2013.Faces.

    size: width and height of the images of AffectNet and of class folders. Raises TrainingError for invalid data.
    """
    from ..data import affectnet, fer2013, image_folders
    path, store = Path(options.data), options.instance / "datasets"
    if affectnet.is_layout(path):
        return affectnet.load(path, getattr(options, "images", None), size)
    if path.is_dir():
        name = path.resolve().name + (f"-{size}" if size != 48 else "")
        return image_folders.load(path, store / name, size)
    votes = options.votes or path.with_name("fer2013new.csv")
    if not options.votes and not votes.is_file():
        votes = None
    return fer2013.load(path, votes, store=store / "fer2013", any_md5=options.any_md5)


def read_test_set(options, size=48):
    """The data set `--data` names, as an evaluate.test_set.TestSet. size: as of `read_faces`."""
    from ..evaluate.test_set import TestSet
    return TestSet(read_faces(options, size), options.instance / "datasets" / "fer2013")


def bundle_folder(name):
    """The folder of a model bundle given by its path or by its name in MODELS."""
    return Path(name) if Path(name).is_dir() or "/" in name else MODELS / name


def read_bundle(name):
    """The model bundle given by its path or name. Raises TrainingError for an invalid one."""
    from ..evaluate.bundles import read_bundle as read
    return read(bundle_folder(name))


def check_run(folder):
    """Raise TrainingError unless `folder` exists."""
    if not Path(folder).is_dir():
        raise TrainingError(f"{folder}: no such run; train one first: python -m training fit RECIPE")


def folder_size(folder):
    """The size of all files under `folder`, for example "3.4 MB"."""
    return f"{sum(path.stat().st_size for path in Path(folder).rglob('*')) / 1e6:.1f} MB"


def report(line):
    """Print one line at once, even into a pipe."""
    print(line, flush=True)
