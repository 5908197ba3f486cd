"""Model bundles that change while the server runs: a valid one replaces the old one, an invalid one is reported.

Frames in progress end with the network that they began with. While a bundle's files are being copied it is left alone:
it is read when they have not changed between two checks.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import bundles as bundles_
from ..bundles import Bundle, BundleError

log = logging.getLogger(__name__)
State = tuple[tuple[str, int, int, int], ...]


class Reloader:
    """Compares the folder of the bundles with what is being served.

    Attributes: rejected ({name: error} of the bundles whose files cannot replace what is served), replaced (count).
    """

    def __init__(self, folder: Path, bundles: dict[str, Bundle], readers: Any, default: str,
                 changed: Callable[[], None] = lambda: None):
        """bundles: what is served, changed in place. changed: called after a change."""
        self._folder, self._bundles, self._readers, self._default = folder, bundles, readers, default
        self._changed = changed
        self._seen = _states(folder)
        self._served: dict[str, State | None] = dict(self._seen)
        self._check = threading.Lock()
        self.rejected = {name: bundle.error for name, bundle in bundles.items() if bundle.error}
        self.replaced = 0

    def start(self, seconds: float) -> None:
        """Check every `seconds` in a thread; 0 does not."""
        if seconds:
            threading.Thread(target=self._watch, args=(seconds,), name="reloader", daemon=True).start()

    def check(self) -> None:
        """Replace the bundles that differ from what is served and have not changed since the last check."""
        with self._check:
            states = _states(self._folder)
            names = [name for name in states.keys() | self._served.keys()
                     if states.get(name) == self._seen.get(name) != self._served.get(name)]
            self._seen = states
            for name in sorted(names):
                self._replace(name, name in states)
                self._served[name] = states.get(name)
            if names:
                self._changed()

    def _watch(self, seconds):
        pause = threading.Event()
        while not pause.wait(seconds):
            try:
                self.check()
            except Exception:       # such as a folder that cannot be listed: the next check may succeed
                log.exception("the model bundles could not be checked")

    def _replace(self, name, exists):
        """Replace one bundle, or remove it, or keep it and report why."""
        bundle = bundles_.check(self._folder / name) if exists else None
        try:
            if bundle and bundle.error:
                raise BundleError(bundle.error)
            if bundle is None and name == self._default:
                raise BundleError(f"{self._folder / name}: the default model was removed; put it back")
            self._readers.replace(name, bundle)
        except BundleError as error:
            kept = self._readers.has(name)
            if not kept:
                self._bundles[name] = Bundle(name, self._folder / name, error=str(error))
            self.rejected[name] = str(error)
            log.error("the changed model bundle is not used%s: %s", ", the loaded one stays" if kept else "", error)
            return
        self.rejected.pop(name, None)
        self.replaced += 1
        if bundle and bundle.card:
            self._bundles[name] = bundle
            log.warning("the model bundle %s %s is in use", name, bundle.card["version"])
        else:
            self._bundles.pop(name, None)
            log.warning("the model bundle %s was removed", name)


def _states(folder: Path) -> dict[str, State]:
    """{name: state} of each bundle in `folder`; a state changes with any file in it."""
    return {one.name: _state(one) for one in bundles_.folders(folder)}


def _state(folder: Path) -> State:
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            status = path.stat()
        except OSError:     # removed meanwhile
            continue
        found.append((str(path.relative_to(folder)), status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)
