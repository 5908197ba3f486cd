"""Errors that are reported in one line, with what to do."""


class SetupError(Exception):
    """The site cannot start. The command line prints the message without a traceback and exits with status 2."""


class AssetsMissingError(SetupError):
    """The scripts and styles, or one of them, have not been built."""
