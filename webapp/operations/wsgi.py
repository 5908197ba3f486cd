"""The WSGI application: gunicorn --config python:webapp.operations.serving webapp.operations.wsgi:app"""

import logging
import sys

from .. import create_app
from ..errors import SetupError
from ..vision.faces import DetectorMissingError

logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
try:
    app = create_app()
except (SetupError, DetectorMissingError) as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)
