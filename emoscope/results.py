"""Results as frozen dataclasses: a Reading (webapp.vision.reading) with names instead of keys."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Box:
    """A rectangle in fractions of the upright image; values beyond 0-1 are outside of it."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Face:
    """One face.

    landmarks: {"right_eye", "left_eye", "nose", "mouth": (x, y)}, in fractions of the image; right and left are the
    person's own. score: the detector's, 0-1. probabilities: {expression: 0-1}, calibrated. votes: {expression: votes}
    of ten raters, without zeros; None if the model's labels come from one rater. unsure: the largest probability is
    below the threshold of the model's card. balanced: {expression: 0-1}, part of the training data's prior removed;
    None if the model's card has no offsets for it. distance: from the training data, in the network's features; unlike:
    it is above the card's threshold. Both are None if the network does not output it.
    """

    box: Box
    landmarks: dict[str, tuple[float, float]]
    score: float
    probabilities: dict[str, float]
    votes: dict[str, int] | None
    expression: str
    unsure: bool
    balanced: dict[str, float] | None = None
    distance: float | None = None
    unlike: bool | None = None


@dataclass(frozen=True)
class Result:
    """What was read from one image.

    width, height: px of the upright image. faces: highest detector score first, empty if there is none. labels: the
    model's expressions. milliseconds: {step: duration}. file: the path relative to the folder, from `read_folder`.
    error: why that file cannot be read; empty if it was.
    """

    width: int
    height: int
    faces: tuple[Face, ...]
    model: str
    model_version: str
    labels: tuple[str, ...]
    milliseconds: dict[str, float] = field(default_factory=dict, compare=False)
    file: str = ""
    error: str = ""

    @classmethod
    def from_reading(cls, reading: dict[str, Any], labels: tuple[str, ...], file: str = "") -> "Result":
        """The Result of a Reading."""
        size, model = reading["picture"], reading["model"]
        return cls(size["width"], size["height"], tuple(map(_face, reading["faces"])), model["name"],
                   model["version"], labels, reading["milliseconds"], file)

    def to_pandas(self) -> Any:
        """A pandas.DataFrame with one row per face, as `Folder.to_pandas`. Requires `emoscope[pandas]`."""
        return _table([self])


@dataclass(frozen=True)
class Folder:
    """The results of a folder of photos, in the order of their paths. Iterating yields the Results."""

    results: tuple[Result, ...]

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index: int) -> Result:
        return self.results[index]

    def to_pandas(self) -> Any:
        """A pandas.DataFrame with the columns of `emoscope read`: one row per face.

        A photo without a face, or with an error, has one row. Requires `emoscope[pandas]`.
        """
        return _table(self.results)


def _face(face):
    landmarks = {name: (x, y) for name, (x, y) in face["landmarks"].items()}
    return Face(Box(**face["box"]), landmarks, face["score"], face["probabilities"], face.get("votes"),
                face["expression"], face["unsure"], face.get("balanced"), face.get("distance"), face.get("unlike"))


def _table(results):
    try:
        import pandas
    except ModuleNotFoundError as error:
        if error.name != "pandas":
            raise
        raise ImportError("to_pandas() requires pandas; install it with `pip install 'emoscope[pandas]'`") from None
    from webapp.photos.folder import columns
    rows = [row for result in results for row in _rows(result)]
    table = pandas.DataFrame(rows, columns=columns(results[0].labels if results else ())).convert_dtypes()
    return table.astype({"unsure": "boolean", "unlike": "boolean"})


def _rows(result):
    common = {"file": result.file, "error": result.error}
    if not result.error:
        common |= {"width": result.width, "height": result.height, "faces": len(result.faces)}
    for number, face in enumerate(result.faces, 1):
        box = face.box
        yield common | {
            "face": number, "x": box.x, "y": box.y, "face_width": box.width, "face_height": box.height,
            "score": face.score, "expression": face.expression, "unsure": face.unsure,
            **{f"probability_{label}": p for label, p in face.probabilities.items()},
            **({} if face.votes is None else {f"votes_{label}": face.votes.get(label, 0) for label in result.labels}),
            **{f"balanced_{label}": p for label, p in (face.balanced or {}).items()},
            **({} if face.unlike is None else {"distance": face.distance, "unlike": face.unlike})}
    if not result.faces:
        yield common
