"""The command `emoscope`: the commands of `python -m webapp` and of `python -m training`."""

import sys
from collections.abc import Sequence

SITE = {"serve": "serve the site and print its address",
        "cluster": "serve the site from several processes with nginx and Redis",
        "read": "read the photos of a folder into a table",
        "report": "read the photos of a folder into an HTML report",
        "settings": "list the settings and their current values"}
TRAINING = {"fit": "train a recipe",
            "evaluate": "evaluate a model bundle, or compare two",
            "evaluate-photos": "evaluate bundles on labeled photos",
            "robustness": "evaluate bundles on corrupted images",
            "export": "build a model bundle from a run or an ensemble of runs",
            "balance": "choose the balanced prediction of bundles of votes",
            "export-tfjs": "regenerate the TensorFlow.js files of a model bundle",
            "export-distance": "add the sign `unlike the training data` to model bundles",
            "serving": "measure the cards' figures through the site's detector and crop again",
            "card": "regenerate the text of model cards",
            "dataset": "prepare data sets for the explorer and training",
            "compare": "measure the zoo's runs and write its table",
            "mlp": "train and measure the zoo's scikit-learn MLP",
            "zoo": "train the rows of the zoo that are left",
            "detector": "build the face detector's files in static/detector",
            "alignment": "measure the alignment template on FER2013"}
OWN = ("emoscope", "webapp", "training")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 2, with one line on standard error, if the user can fix it."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    command = arguments[0] if arguments else "--help"
    if command in ("-h", "--help"):
        print(_help())
        return 0 if arguments else 2
    if command in SITE:
        from webapp.__main__ import main as run_site
        return run_site(arguments, "emoscope")
    if command in TRAINING:
        return _run_training(arguments)
    print(f"error: there is no command {command!r}; run `emoscope --help` for a list", file=sys.stderr)
    return 2


def _run_training(arguments):
    try:
        from training.cli import main as run_training
        return run_training(arguments, "emoscope")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in OWN:      # an error of ours
            raise
        print(f"error: `emoscope {arguments[0]}` requires the package {package}, which is not installed; run "
              "`pip install 'emoscope[train]'`", file=sys.stderr)
        return 2


def _help():
    lines = ["usage: emoscope COMMAND ...", "", "Read facial expressions.", ""]
    for title, commands in (("commands", SITE), ("training, with the extra emoscope[train]", TRAINING)):
        lines += [f"{title}:", *(f"  {name:16} {text}" for name, text in commands.items()), ""]
    return "\n".join([*lines, "Run `emoscope COMMAND --help` for the options of a command."])


if __name__ == "__main__":
    sys.exit(main())
