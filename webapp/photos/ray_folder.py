"""`python -m webapp read FOLDER --ray ADDRESS`: read the photos of a folder on the nodes of a Ray cluster.

Ray Data passes the photos in parts of PHOTOS_PER_PART to `ray_replicas` processes. Each part becomes one Parquet file
in the folder OUT, with the table's columns (folder.py) and, in its metadata, the photos that it is of. It appears under
its name only when it is complete. An interrupted run therefore resumes with the photos of which no part exists, and a
part that is read twice, because a node was lost, replaces itself.

The folders of the photos and of the parts must have the same paths on every node.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import bundles as bundles_
from .. import ray_readers
from ..errors import SetupError
from ..readers import Readers
from ..settings import Settings
from . import folder as folder_

PHOTOS_PER_PART = 200
METADATA = b"emoscope"


@dataclass
class Counts:
    """What the parts hold; `parts`: those of this run, with `node`, where they were read."""

    photos: int
    errors: int
    parts: list[dict]


def read(folder: str | Path, out: Path, settings: Settings, photos_per_part: int = PHOTOS_PER_PART) -> Iterator[Counts]:
    """Read the photos of `folder` into the folder `out`; yield what is done, at first and after each part.

    Raises SetupError, also if `out` holds parts of another model.
    """
    if not settings.ray:
        raise SetupError("`ray` must be set")
    ray_readers.check(settings)
    paths, folder = folder_.find(folder), Path(folder).resolve()
    card = bundles_.select(bundles_.find(settings.path("models")), settings.model, settings.models).card or {}
    header = {name: card[key] for name, key in (("model", "name"), ("version", "version"))}
    out.mkdir(parents=True, exist_ok=True)
    keys = {folder_.key(path, folder): path.relative_to(folder).as_posix() for path in map(Path.resolve, paths)}
    counts = _finished(out, header, keys)
    yield counts
    waiting = [[key, name] for key, name in keys.items()]
    parts = [waiting[start:start + photos_per_part] for start in range(0, len(waiting), photos_per_part)]
    for part in _read_parts(parts, folder, out.resolve(), header, settings) if parts else ():
        counts = Counts(counts.photos + part["photos"], counts.errors + part["errors"], [*counts.parts, part])
        yield counts


def _finished(out, header, keys):
    """Counts of the parts in `out`, whose photos are removed from `keys`, {key: name}.

    A part with a photo that has changed is deleted: it is read again.
    """
    import pyarrow.parquet as pq
    counts = Counts(0, 0, [])
    for path in sorted(out.glob("*.parquet")):
        metadata = json.loads((pq.read_schema(path).metadata or {}).get(METADATA, b"{}"))
        if {name: metadata.get(name) for name in header} != header:
            raise SetupError(f"{path}: holds readings of another model or of something else; choose another `--out`")
        if not keys.keys() >= set(metadata["keys"]):
            path.unlink()
            continue
        for key in metadata["keys"]:
            del keys[key]
        counts.photos += len(metadata["keys"])
        counts.errors += metadata["errors"]
    return counts


def _read_parts(parts, folder, out, header, settings):
    """Yield {"part", "photos", "errors", "node"} of each part that is read."""
    import ray
    ray_readers.connect(settings)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    given = {"settings": vars(settings), "folder": folder, "out": out, "header": header}
    dataset = ray.data.from_items([{"photos": json.dumps(part)} for part in parts], override_num_blocks=len(parts))
    processes = ray.data.ActorPoolStrategy(size=min(settings.ray_replicas, len(parts)))
    read_parts = dataset.map(PartReader, fn_constructor_kwargs=given, compute=processes, num_cpus=1,
                             num_gpus=ray_readers.gpus(settings))       # Ray Data spreads them over the nodes
    yield from read_parts.iter_rows()


class PartReader:
    """One process that reads parts."""

    def __init__(self, settings: Mapping[str, Any], folder: Path, out: Path, header: Mapping[str, str]):
        self._settings, self._folder, self._out, self._header = Settings(**settings), folder, out, header
        self._reader = Readers(self._settings, bundles_.find(self._settings.path("models"))).get()

    def __call__(self, row: Mapping[str, Any]) -> dict:
        """Read one part, {"photos": JSON of [[key, name], ...]}, write its file, and return what it holds."""
        import ray
        photos = json.loads(row["photos"])
        results = [{"file": name} | folder_.read_file(self._folder / name, self._reader, self._settings)
                   for _, name in photos]
        errors = sum("error" in result for result in results)
        metadata = {**self._header, "keys": [key for key, _ in photos], "errors": errors}
        name = f"part-{hashlib.sha256(photos[0][0].encode()).hexdigest()[:16]}.parquet"
        write(results, self._out / name, self._reader.classifier.labels, metadata)
        return {"part": name, "photos": len(photos), "errors": errors,
                "node": ray.get_runtime_context().get_node_id()}


def write(results: Sequence[dict], path: Path, labels: Sequence[str], metadata: Mapping[str, Any]) -> None:
    """Write the table of `results` to `path` atomically; `metadata` is stored as JSON under METADATA."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    types = {"VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "INTEGER": pa.int32(), "TINYINT": pa.int8(),
             "FLOAT": pa.float32()}
    schema = pa.schema([(name, types[kind]) for name, kind in folder_.column_types(labels).items()],
                       metadata={METADATA: json.dumps(metadata).encode()})
    flags = ("unsure", "unlike")
    rows = [row | {"error": row["error"] or None} | {name: bool(row[name]) for name in flags if name in row}
            for result in results for row in folder_.rows(result, labels)]
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    pq.write_table(pa.Table.from_pylist(rows, schema), temporary)
    os.replace(temporary, path)
