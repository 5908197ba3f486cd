"""Read the files of a data-set bundle: check their format, open the table, load the images.

The database connection can read the one table and nothing else.
"""

import functools
import io
import json
import threading
import zipfile
from pathlib import Path

import duckdb
import numpy as np
from PIL import Image

from ...languages.catalogues import N_, Message

SCHEMA = 1
MAX_SHEET_IMAGES = 240
MAX_CACHED_SHEETS = 256     # of average faces, 37 kB each


class DataSetError(Exception):
    """A bundle cannot be used; the one-line message, a languages.catalogues.Message, names it and what to do."""


class ImageStore:
    """The images of a data set, `images.npy` in `folder`, uint8 (n, h, w), memory-mapped.

    The file is optional: the store looks for it on each access until it is there.
    """

    def __init__(self, folder, rows):
        self.path, self.rows = Path(folder) / "images.npy", rows
        self._array = None

    @property
    def array(self):
        """The images, uint8 (n, h, w), or None if there is no file for this data set."""
        if self._array is None:
            try:
                array = np.load(self.path, mmap_mode="r")
            except (OSError, ValueError):
                return None
            if array.dtype != np.uint8 or array.ndim != 3 or len(array) != self.rows:
                return None
            self._array = array
        return self._array

    def sprite_sheet(self, rows, columns=12):
        """PNG (bytes) of the images of `rows`, left to right, `columns` per line."""
        return _encoded(_sheet([self.array[row] for row in rows], columns), "PNG", compress_level=3)


class AverageFaces:
    """The faces that may be published, one per row: `average-faces.zip` in the bundle (training/data/average_faces.py).

    `exists` tells whether the bundle has them. Thread-safe.
    """

    def __init__(self, folder, summary):
        self.path = Path(folder) / "average-faces.zip"
        self.about = summary.get("average_faces")
        self.exists = bool(self.about) and self.path.is_file()
        self._side = summary["picture_size"]
        self._lock = threading.Lock()
        self._tiles = functools.lru_cache(MAX_CACHED_SHEETS)(self._read)

    def sprite_sheet(self, rows, columns=12):
        """JPEG (bytes) of the faces of `rows`, left to right, `columns` per line. Raises DataSetError."""
        size = self.about["columns"] ** 2
        try:
            faces = [self._tiles(row // size)[row % size] for row in rows]
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise _unreadable(self.path, error) from None
        return _encoded(_sheet(faces, columns), "JPEG", quality=88)

    def _read(self, number):
        """uint8 (tiles, side, side): the tiles of one stored sheet."""
        with self._lock:
            data = self._archive.read(f"{number:06}.webp")
        sheet = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
        columns, side = self.about["columns"], self._side
        return sheet.reshape(columns, side, columns, side).swapaxes(1, 2).reshape(-1, side, side)

    @functools.cached_property
    def _archive(self):
        return zipfile.ZipFile(self.path)


def _sheet(tiles, columns):
    """uint8 (lines * h, columns * w): the `tiles`, uint8 (h, w), left to right."""
    height, width = tiles[0].shape
    lines = -(-len(tiles) // columns)
    sheet = np.zeros((lines * height, min(columns, len(tiles)) * width), np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * height, index % columns * width
        sheet[top:top + height, left:left + width] = tile
    return sheet


def _encoded(sheet, kind, **options):
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, kind, **options)
    return file.getvalue()


def read_summary(folder):
    """The bundle's summary.json as a dict. Raises DataSetError if it is unreadable or has another format."""
    path = folder / "summary.json"
    try:
        summary = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    _check_schema(path, summary.get("schema") if isinstance(summary, dict) else None)
    return summary


def _check_schema(path, schema):
    if schema != SCHEMA:
        message = (N_("%(path)s: the format must be version %(schema)s, got the older version %(given)s; "
                      "build it again: python -m training dataset build")
                   if isinstance(schema, int) and schema < SCHEMA else
                   N_("%(path)s: the format must be version %(schema)s, got the unknown version %(given)s; "
                      "build it again: python -m training dataset build"))
        raise DataSetError(Message(message, path=path, schema=SCHEMA, given=schema))


def _unreadable(path, error):
    return DataSetError(Message("%(path)s: cannot be read (%(error)s); build the data set again",
                                path=path, error=str(error).partition("\n")[0]))


def connect(table, threads, memory=0):
    """A DuckDB connection with the view `samples` on the Parquet file `table`. Raises DataSetError.

    memory: limit in bytes of all its queries together; 0: DuckDB's own. A query over it raises
    duckdb.OutOfMemoryException; nothing is written to disk instead.
    """
    limit = {"memory_limit": f"{memory}B"} if memory else {}
    connection = duckdb.connect(config={"threads": threads, "temp_directory": "", **limit})
    path = str(table.resolve()).replace("'", "''")
    try:
        connection.execute(f"SET allowed_paths = ['{path}']; SET enable_external_access = false")
        connection.execute(f"CREATE VIEW samples AS SELECT * FROM read_parquet('{path}')")
        connection.execute("SET lock_configuration = true")
    except duckdb.Error as error:
        raise _unreadable(table, error) from None
    return connection


def column_names(connection, table, summary):
    """The table's columns. Raises DataSetError if its format is another one or it does not match the summary."""
    path = str(table.resolve()).replace("'", "''")
    metadata = dict(connection.execute(
        f"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{path}')").fetchall())
    try:
        _check_schema(table, json.loads(metadata.get("emoscope", "{}")).get("schema"))
    except ValueError:
        _check_schema(table, None)
    columns = [name for name, *_ in connection.execute("DESCRIBE samples").fetchall()]
    rows = connection.execute("SELECT count(*) FROM samples").fetchone()[0]
    required = ("row", "split", "label", "first", "x", "y", *(f"{model['name']}.answer" for model in summary["models"]))
    missing = [name for name in required if name not in columns]
    if missing:
        raise DataSetError(Message("%(path)s: has no column %(column)r; build the data set again",
                                   path=table, column=missing[0]))
    if rows != summary["rows"]:
        raise DataSetError(Message("%(path)s: has %(rows)d rows, summary.json %(expected)s; build the data set again",
                                   path=table, rows=rows, expected=summary["rows"]))
    return columns
