"""`python -m webapp read FOLDER`: read the photos of a folder into a table with one row per face.

A photo without a face has one row without an expression; a photo that cannot be read has one row with its error.
Results are saved to OUT.part as they are made, one line per photo, and an interrupted run resumes from that file.
"""

import contextlib
import csv
import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import SetupError
from ..settings import Settings
from ..vision.faces import PHOTO_LONG_SIDES
from ..vision.images import ImageError

EXTENSIONS = {".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".avif", ".heic", ".heif", ".gif", ".bmp", ".tif",
              ".tiff"}


def find(folder: str | Path) -> list[Path]:
    """Paths of the photos in `folder` and its subfolders, sorted. Raises SetupError."""
    folder = Path(folder)
    if not folder.is_dir():
        raise SetupError(f"{folder}: no such folder; name a folder of photos")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS and path.is_file())
    if not found:
        raise SetupError(f"{folder}: no photos found; supported extensions: {', '.join(sorted(EXTENSIONS))}")
    return found


def read_each(paths: Sequence[Path], reader: Any, settings: Settings) -> Generator[dict]:
    """Yield the results of `read_file`, in order."""
    yield from (read_file(path, reader, settings) for path in paths)


def read(paths: Iterable[Path], folder: str | Path, reader: Any, settings: Settings, part: Path,
         read_each: Callable[..., Generator[dict]] = read_each) -> Iterator[dict]:
    """Yield for each path, in order, {"file"} with {"reading"} or {"error": {"code", "message"}}.

    part: the file to which results are saved. Photos unchanged since a result was saved are not read again.
    read_each: reads the others, such as processes.read_each.
    """
    saved = _load_saved(part, reader)
    photos = [(path, key(path, folder)) for path in paths]
    unsaved = [path for path, photo in photos if photo not in saved]
    with (open(part, "w", encoding="utf-8") as out,
          contextlib.closing(read_each(unsaved, reader, settings)) as results):
        out.write(json.dumps(_header(reader)) + "\n")
        for path, photo in photos:
            result = saved.get(photo) or {"file": path.relative_to(folder).as_posix()} | next(results)
            out.write(json.dumps([photo, result], ensure_ascii=False) + "\n")
            out.flush()
            yield result


def _load_saved(part, reader):
    """{key: result} of an interrupted run with the same model. The last line may be incomplete."""
    saved: dict[str, dict] = {}
    if not part.exists():
        return saved
    with open(part, encoding="utf-8") as lines:
        try:
            if json.loads(next(lines, "null")) != _header(reader):
                return saved
            for line in lines:
                photo, result = json.loads(line)
                saved[photo] = result
        except ValueError:
            pass
    return saved


def _header(reader):
    return {"model": reader.classifier.name, "version": reader.classifier.version}


def key(path: Path, folder: str | Path) -> str:
    """Identifies a photo and its content: its name in `folder`, its size and the time of its last change."""
    try:
        stat = path.stat()
    except OSError:         # deleted in the meantime; its row has the error
        return path.relative_to(folder).as_posix()
    return f"{path.relative_to(folder).as_posix()}:{stat.st_size}:{stat.st_mtime_ns}"


def rows(result: dict, labels: Sequence[str]) -> list[dict]:
    """The table rows of one result of `read`."""
    reading = result.get("reading")
    error = result.get("error")
    common = {"file": result["file"], "error": f"{error['code']}: {error['message']}" if error else ""}
    if reading:
        common |= reading["picture"] | {"faces": len(reading["faces"])}
    if not reading or not reading["faces"]:
        return [common]
    return [common | _face_row(number, face, labels) for number, face in enumerate(reading["faces"], 1)]


def columns(labels: Sequence[str]) -> list[str]:
    """The table's columns, in order."""
    return ["file", "error", "width", "height", "faces", "face", "x", "y", "face_width", "face_height", "score",
            "expression", "unsure", *(f"probability_{label}" for label in labels),
            *(f"votes_{label}" for label in labels), *(f"balanced_{label}" for label in labels), "distance", "unlike"]


def column_types(labels: Sequence[str]) -> dict[str, str]:
    """{column: SQL type}, in order."""
    special = {"file": "VARCHAR", "error": "VARCHAR", "expression": "VARCHAR", "unsure": "BOOLEAN", "unlike": "BOOLEAN"}
    special |= dict.fromkeys(["width", "height", "faces", "face"], "INTEGER")
    return {name: special.get(name, "TINYINT" if name.startswith("votes_") else "FLOAT") for name in columns(labels)}


def write(results: Sequence[dict], out: Path, labels: Sequence[str]) -> None:
    """Write the results to `out` atomically, in the format of its extension: .csv, .json or .parquet."""
    temporary = out.with_name(out.name + ".new")
    WRITERS[out.suffix.lower()](results, temporary, labels)
    os.replace(temporary, out)


def _write_csv(results, out, labels):
    with open(out, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns(labels), restval="")
        table.writeheader()
        for result in results:
            table.writerows(rows(result, labels))


def _write_json(results, out, _labels):
    with open(out, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(result, ensure_ascii=False) for result in results) + "\n]\n")


def _write_parquet(results, out, labels):
    import duckdb
    table = out.with_name(out.name + ".csv")
    _write_csv(results, table, labels)
    try:
        read_csv = duckdb.read_csv(str(table), header=True, dtype=column_types(labels), na_values="", parallel=False)
        read_csv.write_parquet(str(out))
    finally:
        table.unlink()


WRITERS = {".csv": _write_csv, ".json": _write_json, ".parquet": _write_parquet}


def read_file(path: Path, reader: Any, settings: Settings) -> dict:
    """{"reading"} of one photo, or {"error": {"code", "message"}}."""
    try:
        if path.stat().st_size > settings.photo_bytes:
            raise ImageError("too_large", f"The file must have at most {settings.photo_bytes / 1e6:g} MB.")
        return {"reading": reader.read(path.read_bytes(), long_sides=PHOTO_LONG_SIDES,
                                       threshold=settings.photo_threshold, max_pixels=settings.photo_pixels)}
    except ImageError as error:
        return {"error": {"code": error.code, "message": str(error)}}
    except OSError as error:
        return {"error": {"code": "not_readable", "message": f"The file cannot be opened: {error.strerror}."}}


def _face_row(number, face, labels):
    box, votes, balanced = face["box"], face.get("votes"), face.get("balanced")
    row = {"face": number, "x": box["x"], "y": box["y"], "face_width": box["width"], "face_height": box["height"],
           "score": face["score"], "expression": face["expression"], "unsure": int(face["unsure"])}
    row |= {f"probability_{label}": face["probabilities"][label] for label in labels}
    row |= {f"votes_{label}": votes.get(label, 0) for label in labels} if votes else {}
    row |= {f"balanced_{label}": balanced[label] for label in labels} if balanced else {}
    return row | ({"distance": face["distance"], "unlike": int(face["unlike"])} if "unlike" in face else {})
