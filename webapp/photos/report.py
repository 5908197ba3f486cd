"""`python -m webapp report FOLDER`: an HTML report of a folder's photos with their faces marked.

The output directory gets report.html, which is self-contained, and readings.csv. If FOLDER has a MANIFEST.json with
the number of faces in each photo, {"items": [{"file", "faces"}]}, the report compares it with the number found.
"""

import base64
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image

from ..languages import choice
from ..languages.catalogues import DEFAULT, using
from ..languages.numbers import number
from ..languages.terms import expression
from ..settings import ROOT, Settings
from ..vision import images
from . import folder as folder_

LONG_SIDE = 720         # px of an image in the report
SHOWN, LEAST = 2, 0.1   # expressions of the balanced prediction, and the probability of those after the first


@dataclass(frozen=True)
class Row:
    """One photo of the report.

    faces: those of its Reading, [] if there are none; image: data URL of a JPEG, "" if it cannot be read; error: the
    message, "" if there is none; known: the expected number of faces, None if unknown.
    """

    file: str
    faces: list
    image: str
    error: str
    known: int | None


def write(results: Sequence[dict], folder: str | Path, out: Path, reader: Any, settings: Settings,
          language: str = DEFAULT) -> dict[str, Any]:
    """Write report.html and readings.csv of the results of folder.read to the directory `out`; return the counts.

    language: of report.html, one of languages.catalogues.LANGUAGES.
    """
    known = _load_known(Path(folder))
    rows = [_row(result, Path(folder), settings, known) for result in results]
    counts = count(rows, reader.classifier.labels)
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(ROOT / "templates"), autoescape=True,
                                     trim_blocks=True, lstrip_blocks=True)
    choice.add_to(environment)
    with using(language):
        page = environment.get_template("photo_report.html").render(
            rows=rows, counts=counts, strongest=_strongest, model=reader.classifier, language=language,
            folder=Path(folder).resolve().name, style=(ROOT / "static" / "report.css").read_text(encoding="utf-8"))
    (out / "report.html").write_text(page, encoding="utf-8")
    folder_.write(results, out / "readings.csv", reader.classifier.labels)
    return counts


def count(rows: Sequence[Row], labels: Sequence[str]) -> dict[str, Any]:
    """{"photos", "errors", "no_face", "several", "faces", "unsure", "unlike", "expressions", "known", "matching"}.

    Each face counts once: under "expressions", {label: faces}, as "unsure", or as "unlike" the training data.
    "known" counts the photos whose number of faces is known, "matching" those where that many were found.
    """
    faces = [face for row in rows for face in row.faces]
    unlike = [face for face in faces if face.get("unlike")]
    others = [face for face in faces if not face.get("unlike")]
    by_expression = Counter(face["expression"] for face in others if not face["unsure"])
    known = [row for row in rows if row.known is not None and not row.error]
    return {"photos": len(rows), "errors": sum(bool(row.error) for row in rows),
            "no_face": sum(not row.faces and not row.error for row in rows),
            "several": sum(len(row.faces) > 1 for row in rows), "faces": len(faces),
            "unsure": sum(face["unsure"] for face in others), "unlike": len(unlike),
            "expressions": {label: by_expression[label] for label in labels},
            "known": len(known), "matching": sum(row.known == len(row.faces) for row in known)}


def _strongest(probabilities):
    """The most probable expressions as text, such as "sadness 0.52 · neutral 0.31"."""
    ranked = sorted(probabilities.items(), key=lambda item: -item[1])[:SHOWN]
    shown = [ranked[0], *(item for item in ranked[1:] if item[1] >= LEAST)]
    return " · ".join(f"{expression(label)} {number(probability, 2)}" for label, probability in shown)


def _load_known(folder):
    """{file: number of faces} from the folder's MANIFEST.json; {} without one."""
    try:
        items = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))["items"]
        return {item["file"]: int(item["faces"]) for item in items if item.get("faces") is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _row(result, folder, settings, known):
    error, faces = result.get("error"), result.get("reading", {}).get("faces", [])
    image = "" if error else _thumbnail(folder / result["file"], settings)
    return Row(result["file"], faces, image, error["message"] if error else "", known.get(result["file"]))


def _thumbnail(path, settings):
    """The photo as the data URL of a small upright JPEG."""
    try:
        decoded = images.decode(path.read_bytes(), settings.photo_pixels, reduce_to=LONG_SIDE)
    except (OSError, images.ImageError):        # deleted or changed since it was read
        return ""
    image = Image.fromarray(decoded.pixels)
    image.thumbnail((LONG_SIDE, LONG_SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
