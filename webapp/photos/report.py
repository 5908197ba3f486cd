"""`python -m webapp report FOLDER`: a page that shows what was read in a folder's pictures, each with its faces marked.

The folder it is written to holds report.html, which needs nothing else, and readings.csv. Where FOLDER has a
MANIFEST.json that says how many faces a picture shows, {"items": [{"file", "faces"}]}, that stands beside the number
found.
"""

import base64
import io
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import jinja2
from PIL import Image

from ..settings import ROOT
from ..vision import images
from . import folder as folder_

LONG_SIDE = 720         # px of a picture in the report
COLOURS = ("#6fe3d2", "#ffc857", "#ff9dbf", "#9ccbff", "#cfee6b", "#d5b8ff")       # as on the photo page


@dataclass(frozen=True)
class Row:
    """One picture of the report. faces: of its reading, [] where there is none; picture: a data address of a JPEG,
    "" where it cannot be read; error: in words, "" for none; known: faces it is said to have, None if nobody says."""

    file: str
    faces: list
    picture: str
    error: str
    known: int | None


def write(answers, folder, out, reader, settings):
    """Write report.html and readings.csv of `answers` (those of folder.read) into the Path `out`; the counts."""
    known = _known(Path(folder))
    rows = [_row(answer, Path(folder), settings, known) for answer in answers]
    counts = count(rows, reader.expressions.labels)
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(ROOT / "templates"), autoescape=True,
                                     trim_blocks=True, lstrip_blocks=True)
    page = environment.get_template("photo_report.html").render(
        rows=rows, counts=counts, model=reader.expressions, colours=COLOURS, folder=Path(folder).resolve().name)
    (out / "report.html").write_text(page, encoding="utf-8")
    folder_.write(answers, out / "readings.csv", reader.expressions.labels)
    return counts


def count(rows, labels):
    """{"pictures", "errors", "no_face", "several", "faces", "unsure", "expressions": {label: faces}, "known",
    "alike"}: `known` pictures whose number of faces is given, `alike` of them where that many were found."""
    faces = [face for row in rows for face in row.faces]
    given = Counter(face["expression"] for face in faces if not face["unsure"])
    known = [row for row in rows if row.known is not None and not row.error]
    return {"pictures": len(rows), "errors": sum(bool(row.error) for row in rows),
            "no_face": sum(not row.faces and not row.error for row in rows),
            "several": sum(len(row.faces) > 1 for row in rows), "faces": len(faces),
            "unsure": sum(face["unsure"] for face in faces), "expressions": {label: given[label] for label in labels},
            "known": len(known), "alike": sum(row.known == len(row.faces) for row in known)}


def _known(folder):
    """{file: number of faces} by the folder's MANIFEST.json; {} without one."""
    try:
        items = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))["items"]
        return {item["file"]: int(item["faces"]) for item in items if item.get("faces") is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _row(answer, folder, settings, known):
    error, faces = answer.get("error"), answer.get("reading", {}).get("faces", [])
    picture = "" if error else _small(folder / answer["file"], settings)
    return Row(answer["file"], faces, picture, error["message"] if error else "", known.get(answer["file"]))


def _small(path, settings):
    """The picture as a data address of a small JPEG, upright."""
    try:
        decoded = images.decode(path.read_bytes(), settings.photo_pixels, reduce_to=LONG_SIDE)
    except (OSError, images.ImageError):        # gone or changed since it was read
        return ""
    image = Image.fromarray(decoded.pixels)
    image.thumbnail((LONG_SIDE, LONG_SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
