"""The cluster of test_cluster.py: its web processes run tests/live/stub_server.py. Arguments: PORT COUNT."""

import sys

from webapp import settings
from webapp.operations.cluster import Cluster

GUNICORN = (sys.executable, "-m", "gunicorn", "--config", "python:webapp.operations.serving", "stub_server:app")

if __name__ == "__main__":
    Cluster(settings.load({"port": sys.argv[1]}), int(sys.argv[2]), GUNICORN).run()
