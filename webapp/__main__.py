"""python -m webapp: serve the site, read a folder of pictures, show what was read, list the settings."""

import argparse
import os
import socket
import sys
from pathlib import Path

from . import bundles as bundles_
from . import settings as settings_
from .errors import SetupError
from .vision.faces import DetectorMissing, FaceDetector

READ_SETTINGS = ("models", "model", "detector", "engine", "engine_threads", "photo_bytes", "photo_pixels",
                 "photo_threshold")


def main(arguments=None):
    """Run one command; the exit status. What the user can put right is one line on standard error, status 2."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except (SetupError, DetectorMissing) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


def _parser():
    parser = argparse.ArgumentParser(prog="python -m webapp", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the site and print its address")
    _add_settings(serve, settings_.SETTINGS)
    serve.set_defaults(run=_serve)
    read = commands.add_parser("read", help="read the pictures of a folder into a table")
    read.add_argument("folder", metavar="FOLDER")
    read.add_argument("--out", default="readings.csv", metavar="FILE",
                      help="FILE.csv, FILE.json or FILE.parquet (readings.csv)")
    _add_settings(read, [settings_.NAMES[name] for name in READ_SETTINGS])
    read.set_defaults(run=_read)
    report = commands.add_parser("report", help="read the pictures of a folder and show them with their faces")
    report.add_argument("folder", metavar="FOLDER")
    report.add_argument("--out", default="report", metavar="DIR",
                        help="folder of report.html and readings.csv (report)")
    _add_settings(report, [settings_.NAMES[name] for name in READ_SETTINGS])
    report.set_defaults(run=_report)
    listing = commands.add_parser("settings", help="list the settings with their values")
    listing.set_defaults(run=_settings)
    return parser


def _add_settings(parser, settings):
    for setting in settings:
        parser.add_argument("--" + setting.name.replace("_", "-"), dest=setting.name, default=argparse.SUPPRESS,
                            metavar="VALUE", help=f"{setting.help} ({setting.default!r})".replace("%", "%%"))


def _given(options):
    """The settings named on the command line, {name: text}."""
    return {name: value for name, value in vars(options).items() if name in settings_.NAMES}


def _serve(options):
    given = _given(options)
    settings = settings_.load(given)
    _check(settings)
    os.environ.update(settings_.as_environment(given))      # the worker reads the same settings
    if sys.platform == "win32":                             # gunicorn does not run there
        return _serve_simply(settings)
    from gunicorn.app.wsgiapp import WSGIApplication
    sys.argv = ["gunicorn", "--config", "python:webapp.operations.serving", "webapp.operations.wsgi:app"]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()


def _check(settings):
    """Find before the server starts what would stop it. Raises SetupError, DetectorMissing."""
    bundles_.choose(bundles_.find(settings.path("models")), settings.model, settings.models)
    FaceDetector(settings.path("detector"))
    from .pages.assets import Assets
    from .photos import api
    api.check(settings)
    Assets(settings_.ROOT / "static" / "dist").names()
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SetupError(f"{settings.host} port {settings.port} cannot be listened on ({reason}); "
                             f"choose another port: python -m webapp serve --port "
                             f"{settings.port + 1 if settings.port < 65535 else 8000}") from None


def _read(options):
    from .photos import folder
    out = Path(options.out)
    if out.suffix.lower() not in folder.WRITERS:
        raise SetupError(f"--out {out}: a name that ends in .csv, .json or .parquet is meant")

    def write(answers, reader, _settings):
        folder.write(answers, out, reader.expressions.labels)

    answers = _read_folder(options, out.with_name(out.name + ".part"), write)
    failed = sum("error" in answer for answer in answers)
    print(f"{len(answers)} pictures read into {out}" + (f", {failed} of them with an error" if failed else ""))


def _report(options):
    from .photos import report
    out, counts = Path(options.out), {}
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"--out {out}: cannot be made ({error.strerror})") from None

    def write(answers, reader, settings):
        counts.update(report.write(answers, options.folder, out, reader, settings))

    _read_folder(options, out / "readings.part", write)
    given = ", ".join(f"{number} {label}" for label, number in counts["expressions"].items() if number)
    print(f"{out / 'report.html'}: {counts['pictures']} pictures, {counts['errors']} could not be read, "
          f"{counts['no_face']} without a face; {counts['faces']} faces: {given}, {counts['unsure']} unsure"
          + (f"; as many faces as known in {counts['alike']} of {counts['known']}" if counts["known"] else ""))


def _read_folder(options, part, write):
    """Read the folder of the command line, with its progress; `write(answers, reader, settings)`, then the answers.

    part: as folder.read; it goes when all is written. Raises SetupError.
    """
    from tqdm import tqdm

    from .photos import folder
    from .readers import Readers
    settings = settings_.load(_given(options))
    paths = folder.pictures(options.folder)
    reader = Readers(settings, bundles_.find(settings.path("models"))).get()
    try:
        answers = list(tqdm(folder.read(paths, options.folder, reader, settings, part), total=len(paths),
                            unit="picture"))
        write(answers, reader, settings)
        part.unlink()
    except OSError as error:
        raise SetupError(f"--out {options.out}: cannot be written ({error.strerror})") from None
    return answers


def _serve_simply(settings):
    from .operations.serving import address
    from .operations.wsgi import app
    print(f"Emoscope is ready ({app.extensions['emoscope'].readers.engine}): {address(settings)}", flush=True)
    app.extensions["socketio"].run(app, host=settings.host, port=settings.port, allow_unsafe_werkzeug=True)


def _settings(_options):
    settings = settings_.load()
    for setting in settings_.SETTINGS:
        print(f"{setting.name:16} {getattr(settings, setting.name)!r:24} {setting.help}")


if __name__ == "__main__":
    sys.exit(main())
