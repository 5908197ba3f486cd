"""A run that is told to stop ends its step first."""

import signal
import threading


class Stopping:
    """While entered, SIGINT and SIGTERM only set `asked`; a second one stops at once.

    caught: False leaves the signals as they are (processes that wait for each other must not end
    at different steps). Outside the main thread, where Python sets no handlers, it does the same.
    """

    def __init__(self, caught=True):
        self.caught = caught and threading.current_thread() is threading.main_thread()
        self.asked = False

    def __enter__(self):
        if self.caught:
            self.before = {each: signal.signal(each, self._ask) for each in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_):
        if self.caught:
            for each, handler in self.before.items():
                signal.signal(each, handler)

    def _ask(self, *_):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def obey(self):
        """Raise KeyboardInterrupt if a stop was asked for."""
        if self.asked:
            raise KeyboardInterrupt
