"""The application of the server process in test_server.py. Its stub reader takes STUB_SECONDS per frame."""

import os

from stubs import StubReader

from webapp import create_app

app = create_app(reader=StubReader(float(os.environ["STUB_SECONDS"])))
