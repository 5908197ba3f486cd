"""Errors meant for the person at the keyboard: one line, what is wrong, what to do."""


class TrainingError(Exception):
    """Raised where the user can put it right; the command line prints it without a traceback."""
