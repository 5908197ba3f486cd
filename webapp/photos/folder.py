"""`python -m webapp read FOLDER`: the readings of a folder's pictures as a table, a row a face.

A picture without a face is a row without an expression; one that cannot be read is a row with its error.
While it runs, the answers gather in OUT.part, a line a picture; a run that was broken off goes on from there.
"""

import csv
import json
import os
from pathlib import Path

from ..errors import SetupError
from ..vision.faces import PHOTO
from ..vision.images import ImageError

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


def read(paths, folder, reader, settings, part):
    """Yield for each path, in order, {"file"} with {"reading"} or {"error": {"code", "message"}}.

    part: Path of the file the answers gather in; those it has, of files unchanged since, are not read again.
    """
    known = _known(part, reader)
    with open(part, "w", encoding="utf-8") as out:
        out.write(json.dumps(_maker(reader)) + "\n")
        for path in paths:
            key = _key(path, folder)
            answer = known.get(key) or {"file": path.relative_to(folder).as_posix()} | _read(path, reader, settings)
            out.write(json.dumps([key, answer], ensure_ascii=False) + "\n")
            out.flush()
            yield answer


def _known(part, reader):
    """{key: answer} of a run that was broken off, by the same model; its last line may be cut."""
    known = {}
    if not part.exists():
        return known
    with open(part, encoding="utf-8") as lines:
        try:
            if json.loads(next(lines, "null")) != _maker(reader):
                return known
            for line in lines:
                key, answer = json.loads(line)
                known[key] = answer
        except ValueError:
            pass
    return known


def _maker(reader):
    return {"model": reader.expressions.name, "version": reader.expressions.version}


def _key(path, folder):
    try:
        about = path.stat()
    except OSError:         # gone meanwhile: its row will say so
        return path.relative_to(folder).as_posix()
    return f"{path.relative_to(folder).as_posix()}:{about.st_size}:{about.st_mtime_ns}"


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
    """Write the answers to the Path `out`, as its name ends: .csv, .json or .parquet; whole or not at all."""
    unfinished = out.with_name(out.name + ".new")
    WRITERS[out.suffix.lower()](answers, unfinished, labels)
    os.replace(unfinished, out)


def _write_csv(answers, out, labels):
    with open(out, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns(labels), restval="")
        table.writeheader()
        for answer in answers:
            table.writerows(rows(answer, labels))


def _write_json(answers, out, _labels):
    with open(out, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(answer, ensure_ascii=False) for answer in answers) + "\n]\n")


def _write_parquet(answers, out, labels):
    import duckdb
    table = out.with_name(out.name + ".csv")
    _write_csv(answers, table, labels)
    kinds = {"file": "VARCHAR", "error": "VARCHAR", "expression": "VARCHAR", "unsure": "BOOLEAN"}
    kinds |= dict.fromkeys(["width", "height", "faces", "face"], "INTEGER")
    types = {name: kinds.get(name, "TINYINT" if name.startswith("votes_") else "FLOAT") for name in columns(labels)}
    try:
        read_csv = duckdb.read_csv(str(table), header=True, dtype=types, na_values="", parallel=False)
        read_csv.write_parquet(str(out))
    finally:
        table.unlink()


WRITERS = {".csv": _write_csv, ".json": _write_json, ".parquet": _write_parquet}


def _read(path, reader, settings):
    try:
        if path.stat().st_size > settings.photo_bytes:
            raise ImageError("too_large", f"The file is larger than {settings.photo_bytes / 1e6:g} MB.")
        return {"reading": reader.read(path.read_bytes(), long_sides=PHOTO, threshold=settings.photo_threshold,
                                       max_pixels=settings.photo_pixels)}
    except ImageError as error:
        return {"error": {"code": error.code, "message": str(error)}}
    except OSError as error:
        return {"error": {"code": "not_readable", "message": f"The file cannot be opened: {error.strerror}."}}


def _face_row(number, face, labels):
    box, votes = face["box"], face.get("votes")
    row = {"face": number, "x": box["x"], "y": box["y"], "face_width": box["width"], "face_height": box["height"],
           "score": face["score"], "expression": face["expression"], "unsure": int(face["unsure"])}
    row |= {f"probability_{label}": face["probabilities"][label] for label in labels}
    return row | ({f"votes_{label}": votes.get(label, 0) for label in labels} if votes else {})
