"""Return free memory to the system again and again, so that it falls after a burst of requests.

glibc's malloc keeps what threads have freed; the limits of webapp/vision/allocator.py let it keep more, for speed.
Other allocators (musl, macOS, Windows, LD_PRELOAD) are left as they are.
"""

import ctypes
import threading
import time
from typing import Any

TRIM_SECONDS = 10.0


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
        return library if hasattr(library, "malloc_trim") else None
    except (OSError, TypeError):        # Windows
        return None
