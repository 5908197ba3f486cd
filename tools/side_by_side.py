"""Run the browser tests and all others at the same time: python tools/side_by_side.py [ARGUMENT OF pytest ...]

The others print as usual; what the browser tests print follows at the end. The exit status is that of the others if
they fail, else that of the browser tests.
"""

import subprocess
import sys
import tempfile

NO_TESTS = 5        # pytest's exit status if no test is selected


def main(arguments: list[str]) -> int:
    """Run both and return the exit status."""
    with tempfile.TemporaryFile("w+") as output:
        browser = _start("browser", arguments, output)
        others = _start("not browser", arguments)
        statuses = [others.wait()]
        print("The browser tests run on …" if browser.poll() is None else "", flush=True)
        statuses.append(browser.wait())
        output.seek(0)
        print("The browser tests:", output.read(), sep="\n", flush=True)
    failed = [status for status in statuses if status not in (0, NO_TESTS)]
    return failed[0] if failed else min(statuses)


def _start(marker, arguments, output=None):
    command = [sys.executable, "-m", "pytest", "-m", marker, "-o", f"cache_dir=.pytest_cache/{marker.split()[0]}"]
    return subprocess.Popen([*command, *arguments], stdout=output, stderr=subprocess.STDOUT if output else None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
