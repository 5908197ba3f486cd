"""Lighthouse's accessibility and best practices on every page. `make lighthouse` measures the performance, too."""

import pytest

from benchmarks import lighthouse


@pytest.mark.slow
def test_accessibility_and_best_practices_are_100(server, chromium_path):
    pages = list(lighthouse.run(server.url, lighthouse.PAGES, lighthouse.CATEGORIES[1:], form="phone"))
    assert [page["path"] for page in pages] == lighthouse.PAGES
    assert {page["path"]: page for page in pages
            if page["problems"] or set(page["scores"].values()) != {1}} == {}
