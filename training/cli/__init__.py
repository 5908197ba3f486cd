"""The command line: one module per family of commands."""

import argparse
import os
import sys
from pathlib import Path

from ..backend import choose_backend
from ..errors import TrainingError
from . import datasets, detection, evaluation, export, fit, zoo

#: Folder of local data: data sets, runs and downloads. It is not published.
INSTANCE = Path(os.environ.get("EMOSCOPE_INSTANCE", "instance"))


def main(arguments=None, program="python -m training"):
    """Run one command; the exit status. A TrainingError becomes one line on standard error.

    program: the name of the command in usage lines.
    """
    options = _parser(program).parse_args(arguments)
    options.arguments = sys.argv[1:] if arguments is None else arguments
    options.instance = INSTANCE
    choose_backend()
    try:
        options.run(options)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command to resume", file=sys.stderr)
        return 130
    return 0


def _parser(program="python -m training"):
    parser = argparse.ArgumentParser(
        prog=program, description="Train, evaluate and export expression recognition networks.",
        epilog=f"Run `{program} COMMAND --help` for the options of a command.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for family in (fit, evaluation, export, datasets, zoo, detection):
        family.add_commands(commands)
    return parser
