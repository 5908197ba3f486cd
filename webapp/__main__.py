"""python -m webapp: serve the site, read the photos of a folder into a table or a report, list the settings."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from . import bundles as bundles_
from . import settings as settings_
from .errors import AssetsMissingError, SetupError
from .languages import catalogues
from .vision.faces import DetectorMissingError, FaceDetector

READ_SETTINGS = ("models", "model", "detector", "engine", "engine_threads", "photo_bytes", "photo_pixels",
                 "photo_threshold")
RAY_SETTINGS = ("ray", "ray_replicas")


def main(arguments: Sequence[str] | None = None, program: str = "python -m webapp") -> int:
    """Run one command and return the exit status: 2, with one line on standard error, if the user can fix it.

    program: the name of the command in usage lines.
    """
    options = _parser(program).parse_args(arguments)
    try:
        return options.run(options) or 0
    except (AssetsMissingError, DetectorMissingError) as error:
        print(f"error: {error}{settings_.BUILD_HINT}", file=sys.stderr)
        return 2
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


def _parser(program="python -m webapp"):
    parser = argparse.ArgumentParser(prog=program, description=__doc__.partition(": ")[2].capitalize())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the site and print its address")
    _add_settings(serve, settings_.SETTINGS)
    serve.set_defaults(run=_serve)
    cluster = commands.add_parser("cluster", help="serve the site from several processes with nginx and Redis")
    cluster.add_argument("--processes", type=int, default=3, metavar="N", help="number of processes (default: 3)")
    _add_settings(cluster, settings_.SETTINGS)
    cluster.set_defaults(run=_cluster)
    read = commands.add_parser("read", help="read the photos of a folder into a table")
    read.add_argument("folder", metavar="FOLDER", help="folder of photos, searched recursively")
    read.add_argument("--out", default="readings.csv", metavar="FILE",
                      help="output file: .csv, .json or .parquet (default: readings.csv); with --ray, a folder of "
                           ".parquet files")
    _add_processes(read)
    _add_settings(read, [settings_.NAMES[name] for name in READ_SETTINGS + RAY_SETTINGS])
    read.set_defaults(run=_read)
    report = commands.add_parser("report", help="read the photos of a folder into an HTML report")
    report.add_argument("folder", metavar="FOLDER", help="folder of photos, searched recursively")
    report.add_argument("--out", default="report", metavar="DIR",
                        help="output directory for report.html and readings.csv (default: report)")
    report.add_argument("--language", default=catalogues.DEFAULT, choices=list(catalogues.LANGUAGES),
                        help="language of report.html (default: %(default)s)")
    _add_processes(report)
    _add_settings(report, [settings_.NAMES[name] for name in READ_SETTINGS])
    report.set_defaults(run=_report)
    listing = commands.add_parser("settings", help="list the settings and their current values")
    listing.set_defaults(run=_settings)
    return parser


def _add_processes(parser):
    parser.add_argument("--processes", type=int, default=0, metavar="N",
                        help="number of processes that read photos (default: one per core; one with a GPU)")


def _add_settings(parser, settings):
    for setting in settings:
        parser.add_argument(_option(setting.name), dest=setting.name, default=argparse.SUPPRESS, metavar="VALUE",
                            help=f"{setting.help} (default: {setting.default!r})".replace("%", "%%"))
        for old in (old for old, current in settings_.RENAMED.items() if current == setting.name):
            parser.add_argument(_option(old), dest=setting.name, default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _option(name):
    return "--" + name.replace("_", "-")


def _given(options):
    """The settings on the command line, {name: text}."""
    return {name: value for name, value in vars(options).items() if name in settings_.NAMES}


def _serve(options):
    given = _given(options)
    settings = settings_.load(given)
    _check(settings)
    os.environ.update(settings_.as_environment(given))      # the worker loads the same settings
    if sys.platform == "win32":                             # gunicorn does not support Windows
        return _serve_on_windows(settings)
    from gunicorn.app.wsgiapp import WSGIApplication
    sys.argv = ["gunicorn", "--config", "python:webapp.operations.serving", "webapp.operations.wsgi:app"]
    return WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()


def _cluster(options):
    if sys.platform == "win32":
        raise SetupError("the cluster requires Linux or macOS; run `python -m webapp serve`")
    from .operations.cluster import Cluster
    settings = settings_.load(_given(options))
    if settings.message_queue:
        _check(settings)
    else:       # the cluster starts Redis
        _check(settings_.Settings(**vars(settings) | {"message_queue": "redis://127.0.0.1"}))
    Cluster(settings, options.processes).run()


def _check(settings):
    """Detect before the server starts what would stop it. Raises SetupError and DetectorMissingError."""
    bundles_.select(bundles_.find(settings.path("models")), settings.model, settings.models)
    FaceDetector(settings.path("detector"))
    from .pages.assets import Assets
    from .photos import api
    api.check(settings)
    Assets(settings_.ROOT / "static" / "dist").names()
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SetupError(f"cannot listen on {settings.host} port {settings.port} ({reason}); choose another port: "
                             f"python -m webapp serve --port "
                             f"{settings.port + 1 if settings.port < 65535 else 8000}") from None


def _read(options):
    from .photos import folder
    out = Path(options.out)
    settings = settings_.load(_given(options))
    if settings.ray:
        return _read_on_ray(options.folder, out, settings)
    if out.suffix.lower() not in folder.WRITERS:
        raise SetupError(f"`--out` must end in .csv, .json or .parquet, got '{out}'")

    def write(results, reader, _settings):
        folder.write(results, out, reader.classifier.labels)

    results = _read_folder(options, out.with_name(out.name + ".part"), write)
    failed = sum("error" in result for result in results)
    print(f"{out}: {len(results)} photos" + (f", {failed} of them with an error" if failed else ""))


def _read_on_ray(folder, out, settings):
    from tqdm import tqdm

    from .photos import folder as folder_
    from .photos import ray_folder
    if out.suffix.lower() in folder_.WRITERS:
        raise SetupError(f"`--out` must be a folder for .parquet files when `ray` is set, got '{out}'; "
                         "give --out a name without an extension")
    with tqdm(total=len(folder_.find(folder)), unit="photo") as bar:
        for counts in ray_folder.read(folder, out, settings):
            bar.update(counts.photos - bar.n)
    print(f"{out}: {counts.photos} photos" + (f", {counts.errors} of them with an error" if counts.errors else ""))


def _report(options):
    from .photos import report
    out, counts = Path(options.out), {}
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"`--out` must be a directory that can be created, got '{out}' ({error.strerror})") from None

    def write(results, reader, settings):
        counts.update(report.write(results, options.folder, out, reader, settings, options.language))

    _read_folder(options, out / "readings.part", write)
    by_expression = ", ".join(f"{number} {label}" for label, number in counts["expressions"].items() if number)
    print(f"{out / 'report.html'}: {counts['photos']} photos, {counts['errors']} with an error, "
          f"{counts['no_face']} without a face; {counts['faces']} faces: {by_expression}, {counts['unsure']} unsure"
          + (f", {counts['unlike']} unlike the training data" if counts["unlike"] else "")
          + (f"; expected number of faces in {counts['matching']} of {counts['known']}" if counts["known"] else ""))


def _read_folder(options, part, write):
    """Read the folder on the command line with a progress bar, call `write(results, reader, settings)`, return results.

    part: see folder.read; deleted after `write` returns. Raises SetupError.
    """
    from tqdm import tqdm

    from .photos import folder, processes
    from .readers import Readers
    settings = settings_.load(_given(options))
    paths = folder.find(options.folder)
    with processes.started(settings, len(paths), options.processes or processes.available()) as read_each:
        reader = Readers(settings, bundles_.find(settings.path("models"))).get()
        try:
            results = list(tqdm(folder.read(paths, options.folder, reader, settings, part, read_each),
                                total=len(paths), unit="photo"))
            write(results, reader, settings)
            part.unlink()
        except OSError as error:
            raise SetupError(f"`--out` must be writable, got '{options.out}' ({error.strerror})") from None
    return results


def _serve_on_windows(settings):
    from .operations.serving import address
    from .operations.wsgi import app
    app.extensions["emoscope"].reloader.start(settings.reload_seconds)
    print(f"Emoscope is ready ({app.extensions['emoscope'].readers.engine}): {address(settings)}", flush=True)
    app.extensions["socketio"].run(app, host=settings.host, port=settings.port, allow_unsafe_werkzeug=True)


def _settings(_options):
    settings = settings_.load()
    for setting in settings_.SETTINGS:
        print(f"{setting.name:16} {getattr(settings, setting.name)!r:24} {setting.help}")


if __name__ == "__main__":
    sys.exit(main())
