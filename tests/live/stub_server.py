"""The application a real server process serves in test_server.py: everything real but the network, which waits."""

import os

from stubs import StubReader

from webapp import create_app

app = create_app(reader=StubReader(float(os.environ["STUB_SECONDS"])))
