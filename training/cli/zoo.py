"""The commands `compare` and `mlp`: measure the zoo's networks and write its table."""

from ..errors import TrainingError
from .options import MODELS, add_any_md5_option, read_test_set, report

MLP = "tan.perceptron"      # its row in the table; it is no recipe


def add_commands(commands):
    """Add the commands to the subparsers `commands`."""
    compare = commands.add_parser("compare", help="measure the zoo's runs and write its table, docs/zoo.md")
    compare.add_argument("recipe", nargs="*", metavar="RECIPE", help="rows to measure (default: all with a run)")
    _add_data_option(compare, "FER2013's csv; measure the runs on it (default: use the stored results)")
    compare.add_argument("--untrained", action="store_true", help="measure size and speed where there is no run")
    compare.add_argument("--sample", "--few", type=int, metavar="N", help="evaluate on N images of each split")
    compare.set_defaults(run=_compare)
    mlp = commands.add_parser("mlp", aliases=["perceptron"], help="train and measure the zoo's scikit-learn MLP")
    _add_data_option(mlp, "FER2013's csv (.csv, .csv.gz)", required=True)
    mlp.add_argument("--epochs", type=int, default=200, metavar="N", help="maximum of epochs (default: %(default)s)")
    mlp.set_defaults(run=_mlp)


def _add_data_option(parser, text, required=False):
    parser.add_argument("--data", required=required, metavar="CSV", help=text)
    add_any_md5_option(parser)
    parser.set_defaults(votes=None)


def _compare(options):
    from ..zoo import compare, tables
    names = compare.names(options.recipe)
    if options.data:
        tests, runs = read_test_set(options), options.instance / "runs"
        trained = [name for name in names if (runs / name / "checkpoint.npz").exists()]
        missing = [name for name in names if name not in trained]
        if options.recipe and not options.untrained and missing:
            raise TrainingError(f"{runs / missing[0]}: no such run; train it first: python -m training fit "
                                f"{missing[0]} --data fer2013.csv.gz, or give --untrained")
        for name in names:
            if name in trained or (options.untrained and name != MLP):
                compare.write(name, compare.measure_run(name, runs / name, tests, options.sample))
                report(f"measured {name}{'' if name in trained else ' (untrained)'}")
    elif options.recipe:
        raise TrainingError("a run is measured on FER2013; give --data fer2013.csv.gz")
    bundles = [compare.bundle_result(card.parent) for card in sorted(MODELS.glob("*/card.json"))]
    table = tables.rows(compare.results(), [result for result in bundles if result])
    for path in tables.write(table):
        report(f"{path}: {len(table)} rows")


def _mlp(options):
    from ..zoo import compare, mlp
    compare.write(MLP, mlp.train(read_test_set(options), options.epochs, report))
