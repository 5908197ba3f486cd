"""The pinned packages: exact versions, hashes, no addresses."""

import json
import os
import re
import subprocess
import sys

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


VULNERABLE = "lodash  <4.17.21\nSeverity: high\nCommand Injection - https://github.com/advisories/GHSA-35jh-r3h4-6jhm"
REFUSED = ("npm warn audit 405 Method Not Allowed - POST https://example.org/bulk\n"
           "npm error audit endpoint returned an error")
UNAVAILABLE = "requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: https://example.org/pypi"
OFFLINE = "npm error network request failed, reason: getaddrinfo ENOTFOUND example.org"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
@pytest.mark.parametrize(("npm", "pip_audit", "status", "lines"), [
    ("", "", 0, ["requirements.txt: no known vulnerability", "package-lock.json: no known vulnerability"]),
    (REFUSED, "", 2, ["package-lock.json: could not be checked, the database answers: 405 Method Not Allowed",
                      "Not everything could be checked: this is not a pass."]),
    ("", UNAVAILABLE, 2, ["requirements.txt: could not be checked, the database answers: 503 Server Error: "
                          "Service Unavailable for url"]),
    (OFFLINE, "", 2, ["package-lock.json: could not be checked, the database cannot be reached"]),
    (VULNERABLE, UNAVAILABLE, 1, ["Severity: high"]),
], ids=["none", "npm refuses", "pip-audit's database fails", "offline", "vulnerable"])
def test_audit_does_not_pass_what_it_cannot_check(tmp_path, npm, pip_audit, status, lines):
    def write(path, output, condition="true"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".txt").write_text(output)
        path.write_text(f"#!/bin/sh\n{condition} || exit 0\ncat {path.with_suffix('.txt')}\nexit {int(bool(output))}\n")
        path.chmod(0o755)

    write(tmp_path / "bin/npm", npm)
    write(tmp_path / "build/audit/bin/python", pip_audit, '[ "$2" = pip_audit ]')
    done = subprocess.run([ROOT / "tools/audit"], cwd=tmp_path, capture_output=True, text=True,
                          env=os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"})
    assert done.returncode == status, done
    assert set(lines) <= set(done.stdout.splitlines()), done.stdout
