"""`python -m webapp read FOLDER`: the readings of a folder's pictures as a table, a row a face.

A picture without a face is a row without an expression; one that cannot be read is a row with its error.
"""

import csv
import itertools
import json
from pathlib import Path

from .errors import SetupError
from .vision.faces import PHOTO
from .vision.pictures import PictureError

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".avif", ".heic", ".heif", ".gif", ".bmp", ".tif",
            ".tiff"}


def pictures(folder):
    """Paths of the pictures in `folder` and below, sorted. Raises SetupError."""
    folder = Path(folder)
    if not folder.is_dir():
        raise SetupError(f"{folder}: no such folder; name one that holds pictures")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise SetupError(f"{folder}: no pictures in it or below; files that end in {', '.join(sorted(SUFFIXES))} "
                         "are read")
    return found


def read(paths, folder, reader, settings):
    """Yield for each path {"file"} with {"reading"} or {"error": {"code", "message"}}."""
    for path in paths:
        yield {"file": path.relative_to(folder).as_posix()} | _read(path, reader, settings)


def rows(answer, labels):
    """The table's rows, dicts, of one answer of `read`."""
    reading = answer.get("reading")
    error = answer.get("error")
    common = {"file": answer["file"], "error": f"{error['code']}: {error['message']}" if error else ""}
    if reading:
        common |= reading["picture"] | {"faces": len(reading["faces"])}
    if not reading or not reading["faces"]:
        return [common]
    return [common | _face_row(number, face, labels) for number, face in enumerate(reading["faces"], 1)]


def columns(labels):
    """The table's columns, in order."""
    return ["file", "error", "width", "height", "faces", "face", "x", "y", "face_width", "face_height", "score",
            "expression", "unsure", *(f"probability_{label}" for label in labels),
            *(f"votes_{label}" for label in labels)]


def write(answers, out, labels):
    """Write the answers to the open text file `out`, as JSON when its name ends so, else as CSV; how many failed."""
    add = _json_list(out) if Path(out.name).suffix.lower() == ".json" else _table(out, labels)
    failed = 0
    for answer in answers:
        add(answer)
        failed += "error" in answer
    add(None)
    return failed


def _table(out, labels):
    table = csv.DictWriter(out, columns(labels), restval="")
    table.writeheader()
    return lambda answer: table.writerows(rows(answer, labels) if answer else ())


def _json_list(out):
    separators = itertools.chain(["[\n"], itertools.repeat(",\n"))
    return lambda answer: out.write(next(separators) + json.dumps(answer, ensure_ascii=False) if answer else "\n]\n")


def _read(path, reader, settings):
    try:
        if path.stat().st_size > settings.photo_bytes:
            raise PictureError("too_large", f"The file is larger than {settings.photo_bytes / 1e6:g} MB.")
        return {"reading": reader.read(path.read_bytes(), long_sides=PHOTO, threshold=settings.photo_threshold,
                                       max_pixels=settings.photo_pixels)}
    except PictureError as error:
        return {"error": {"code": error.code, "message": str(error)}}
    except OSError as error:
        return {"error": {"code": "not_readable", "message": f"The file cannot be opened: {error.strerror}."}}


def _face_row(number, face, labels):
    box, votes = face["box"], face.get("votes")
    row = {"face": number, "x": box["x"], "y": box["y"], "face_width": box["width"], "face_height": box["height"],
           "score": face["score"], "expression": face["expression"], "unsure": int(face["unsure"])}
    row |= {f"probability_{label}": face["probabilities"][label] for label in labels}
    return row | ({f"votes_{label}": votes.get(label, 0) for label in labels} if votes else {})
