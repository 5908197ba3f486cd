"""Arrays that are dear to compute and depend on the data alone, kept beside the local pictures."""

import hashlib
from pathlib import Path

import numpy as np


def fingerprint(*parts):
    """A short text that changes when an array or a value of `parts` does."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return digest.hexdigest()


def kept(folder, name, key, make):
    """The arrays that `make()` gives, {name: array}; from `folder`/`name`.npz where it was made with the same `key`.

    folder: None keeps nothing.
    """
    path = Path(folder) / f"{name}.npz" if folder else None
    if path and path.is_file():
        try:
            with np.load(path) as file:
                if str(file["key"]) == key:
                    return {entry: file[entry] for entry in file.files if entry != "key"}
        except (OSError, ValueError, KeyError):
            pass    # made anew below
    arrays = make()
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, key=key, **arrays)
    return arrays
