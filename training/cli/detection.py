"""The commands `detector` and `alignment`: the files by which the site finds and crops faces."""

from .options import add_data_options, read_faces


def add_commands(commands):
    """Add the commands to the subparsers `commands`."""
    detector = commands.add_parser("detector", help="build the face detector's files in static/detector")
    detector.set_defaults(run=_detector)
    alignment = commands.add_parser("alignment", aliases=["eyes"],
                                    help="measure the alignment template on FER2013")
    add_data_options(alignment)
    alignment.add_argument("--images", "--pictures", dest="sample_size", type=int, default=4000, metavar="N",
                           help="measure N images of Training (default: %(default)s)")
    alignment.set_defaults(run=_alignment)


def _detector(options):
    from ..export import detector
    detector.build()


def _alignment(options):
    from ..data import alignment
    measured = alignment.measure(read_faces(options), alignment.open_detector(), options.sample_size)
    print(alignment.write(measured), end="")
