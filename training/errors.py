"""The error that the command line reports in one line."""


class TrainingError(Exception):
    """A problem the user can fix. The message says what is wrong, what was given and what to do."""
