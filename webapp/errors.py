"""Errors of setting up: one line for the person who starts the site, what is wrong and what to do."""


class SetupError(Exception):
    """The site cannot start as it is; the command line prints the text without a traceback and ends with 2."""
