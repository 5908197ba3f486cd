"""The faces to follow that a client sends with a frame: validated, because a client may send anything."""

import reprlib
from typing import Any

from ..vision.boxes import Face
from ..vision.crops import LANDMARKS

MAX_FACES = 8
LOWEST, HIGHEST = -2, 3         # fractions of the frame: a face may lie partly outside of it
SMALLEST, LARGEST = 1e-4, 4     # width and height of a box
_SHALLOW = reprlib.Repr()       # megabytes of a client's values are not formatted for 80 characters of a message
_SHALLOW.maxlevel = 2


def problem_of(value: Any) -> str | None:
    """What is wrong with the value of `follow`, as a sentence; None if `faces_of` takes it."""
    if not isinstance(value, list) or len(value) > MAX_FACES:
        return f"`follow` must be a list of at most {MAX_FACES} faces, got {_brief(value)}."
    for face in value:
        box, landmarks = (face.get(name) for name in ("box", "landmarks")) if isinstance(face, dict) else (None, None)
        if not (isinstance(box, dict) and all(_is_between(box.get(name), LOWEST, HIGHEST) for name in ("x", "y"))
                and all(_is_between(box.get(name), SMALLEST, LARGEST) for name in ("width", "height"))):
            return f"Each face of `follow` must have the `box` of a face in a reading, got {_brief(box)}."
        if not (isinstance(landmarks, dict) and all(_is_point(landmarks.get(name)) for name in LANDMARKS)):
            return f"Each face of `follow` must have the `landmarks` of a face in a reading, got {_brief(landmarks)}."
    return None


def faces_of(value: list[dict]) -> list[Face]:
    """The faces of a valid value of `follow`. They have score 1, because a client sends certain faces only."""
    return [Face(tuple(float(face["box"][name]) for name in ("x", "y", "width", "height")),
                 {name: tuple(map(float, face["landmarks"][name])) for name in LANDMARKS}, 1.0) for face in value]


def _is_point(value):
    return (isinstance(value, list | tuple) and len(value) == 2
            and all(_is_between(one, LOWEST, HIGHEST) for one in value))


def _is_between(value, lowest, highest):
    return isinstance(value, int | float) and not isinstance(value, bool) and lowest <= value <= highest


def _brief(value):
    text = _SHALLOW.repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
