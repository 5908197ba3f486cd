"""The application of the server process in test_server.py. Its stub reader takes STUB_SECONDS per frame.

Loading takes STUB_LOADING seconds.
"""

import os
import time

from stubs import StubReader

from webapp import create_app

time.sleep(float(os.environ.get("STUB_LOADING", 0)))
print("stub loaded", flush=True)
app = create_app(reader=StubReader(float(os.environ["STUB_SECONDS"])))
