"""The commands `compare` and `perceptron`: the zoo's runs measured, and the table they make."""

from pathlib import Path

from ..errors import TrainingError
from ..zoo import compare, tables

MODELS = Path("static/models")


def add_commands(commands, read_faces, instance):
    """Add the commands to the subparsers `commands`; read_faces: reads the data set from the options."""
    table = commands.add_parser("compare", help="the documents' networks beside ours: docs/zoo.md and more")
    table.add_argument("recipe", nargs="*", help="measure these rows only (default: all that have a run)")
    _data(table, "measure the runs there are on it; without it the table is made of the results that are kept")
    table.add_argument("--untrained", action="store_true", help="measure size and speed where there is no run, too")
    table.add_argument("--few", type=int, metavar="N", help="judge on N pictures of each split")
    table.set_defaults(run=lambda options: _compare(options, read_faces, instance))
    mlp = commands.add_parser("perceptron", help="train Tan's scikit-learn perceptron and keep its result")
    _data(mlp, "FER2013's csv", required=True)
    mlp.add_argument("--epochs", type=int, default=200, help="at most (%(default)s)")
    mlp.set_defaults(run=lambda options: _perceptron(options, read_faces, instance))


def _data(parser, words, required=False):
    parser.add_argument("--data", required=required, help=f"FER2013's csv; {words}")
    parser.add_argument("--any-md5", action="store_true", help="accept a csv that is not the official one")
    parser.set_defaults(votes=None)


def _compare(options, read_faces, instance):
    wanted = compare.names(options.recipe)
    if options.data:
        tests, runs = _tests(options, read_faces, instance), Path(instance) / "runs"
        found = [name for name in wanted if (runs / name / "checkpoint.npz").exists()]
        if options.recipe and not options.untrained and len(found) < len(wanted):
            missing = next(name for name in wanted if name not in found)
            raise TrainingError(f"{runs / missing}: no run; train it first: python -m training fit {missing} "
                                "--data fer2013.csv.gz, or allow --untrained")
        for name in wanted:
            if name in found or (options.untrained and name != "tan.perceptron"):
                compare.write(name, compare.measure_run(name, runs / name, tests, options.few))
                _say(f"measured {name}{'' if name in found else ', untrained'}")
    elif options.recipe:
        raise TrainingError("to measure runs give --data fer2013.csv.gz")
    ours = [compare.bundle_result(folder.parent) for folder in sorted(MODELS.glob("*/card.json"))]
    made = tables.rows(compare.results(), [result for result in ours if result])
    for path in tables.write(made):
        _say(f"{path}: {len(made)} rows")


def _perceptron(options, read_faces, instance):
    from ..zoo import mlp
    compare.write("tan.perceptron", mlp.train(_tests(options, read_faces, instance), options.epochs, _say))


def _tests(options, read_faces, instance):
    from ..evaluate.test_set import TestSet
    return TestSet(read_faces(options), Path(instance) / "datasets" / "fer2013")


def _say(line):
    print(line, flush=True)
