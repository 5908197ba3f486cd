"""Read photos in several processes, each with its own networks, and return the results in order."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import cv2

from .. import bundles, readers
from ..errors import SetupError
from ..settings import Settings
from . import folder

PHOTOS_PER_PROCESS = 32     # a process for fewer photos would take longer to start than to read them
WINDOW = 8                  # photos per process that are handed out before the first of them is returned

_worker: tuple[Any, Settings]       # the reader and the settings of this process


def available() -> int:
    """The number of cores this process may use."""
    return readers.cores()


def read_each(paths: Sequence[Path], reader: Any, settings: Settings, most: int) -> Generator[dict]:
    """As folder.read_each, in up to `most` processes, as many as are worth starting. Raises SetupError."""
    count = min(most, len(paths) // PHOTOS_PER_PROCESS)
    return read(paths, settings, count) if count > 1 else folder.read_each(paths, reader, settings)


def read(paths: Iterable[Path], settings: Settings, processes: int) -> Generator[dict]:
    """Yield folder.read_file of each path, in order. Raises SetupError if a process ends, as when memory runs out."""
    context = multiprocessing.get_context("spawn")      # forking a process whose networks have threads could block it
    pool = ProcessPoolExecutor(processes, context, _start, (settings,))
    try:
        pending: deque = deque()
        for path in paths:
            pending.append(pool.submit(_read_file, path))
            if len(pending) >= WINDOW * processes:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool:
        raise SetupError("a reading process ended, perhaps for lack of memory; run the command again with fewer "
                         f"processes, such as --processes {max(1, processes // 2)}; it continues where it "
                         "stopped") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _start(settings):
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # Ctrl+C ends the main process, which ends the others
    cv2.setNumThreads(1)
    _worker = readers.Readers(settings, bundles.find(settings.path("models"))).get(), settings


def _read_file(path):
    return folder.read_file(path, *_worker)
