"""python -m training: the command line of training.cli."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
