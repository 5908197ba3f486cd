"""The commands `zoo`, `compare` and `mlp`: train the documents' experiments, measure them and write their table."""

from ..errors import TrainingError
from .options import MODELS, add_any_md5_option, add_images_option, read_test_set, report

MLP = "tan.perceptron"      # its row in the table; it is no recipe
AFFECTNET_SIZE = 224        # width and height of AffectNet's images in its rows


def add_commands(commands):
    """Add the commands to the subparsers `commands`."""
    compare = commands.add_parser("compare", help="measure the zoo's runs and write its table, docs/zoo.md")
    compare.add_argument("recipe", nargs="*", metavar="RECIPE", help="rows to measure (default: all with a run)")
    _add_data_option(compare, "FER2013's csv, or AffectNet's folder or csv; measure the runs on it (default: use the "
                              "stored results)")
    add_images_option(compare)
    compare.add_argument("--untrained", action="store_true", help="measure size and speed where there is no run")
    compare.add_argument("--sample", "--few", type=int, metavar="N", help="evaluate on N images of each split")
    compare.set_defaults(run=_compare)
    mlp = commands.add_parser("mlp", aliases=["perceptron"],
                              help="train and measure the zoo's scikit-learn MLP; resumes its run")
    _add_data_option(mlp, "FER2013's csv (.csv, .csv.gz)", required=True)
    mlp.add_argument("--epochs", type=int, default=200, metavar="N", help="maximum of epochs (default: %(default)s)")
    mlp.set_defaults(run=_mlp)
    _add_queue(commands)


def _add_queue(commands):
    zoo = commands.add_parser("zoo", help="train the rows of the zoo that are left, one after the other")
    actions = zoo.add_subparsers(required=True, metavar="ACTION", title="actions")
    for name, function, text in (
            ("run", _run_queue, "train the rows left, cheapest first (on a GPU dearest first), and write the tables "
                                "after each; SIGINT or SIGTERM stops it, the same command resumes"),
            ("left", _print_left, "print what is left, in hours on this machine"),
            ("speed", _measure_rates, "measure the images per second of every row left, which `left` otherwise "
                                      "estimates")):
        action = actions.add_parser(name, help=text)
        action.add_argument("row", nargs="*", metavar="ROW", help="rows to train (default: all that are left)")
        _add_data_option(action, "FER2013's csv (.csv, .csv.gz), or AffectNet's folder or csv for its rows",
                         required=True)
        add_images_option(action)
        action.add_argument("--seeds", type=int, default=3, metavar="N",
                            help="seeds of a row that takes less than an hour (default: %(default)s)")
        action.add_argument("--sweep-fraction", type=float, default=1.0, metavar="F",
                            help="fraction of its epochs to train each row of Hameed's sweeps for (default: all)")
        if function is not _run_queue:
            action.add_argument("--write", action="store_true", help="write what is left into the tables, too")
        action.set_defaults(run=function)


def _add_data_option(parser, text, required=False):
    parser.add_argument("--data", required=required, metavar="CSV", help=text)
    add_any_md5_option(parser)
    parser.set_defaults(votes=None)


def _compare(options):
    from ..zoo import compare, tables
    if options.data:
        tests, runs = read_test_set(options, AFFECTNET_SIZE), options.instance / "runs"
        names = compare.names(options.recipe, tests.faces.label_set)
        trained = [name for name in names if (runs / name / "checkpoint.npz").exists()]
        missing = [name for name in names if name not in trained]
        if options.recipe and not options.untrained and missing:
            raise TrainingError(f"{runs / missing[0]}: no such run; train it first: python -m training fit "
                                f"{missing[0]} --data fer2013.csv.gz, or give --untrained")
        for name in names:
            if name in trained or (options.untrained and name != MLP):
                compare.record(name, 0, compare.measure_run(name, runs / name, tests, options.sample))
                report(f"measured {name}{'' if name in trained else ' (untrained)'}")
    elif options.recipe:
        compare.names(options.recipe)
        raise TrainingError("a run is measured on FER2013; give --data fer2013.csv.gz")
    table, paths = _write_tables(tables.own_rows(_bundle_results()))
    for path in paths:
        report(f"{path}: {len(table)} rows")


def _mlp(options):
    from ..zoo import compare, mlp
    folder = options.instance / "runs" / MLP
    compare.record(MLP, 0, mlp.train(read_test_set(options), options.epochs, report, folder))


def _run_queue(options):
    _queue(options).run()


def _print_left(options):
    from ..zoo import queue
    waiting = _queue(options)
    if options.write:
        waiting.write()
    left = waiting.left()
    for line in queue.lines(left):
        report(line)
    report(queue.summary(left))


def _measure_rates(options):
    _queue(options).measure_rates()
    _print_left(options)


def _queue(options):
    from ..backend import device, has_gpu
    from ..zoo import compare, queue, speed
    if not 0 < options.sweep_fraction <= 1:
        raise TrainingError(f"--sweep-fraction must be above 0 and at most 1, got {options.sweep_fraction}")
    tests, runs = read_test_set(options, AFFECTNET_SIZE), options.instance / "runs"
    only = tuple(compare.names(options.row, tests.faces.label_set)) if options.row else ()
    return queue.Queue(tests, runs, speed.Rates(runs / speed.FILE, device()), _rewrite_tables,
                       on_gpu=has_gpu(), sweep_fraction=options.sweep_fraction, seeds=options.seeds, only=only,
                       report=report)


def _bundle_results():
    from ..zoo import compare
    bundles = [compare.bundle_result(card.parent) for card in sorted(MODELS.glob("*/card.json"))]
    return [result for result in bundles if result]


def _rewrite_tables():
    """Write the tables; our own rows stay as they were last measured, if they were."""
    from ..zoo import tables
    _write_tables(tables.stored_own_rows() or tables.own_rows(_bundle_results()))


def _write_tables(own):
    """Write the tables of our `own` rows and of the stored results, and the pages' file; (rows, paths)."""
    from ..zoo import compare, documents, left, tables
    results, remaining = compare.results(), left.stored()
    table = own + tables.document_rows(results)
    return table, (*tables.write(table, remaining), documents.write(results, remaining))
