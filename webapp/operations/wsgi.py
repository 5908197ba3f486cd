"""The WSGI application: gunicorn --config python:webapp.operations.serving webapp.operations.wsgi:app"""

import sys

from .. import create_app
from .. import settings as settings_
from ..errors import SetupError
from ..vision.faces import DetectorMissingError
from . import logs

try:
    settings = settings_.load()
    logs.setup(settings)
    app = create_app(settings)
except (SetupError, DetectorMissingError) as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)
