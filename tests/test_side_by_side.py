"""tools/side_by_side.py: the browser tests beside the others."""

import subprocess
import sys

import pytest

from webapp.settings import ROOT

PROJECT = '[tool.pytest.ini_options]\nmarkers = ["browser: a browser"]\n'
TEST = """
import pathlib, time
import pytest

@pytest.mark.browser
def test_in_a_browser():
    pathlib.Path("browser").touch()
    wait_for("others")
    print("printed by the browser test")
    assert {browser}

def test_other():
    pathlib.Path("others").touch()
    wait_for("browser")
    assert {others}

def wait_for(name):
    end = time.monotonic() + 60
    while not pathlib.Path(name).exists():
        assert time.monotonic() < end
        time.sleep(0.05)
"""


@pytest.mark.parametrize(("browser", "others", "status"), [(True, True, 0), (False, True, 1), (True, False, 1)])
def test_both_run_at_the_same_time_and_both_results_count(tmp_path, browser, others, status):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "test_both.py").write_text(TEST.format(browser=browser, others=others))
    result = subprocess.run([sys.executable, ROOT / "tools/side_by_side.py", "-rA"], cwd=tmp_path, capture_output=True,
                            text=True, timeout=120)
    assert result.returncode == status, result.stdout
    before, _, after = result.stdout.partition("The browser tests:")
    assert "test_other" in before and "test_in_a_browser" not in before
    assert "test_in_a_browser" in after and ("printed by the browser test" in after) and "test_other" not in after


def test_a_selection_without_browser_tests_succeeds(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "test_one.py").write_text("def test_one():\n    pass\n")
    result = subprocess.run([sys.executable, ROOT / "tools/side_by_side.py"], cwd=tmp_path, capture_output=True,
                            text=True, timeout=120)
    assert result.returncode == 0, result.stdout
