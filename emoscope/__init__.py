"""Read facial expressions from Python: docs/python.md.

    reader = emoscope.Reader()
    result = reader.read("photo.jpg")

Importing this module imports neither Flask nor TensorFlow; OpenCV and LiteRT load with the first Reader.
"""

from .results import Box, Face, Folder, Result

__all__ = ["Box", "Face", "Folder", "ImageError", "Reader", "Result", "SetupError", "read_folder"]


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import reader
    return globals().setdefault(name, getattr(reader, name))


def __dir__():
    return sorted(__all__)
