"""The pinned packages: exact versions, hashes, no addresses."""

import json
import re

import pytest

from webapp.settings import ROOT

FILES = sorted(ROOT.glob("requirements*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_python_package_has_an_exact_version_and_hashes(path):
    packages = re.findall(r"^\S.*(?:\n    --hash=.*)+$", path.read_text(), re.MULTILINE)
    assert len(packages) == sum(not line.startswith("    --hash=") for line in path.read_text().splitlines())
    for package in packages:
        assert re.match(r"[a-z0-9-]+(\[[a-z, -]+\])?==[\w.]+( ; [^\\]+)? \\\n", package), package
        assert re.fullmatch(r"(    --hash=sha256:[0-9a-f]{64}( \\)?\n?)+", package.partition("\n")[2]), package
    assert "://" not in path.read_text()


@pytest.mark.parametrize("path", ["package-lock.json", "tools/lighthouse/package-lock.json"])
def test_every_javascript_package_has_a_hash_and_no_address(path):
    packages = json.loads((ROOT / path).read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name and not package.get("link")}
    assert [name for name, package in installed.items() if "integrity" not in package] == []
    assert [name for name, package in installed.items() if "resolved" in package] == []
