"""The Grafana dashboard in deploy/ shows metrics that exist."""

import json
import re

import stubs

from webapp.settings import ROOT

DASHBOARD = json.loads((ROOT / "deploy/grafana/emoscope.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def test_every_metric_of_the_dashboard_exists(app, client):
    client.post("/api/v1/readings", data={"picture": (stubs.io.BytesIO(stubs.jpeg()), "a.jpg")})
    client.post("/api/v1/readings", data={"picture": (stubs.io.BytesIO(b"no image"), "a.jpg")})
    app.extensions["emoscope"].metrics.count_reading("live", {"faces": [], "followed": True, "milliseconds": {}})
    exported = client.get("/metrics").text
    used = {name for query in QUERIES for name in re.findall(r"\b(?:emoscope|process)_\w+", query)}
    assert [name for name in sorted(used) if not re.search(rf"^{name}[ {{]", exported, re.MULTILINE)] == []
    labels = {name for query in QUERIES for group in re.findall(r"by \(([^)]*)\)", query) for name in group.split(", ")}
    assert [name for name in labels if f'{name}="' not in exported] == []


def test_every_metric_of_the_site_is_on_the_dashboard(client):
    exported = re.findall(r"^# TYPE (emoscope_\w+)", client.get("/metrics").text, re.MULTILINE)
    names = {name for name in exported if not name.endswith("_created")}        # counters without labels
    assert [name for name in sorted(names) if not any(name in query for query in QUERIES)] == []


def test_panels_have_titles_and_do_not_overlap():
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places) and all(panel["title"] for panel in DASHBOARD["panels"])
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
