"""The front page: seconds from opening it to the first reading, with an empty profile and on a second visit.

    python -m benchmarks.front_page [--runs 3]

Starts the site. Each run opens the page in headless Chromium with a new profile, closes the browser, and opens it again
with the same profile, which then has the networks in its cache. The first reading is the moment at which the page shows
the result of its sample photo, read on the device. Prints a Markdown table.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time

from playwright.sync_api import sync_playwright

from benchmarks import live

FLAGS = ["--no-sandbox"]
READ = "#demo[data-reading=false]"
REST_MS = 2500          # for the service worker to fill its cache, before the browser is closed
VISITS = ("empty profile", "second visit")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="number of new profiles (default: 3)")
    options = parser.parse_args()
    chromium = find_chromium()
    server, url = live.start("jury-live")
    try:
        with sync_playwright() as playwright:
            runs = [measure(playwright, chromium, url) for _ in range(options.runs)]
    finally:
        server.terminate()
    print(f"{os.cpu_count()} CPU cores, load at the end {os.getloadavg()[0]:.1f}\n\n| visit | first reading after, s: "
          f"median (each) | since the navigation began, s |\n|---|--:|--:|")
    for visit, found in zip(VISITS, zip(*runs, strict=True), strict=True):
        seconds, own = zip(*found, strict=True)
        print(f"| {visit} | {statistics.median(seconds):.2f} ({', '.join(f'{one:.2f}' for one in seconds)}) | "
              f"{statistics.median(own):.2f} |")


def find_chromium():
    """The path of Chromium."""
    names = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    found = next((path for path in map(shutil.which, filter(None, names)) if path), None)
    if not found:
        raise SystemExit("error: Chromium is not installed; install it, or set CHROMIUM to its path")
    return found


def measure(playwright, chromium, url):
    """[(s from opening, s since the page's navigation began)] of each of VISITS."""
    with tempfile.TemporaryDirectory() as profile:
        return [visit(playwright, chromium, url, profile) for _ in VISITS]


def visit(playwright, chromium, url, profile):
    """(s, s) of one visit, see `measure`."""
    browser = playwright.chromium.launch_persistent_context(profile, executable_path=chromium, args=FLAGS, locale="en")
    try:
        page = browser.pages[0]
        started = time.perf_counter()
        page.goto(url + "/")
        page.locator(READ).wait_for(timeout=60_000)
        seconds = time.perf_counter() - started
        own = page.evaluate("performance.getEntriesByName('emoscope-first-reading')[0].startTime") / 1000
        page.wait_for_timeout(REST_MS)
        return seconds, own
    finally:
        browser.close()


if __name__ == "__main__":
    main()
