"""Opening a data-set bundle: its format is checked, and nothing but its one table can be read."""

import json

import duckdb

SCHEMA = 1


class DataSetError(Exception):
    """A bundle that cannot be used; one line that says which and what to do."""


def read_summary(folder):
    """The bundle's summary.json, checked for its format. Raises DataSetError."""
    path = folder / "summary.json"
    try:
        summary = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DataSetError(f"{path}: cannot be read ({error}); build the data set again") from None
    _same_schema(path, summary.get("schema") if isinstance(summary, dict) else None)
    return summary


def _same_schema(path, schema):
    if schema != SCHEMA:
        age = "an older" if isinstance(schema, int) and schema < SCHEMA else "another"
        raise DataSetError(f"{path}: format {schema} is of {age} version than this site reads ({SCHEMA}); "
                           "build it again: python -m training dataset build")


def connect(table, threads):
    """A connection that can read this one file and nothing else."""
    connection = duckdb.connect(config={"threads": threads})
    path = str(table.resolve()).replace("'", "''")
    try:
        connection.execute(f"SET allowed_paths = ['{path}']; SET enable_external_access = false")
        connection.execute(f"CREATE VIEW samples AS SELECT * FROM read_parquet('{path}')")
        connection.execute("SET lock_configuration = true")
    except duckdb.Error as error:
        raise DataSetError(f"{table}: cannot be read ({str(error).splitlines()[0]}); "
                           "build the data set again") from None
    return connection


def checked_columns(connection, table, summary):
    """The names of the table's columns; DataSetError where the table is not of this format or this summary."""
    path = str(table.resolve()).replace("'", "''")
    about = dict(connection.execute(f"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{path}')").fetchall())
    try:
        _same_schema(table, json.loads(about.get("emoscope", "{}")).get("schema"))
    except ValueError:
        _same_schema(table, None)
    columns = [name for name, *_ in connection.execute("DESCRIBE samples").fetchall()]
    rows = connection.execute("SELECT count(*) FROM samples").fetchone()[0]
    wanted = [f"{model['name']}.answer" for model in summary["models"]]
    missing = [name for name in ("row", "split", "label", "first", "x", "y", *wanted) if name not in columns]
    if missing or rows != summary["rows"]:
        what = f"no column {missing[0]!r}" if missing else f"{rows} rows, and summary.json says {summary['rows']}"
        raise DataSetError(f"{table}: {what}; build the data set again")
    return columns
