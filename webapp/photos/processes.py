"""Read photos in several processes, each with its own networks, and return the results in order."""

import contextlib
import functools
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import cv2

from .. import bundles, readers
from ..errors import SetupError
from ..settings import Settings
from ..vision import engines
from . import folder

PHOTOS_PER_PROCESS = 32     # a process for fewer photos would take longer to start than to read them
WINDOW = 4                  # photos per other process that are handed out before this one reads one
MAX_HELD = 512              # results held while an earlier one is missing

_worker: tuple[Any, Settings]       # the reader and the settings of this process


def available() -> int:
    """The number of cores this process may use."""
    return readers.cores()


@contextlib.contextmanager
def started(settings: Settings, photos: int, most: int) -> Iterator[Callable[..., Generator[dict]]]:
    """Start the other processes, as many as are worth it and `most` with this one; yield the like of folder.read_each.

    They load their networks while this one loads its own. With a GPU, whose memory each would take, none is started.
    """
    count = min(most, photos // PHOTOS_PER_PROCESS)
    if count < 2 or _engine(settings) != "litert":
        yield folder.read_each
        return
    context = multiprocessing.get_context("spawn")      # forking a process whose networks have threads could block it
    pool = ProcessPoolExecutor(count - 1, context, _start, (settings,))
    try:
        pool.submit(int)        # they start with the first task
        yield functools.partial(read, pool=pool, processes=count)
    finally:
        pool.shutdown(cancel_futures=True)


def read(paths: Iterable[Path], reader: Any, settings: Settings, pool: Executor, processes: int) -> Generator[dict]:
    """Yield folder.read_file of each path, in order. Raises SetupError if a process ends, as when memory runs out.

    pool: the other processes. This one reads, too, with `reader`: while they start, and when they have enough to do.
    """
    held: deque = deque()       # results, and futures of results
    try:
        for path in paths:
            if sum(_is_missing(each) for each in held) < WINDOW * (processes - 1):
                held.append(pool.submit(_read_file, path))
            else:
                held.append(folder.read_file(path, reader, settings))
            while held and (len(held) > MAX_HELD or not _is_missing(held[0])):
                yield _result(held.popleft())
        while held:
            yield _result(held.popleft())
    except BrokenProcessPool:
        raise SetupError("a reading process ended, perhaps for lack of memory; run the command again with fewer "
                         f"processes, such as --processes {max(1, processes // 2)}; it continues where it "
                         "stopped") from None


def _engine(settings):
    try:
        return engines.select(settings.engine)
    except ValueError:
        return None     # which the reader reports


def _is_missing(result):
    return isinstance(result, Future) and not result.done()


def _result(result):
    return result.result() if isinstance(result, Future) else result


def _start(settings):
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # Ctrl+C ends the main process, which ends the others
    cv2.setNumThreads(1)
    _worker = readers.Readers(settings, bundles.find(settings.path("models"))).get(), settings


def _read_file(path):
    return folder.read_file(path, *_worker)
