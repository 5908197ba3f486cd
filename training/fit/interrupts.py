"""SIGINT and SIGTERM end a run after its current step, so that a checkpoint can be written."""

import signal
import threading


class DeferredInterrupt:
    """A context in which the first SIGINT or SIGTERM only sets `requested`; a second one raises KeyboardInterrupt.

    enabled: False leaves the signal handlers alone (processes that wait for each other must not end
    at different steps). Outside the main thread, where Python allows no handlers, the context does nothing.
    """

    def __init__(self, enabled=True):
        self.enabled = enabled and threading.current_thread() is threading.main_thread()
        self.requested = False

    def __enter__(self):
        if self.enabled:
            self._previous = {each: signal.signal(each, self._handle) for each in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_):
        if self.enabled:
            for each, handler in self._previous.items():
                signal.signal(each, handler)

    def raise_if_requested(self):
        """Raise KeyboardInterrupt if a signal arrived."""
        if self.requested:
            raise KeyboardInterrupt

    def _handle(self, *_):
        self.raise_if_requested()
        self.requested = True
