"""Import a data set's images with a browser on the machine of the server: the operator's button.

A visitor elsewhere must not write to the server. A request counts as the operator's if it comes from a loopback
address, names a loopback host, passed no proxy, and was sent by a page of this site. `python -m training dataset
import` parses the file in its own process, because webapp never imports training.
"""

import ipaddress
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from .. import settings as settings_
from . import queries
from .views import as_json, data, get_dataset

MAX_BYTES = 500_000_000     # FER2013's csv has 301 MB, 94 MB if compressed
SECONDS = 900
GZIP = b"\x1f\x8b"
_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")
_importing = threading.Lock()


def can_import(dataset):
    """Whether the current request may import the images of `dataset`, which is FER2013's CSV."""
    settings = current_app.extensions["emoscope"].settings
    return settings.data_import and dataset.summary["label_set"] == "fer2013" and _is_local()


def _is_local():
    host = urlsplit(request.host_url).hostname or ""
    return (_is_loopback(request.remote_addr or "") and (host == "localhost" or _is_loopback(host))
            and not any(name in request.headers for name in _FORWARDED))


def _is_loopback(address):
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@data.post("/data/<name>/images.json")
def import_images(name):
    """Store the images of the CSV file in the request's body, plain or compressed by gzip."""
    dataset = get_dataset(name)
    if not can_import(dataset):
        return _error(403, "not_local", "Only a browser on the server's own machine can import images, and only "
                      f"FER2013's. There: python -m training dataset import fer2013.csv --name {name}")
    if request.headers.get("Origin") != request.host_url.rstrip("/"):
        return _error(403, "other_origin", "The request must come from a page of this site.")
    if not _importing.acquire(blocking=False):
        return _error(409, "busy", "Another import is in progress. Wait until it is finished.")
    try:
        return _import(dataset)
    except RequestEntityTooLarge:
        return _error(413, "too_large", f"The file must have at most {MAX_BYTES // 1_000_000} MB; fer2013.csv has 301.")
    except OSError as error:
        return _error(507, "not_stored", f"The file could not be stored ({error.strerror}). Free disk space.")
    finally:
        _importing.release()


def _import(dataset):
    instance = current_app.extensions["emoscope"].settings.path("instance").absolute()
    instance.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=instance) as name:     # the images replace others only if they fit
        folder = Path(name)
        path = _received(folder)
        command = [sys.executable, "-m", "training", "dataset", "import", str(path), "--name", dataset.name]
        try:
            done = subprocess.run(command, cwd=None if settings_.INSTALLED else settings_.ROOT, capture_output=True,
                                  text=True, timeout=SECONDS, env=os.environ | {"EMOSCOPE_INSTANCE": str(folder)})
        except subprocess.TimeoutExpired:
            return _error(504, "too_slow", f"The import did not finish within {SECONDS} s. Use the command instead.")
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["unknown reason"])[-1].removeprefix("error: ")
            return _error(400, "not_imported", f"The file was not imported: {reason.replace(str(path), 'the file')}")
        imported = folder / "datasets" / dataset.name
        if queries.ImageStore(imported, dataset.summary["rows"]).array is None:
            return _error(400, "other_data", f"The file does not have the {dataset.summary['rows']:,} rows of "
                          f"{dataset.summary['title']}. Choose the complete fer2013.csv.")
        dataset.images.path.parent.mkdir(parents=True, exist_ok=True)
        for file in imported.iterdir():
            file.replace(dataset.images.path.parent / file.name)
    return as_json({"rows": dataset.summary["rows"]})


def _received(folder):
    """The request's body as a file in `folder`, named .csv or .csv.gz."""
    request.max_content_length = MAX_BYTES
    path = folder / "fer2013.csv"
    with open(path, "wb") as file:
        shutil.copyfileobj(request.stream, file, 1 << 20)
    with open(path, "rb") as file:
        compressed = file.read(2) == GZIP
    return path.rename(folder / "fer2013.csv.gz") if compressed else path


def _error(status, code, message):
    response = as_json({"error": {"code": code, "message": message}})
    response.status_code = status
    return response
