"""The error that the command line reports in one line."""


class SetupError(Exception):
    """The site cannot start. The command line prints the message without a traceback and exits with status 2."""
