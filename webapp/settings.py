"""All settings: one table for the environment, the command line and docs/settings.md.

A setting NAME is given as the environment variable EMOSCOPE_NAME, as `python -m webapp serve --name`,
or in the mapping handed to `create_app`; the latter two go before the environment.
"""

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from .errors import SetupError

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "EMOSCOPE_"
_TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_KINDS = {int: "a whole number, 0 or more,", float: "a number, 0 or more,", bool: "yes or no", str: "text"}


class SettingsError(SetupError):
    """A setting is unknown or has a value of the wrong kind."""


@dataclass(frozen=True)
class Setting:
    """name; default, whose type is the setting's; help: one sentence; choices: the values allowed, where few are."""

    name: str
    default: object
    help: str
    choices: tuple = ()


SETTINGS = (
    Setting("host", "127.0.0.1", "Address to listen on; 0.0.0.0 is every address of the machine."),
    Setting("port", 8000, "Port to listen on; without EMOSCOPE_PORT, PORT is honoured."),
    Setting("threads", 64, "Threads of the server: each live visitor holds one, each request needs one."),
    Setting("proxies", 0, "How many reverse proxies stand before the server and tell it the visitor's address."),
    Setting("origins", "", "Other origins whose pages may open the live socket, by commas; * is any. Empty: our own."),
    Setting("message_queue", "", "Redis address that several processes share, such as redis://127.0.0.1:6379/0."),
    Setting("log_level", "info", "The least important lines that are logged.", ("debug", "info", "warning", "error")),
    Setting("metrics", True, "Whether /metrics answers Prometheus."),

    Setting("models", "static/models", "Folder of model bundles."),
    Setting("model", "jury-live", "Name of the bundle that reads where none is asked for."),
    Setting("detector", "static/detector", "Folder of the face detector's files."),
    Setting("engine", "auto", "What runs the networks: litert (CPU), keras (GPU), auto.", ("auto", "litert", "keras")),
    Setting("engine_threads", 1, "Threads of one run of a network on the CPU."),
    Setting("datasets", "static/datasets", "Folder of data-set bundles."),
    Setting("instance", "instance", "Folder of what belongs to this machine alone, such as pictures of data sets."),

    Setting("live_clients", 48, "Live visitors at once; the next is told to come back. Less than threads."),
    Setting("live_bytes", 1_000_000, "Largest frame, in bytes."),
    Setting("live_pixels", 4_000_000, "Largest frame, in pixels."),
    Setting("live_rate", 60.0, "Frames a second one visitor may send; 0 is any number."),
    Setting("live_threshold", 0.4, "Least score of a face in a frame, 0 to 1; the page keeps a track from .4 on."),

    Setting("photo_bytes", 32_000_000, "Largest picture sent to the API, in bytes."),
    Setting("photo_pixels", 64_000_000, "Largest picture sent to the API, in pixels."),
    Setting("photo_threshold", 0.45, "Least score of a face in a photo, 0 to 1."),
    Setting("request_bytes", 64_000_000, "Largest request to the API, in bytes."),
    Setting("request_pictures", 32, "Most pictures in one request to the API."),
    Setting("api_rate", "1200 per minute", "Requests to the API one visitor may make; empty is any number."),
)
NAMES = {setting.name: setting for setting in SETTINGS}


class Settings(SimpleNamespace):
    """One attribute a setting; `path(name)` is a folder, relative ones counted from the project."""

    def path(self, name):
        return ROOT / getattr(self, name)


def load(given=None, environ=None):
    """The Settings of `given`, {name: value}, over the environment, over the defaults. Raises SettingsError."""
    environ = os.environ if environ is None else environ
    values = {setting.name: setting.default for setting in SETTINGS}
    if environ.get("PORT"):
        values["port"] = _checked(NAMES["port"], environ["PORT"], "PORT")
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        setting = _named(variable[len(PREFIX):].lower(), variable)
        values[setting.name] = _checked(setting, environ[variable], variable)
    for name, value in (given or {}).items():
        values[name] = _checked(_named(name, name), value, name)
    settings = Settings(**values)
    if settings.live_clients >= settings.threads:
        raise SettingsError(f"live_clients is {settings.live_clients} and threads {settings.threads}: give more "
                            "threads than live clients, or no thread is left for pages")
    return settings


def as_environment(given):
    """{variable: text} for `given`, {name: value}: hands settings to another process."""
    return {PREFIX + name.upper(): str(value) for name, value in given.items()}


def _named(name, written):
    if name in NAMES:
        return NAMES[name]
    near = difflib.get_close_matches(name, NAMES, 1)
    hint = f"is {PREFIX + near[0].upper() if written != name else near[0]} meant?" if near \
        else "`python -m webapp settings` lists them"
    raise SettingsError(f"{written}: there is no such setting; {hint}")


def _checked(setting, value, written):
    """`value` in the setting's type; texts are converted, anything else must have the type."""
    kind = type(setting.default)
    wrong = SettingsError(f"{written}={value}: {_KINDS[kind]} is meant")
    if kind is bool and isinstance(value, str):
        value = _TRUTH.get(value.strip().lower(), value)
    elif kind in (int, float) and isinstance(value, str | int) and not isinstance(value, bool):
        try:
            value = kind(value)
        except ValueError:
            raise wrong from None
    if type(value) is not kind or (kind in (int, float) and not 0 <= value < float("inf")):
        raise wrong
    if setting.choices and value not in setting.choices:
        raise SettingsError(f"{written}={value}: one of {', '.join(setting.choices)} is meant")
    return value
