"""Helpers for large arrays: slices of bounded length, fingerprints, and a cache on disk."""

import hashlib
from pathlib import Path

import numpy as np


def chunks(count, size):
    """Slices that cover range(count), each at most `size` long."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def fingerprint(*parts):
    """A short hex digest that changes when an array or a value of `parts` changes."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return digest.hexdigest()


def cached(folder, name, key, compute):
    """The arrays that `compute()` returns, {name: array}, cached in `folder`/`name`.npz under `key`.

    An unreadable file or one with another key is computed again. folder: None disables the cache.
    """
    path = Path(folder) / f"{name}.npz" if folder else None
    if path and path.is_file():
        try:
            with np.load(path) as file:
                if str(file["key"]) == key:
                    return {entry: file[entry] for entry in file.files if entry != "key"}
        except (OSError, ValueError, KeyError):
            pass    # computed again below
    arrays = compute()
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, key=key, **arrays)
    return arrays
