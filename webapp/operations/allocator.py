"""The C allocator, set so that the memory of a burst of requests returns to the system.

glibc gives up to eight arenas per core to threads, and each keeps what its threads have freed. With many threads, of
which each sometimes holds a large message or image, memory rises to a multiple of what is in use and stays there.
Other allocators (musl, macOS, Windows, LD_PRELOAD) are left as they are.
"""

import ctypes
import threading
import time
from typing import Any

ARENAS = 2
MMAP_BYTES = 1 << 20        # larger blocks go back to the system when they are freed
TRIM_SECONDS = 10.0
_ARENA_MAX, _MMAP_THRESHOLD = -8, -3        # of mallopt, malloc.h


def limit(library: Any = None) -> bool:
    """Limit the arenas and fix the size of blocks that are mapped; whether the allocator can do that.

    To be called before the threads start. A fixed threshold matters: glibc raises its own to the largest block freed so
    far, and then keeps blocks of that size, too.
    """
    library = library or _glibc()
    return bool(library) and all([library.mallopt(_ARENA_MAX, ARENAS), library.mallopt(_MMAP_THRESHOLD, MMAP_BYTES)])


def start_trimming(seconds: float = TRIM_SECONDS, library: Any = None) -> threading.Thread | None:
    """Return free pages to the system every `seconds`, in a thread of its own; None if the allocator cannot do that."""
    library = library or _glibc()
    if not library:
        return None

    def trim():
        while True:
            time.sleep(seconds)
            library.malloc_trim(0)

    thread = threading.Thread(target=trim, name="allocator", daemon=True)
    thread.start()
    return thread


def _glibc():
    """The C library if its allocator is glibc's, or None."""
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
    except (OSError, TypeError):        # Windows
        return None
