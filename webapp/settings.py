"""All settings: one table for the environment, the command line and docs/settings.md.

The setting NAME comes from the environment variable EMOSCOPE_NAME, from `python -m webapp serve --name`, or from the
mapping passed to `create_app`. The latter two override the environment.
"""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .errors import SetupError
from .languages.catalogues import N_

_PARENT = Path(__file__).resolve().parent.parent
INSTALLED = (_PARENT / "emoscope" / "site").is_dir()    # by pip, without a checkout; see setup.py
ROOT = _PARENT / "emoscope" / "site" if INSTALLED else _PARENT      # the folder of static/ and templates/
# What follows "run `make ...`" in a message about files that `make` builds.
BUILD_HINT = " in Emoscope's source folder, then `pip install .` there" if INSTALLED else ""
PREFIX = "EMOSCOPE_"
_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_TYPE_DESCRIPTIONS = {int: "a non-negative integer", float: "a non-negative number", bool: "yes or no", str: "text"}


class SettingsError(SetupError):
    """A setting is unknown or has an invalid value."""


@dataclass(frozen=True)
class Setting:
    """One setting. The type of `default` is the type of the setting; `choices` lists the allowed values, if limited."""

    name: str
    default: int | float | bool | str
    help: str
    choices: tuple[str, ...] = ()


SETTINGS = (
    Setting("host", "127.0.0.1", "Address to listen on; 0.0.0.0 listens on all interfaces."),
    Setting("port", 8000, "Port to listen on; PORT is used if EMOSCOPE_PORT is not set."),
    Setting("threads", 96, "Server threads; each live client occupies one, each request needs one."),
    Setting("client_requests", 8, "Maximum number of requests in progress per address, live connections not counted, "
            "or as many as there are cores if it sends more than 30 per second; further ones wait. 0 disables the "
            "limit. Not used behind a proxy."),
    Setting("proxies", 0, "Number of trusted reverse proxies in front of the server."),
    Setting("origins", "", "Other origins allowed to open the live socket, comma-separated; * allows any."),
    Setting("message_queue", "", "Redis URL shared by several processes, such as redis://127.0.0.1:6379/0."),
    Setting("process", "", "Name of this process among several; its session ids start with it, for the proxy."),
    Setting("drain_seconds", 10.0, "Maximum time in seconds for frames in progress when the server stops."),
    Setting("log_level", "info", "Lowest level of log messages to write.", ("debug", "info", "warning", "error")),
    Setting("log_format", "text", "Format of the log: text, or json with one object per line.", ("text", "json")),
    Setting("log_requests", False, "Log each request: method, path, status, duration."),
    Setting("log_addresses", False, "Add the client's address to log messages about a request."),
    Setting("metrics", True, "Serve Prometheus metrics at /metrics."),

    Setting("models", "static/models", "Directory of model bundles."),
    Setting("reload_seconds", 5.0, "Seconds between checks for changed model bundles; 0 disables reloading."),
    Setting("model", "jury-live", "Name of the default model bundle."),
    Setting("detector", "static/detector", "Directory of the face detector's files."),
    Setting("engine", "auto", "Inference engine: litert (CPU), keras (GPU) or auto.", ("auto", "litert", "keras")),
    Setting("ray", "", "Ray cluster that reads the images: local, auto, or its address; empty reads in this process."),
    Setting("ray_replicas", 2, "Number of reading processes in the Ray cluster."),
    Setting("engine_threads", 1, "CPU threads per network inference."),
    Setting("datasets", "static/datasets", "Directory of data-set bundles."),
    Setting("data_bytes", 512_000_000, "Maximum memory of a data set's queries in bytes; 0 leaves it to DuckDB."),
    Setting("data_import", True, "Let a browser on the server's own machine import FER2013's images."),
    Setting("instance", "instance", "Directory of machine-local files, such as the images of data sets."),

    Setting("live_clients", 48, "Maximum number of live clients; must be less than threads."),
    Setting("live_bytes", 1_000_000, "Maximum size of a frame in bytes."),
    Setting("live_pixels", 4_000_000, "Maximum size of a frame in pixels."),
    Setting("live_rate", 60.0, "Maximum frames per second per client; 0 disables the limit."),
    Setting("live_errors", 25, "Invalid frames and events in succession before a live client is disconnected; 0 "
            "disables the limit."),
    Setting("live_strikes", 10, "Live connections per minute and address that may misbehave (be closed for errors, a "
            "huge message or not joining) before further ones are refused for some minutes; 0 disables it. Not used "
            "behind a proxy."),
    Setting("live_connections", 24, "Maximum number of live connections per address; 0 disables the limit. Not used "
            "behind a proxy."),
    Setting("live_threshold", 0.4, "Minimum detection score of a face in a frame, 0 to 1."),

    Setting("photo_bytes", 32_000_000, "Maximum size of an uploaded image in bytes."),
    Setting("photo_pixels", 64_000_000, "Maximum size of an uploaded image in pixels."),
    Setting("photo_threshold", 0.4, "Minimum detection score of a face in a photo, 0 to 1."),
    Setting("request_bytes", 64_000_000, "Maximum size of an API request in bytes."),
    Setting("request_images", 32, "Maximum number of images per API request."),
    Setting("api_requests", 6, "Maximum number of API requests in progress per client; 0 disables the limit."),
    Setting("api_rate", "1200 per minute; 60 per second", "Maximum rate of API requests per client, one or several; "
            "empty disables the limit."),

    Setting("notice", N_("This page recognizes facial expressions automatically. Before you use it on other people, "
                            "tell them and get their agreement. An expression is not a feeling."),
            "Notice to visitors on Live and Photos; empty hides it."),
)
NAMES = {setting.name: setting for setting in SETTINGS}
# Old name: current name. Old names still work everywhere; the current name wins if both are given.
RENAMED = {"request_pictures": "request_images"}


class Settings(SimpleNamespace):
    """The value of each setting as an attribute."""

    def path(self, name: str) -> Path:
        """The directory setting `name`; a relative path is relative to the project root.

        Without a checkout, only the defaults are relative to it; other paths and `instance` are relative to the
        working directory.
        """
        value = getattr(self, name)
        own = INSTALLED and (name == "instance" or value != NAMES[name].default)
        return Path.cwd() / value if own else ROOT / value


def load(given: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Combine `given`, {name: value}, the environment and the defaults, in this order. Raises SettingsError."""
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}
    if environ.get("PORT"):
        values["port"] = _validate(NAMES["port"], environ["PORT"], "PORT")
    variables = {name: environ[name] for name in environ if name.startswith(PREFIX)}
    values |= _validate_all(variables, lambda variable: variable.removeprefix(PREFIX).lower())
    values |= _validate_all(given or {}, lambda name: name)
    settings = Settings(**values)
    if settings.live_clients >= settings.threads:
        raise SettingsError(f"`live_clients` must be less than `threads` to leave threads for pages, got "
                            f"{settings.live_clients} and {settings.threads}; increase `threads`")
    if settings.process and not re.fullmatch(r"[A-Za-z0-9-]+", settings.process):
        raise SettingsError(f"`process` must consist of letters, digits and hyphens, got {settings.process!r}")
    return settings


def as_environment(given: Mapping[str, Any]) -> dict[str, str]:
    """Environment variables, {variable: text}, that pass the settings `given`, {name: value}, to another process."""
    return {PREFIX + name.upper(): str(value) for name, value in given.items()}


def _validate_all(given, to_name):
    """{current setting name: value} of `given`, {source: value}; `to_name(source)` is the setting's name."""
    values = {}
    for source in sorted(given, key=lambda source: to_name(source) not in RENAMED):     # current names win
        setting = _find(to_name(source), source)
        values[setting.name] = _validate(setting, given[source], source)
    return values


def _find(name, source):
    name = RENAMED.get(name, name)
    if name in NAMES:
        return NAMES[name]
    close = difflib.get_close_matches(name, NAMES, 1)
    if close:
        hint = f"did you mean {close[0] if source == name else PREFIX + close[0].upper()}?"
    else:
        hint = "run `python -m webapp settings` for a list"
    raise SettingsError(f"unknown setting `{source}`; {hint}")


def _validate(setting, value, source):
    """`value` converted to the type of the setting if it is a string. Raises SettingsError."""
    kind, given = type(setting.default), value
    error = SettingsError(f"`{source}` must be {_TYPE_DESCRIPTIONS[kind]}, got {given!r}")
    if kind is bool and isinstance(value, str):
        value = _BOOLEANS.get(value.strip().lower(), value)
    elif kind in (int, float) and isinstance(value, str | int) and not isinstance(value, bool):
        try:
            value = kind(value)
        except ValueError:
            raise error from None
    if type(value) is not kind or (kind in (int, float) and not 0 <= value < float("inf")):
        raise error
    if setting.choices and value not in setting.choices:
        raise SettingsError(f"`{source}` must be one of {', '.join(setting.choices)}, got {given!r}")
    return value
