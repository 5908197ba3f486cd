"""Keep the memory of one image for the next one: what glibc's malloc returns to the system costs a page fault per 4 kB.

A thread that decodes and resizes images allocates and frees megabytes for each. glibc's own limits grow with what was
freed, but start low, and differ from thread to thread. These are the values at which their growth ends. There is one
arena per core: glibc's eight would each keep what their threads have freed.
"""

import contextlib
import ctypes
import os

KEPT = 64 << 20             # bytes free at the end of an arena
LARGEST = 32 << 20          # bytes; larger blocks go back to the system
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8       # malloc.h


def keep_freed_memory():
    """Set malloc's limits for this process, unless it has no glibc or its environment sets them (MALLOC_...)."""
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    with contextlib.suppress(OSError, AttributeError, TypeError):      # another C library, or none
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in ((_TRIM_THRESHOLD, KEPT), (_MMAP_THRESHOLD, LARGEST),
                                 (_ARENA_MAX, os.cpu_count() or 1)):
            mallopt(parameter, value)
