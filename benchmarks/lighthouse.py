"""Lighthouse on every page of the site: make lighthouse, or python -m benchmarks.lighthouse [--form phone] [PATH ...]

Starts the site and prints the scores for performance, accessibility and best practices, 0 to 100, as a table, with what
fails. The packages come with `make lighthouse`. The performance depends on what else this machine does.
"""

import argparse
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks import live

FOLDER = Path(__file__).resolve().parent.parent / "tools" / "lighthouse"
PAGES = ["/", "/live", "/live?on=device", "/photos", "/photos?on=device", "/models", "/models/raters",
         "/models/jury-live", "/about", "/responsible-use", "/api",
         *(f"/data/fer2013{view}" for view in ("", "/browse", "/samples/17", "/models?other=seven-live", "/map",
                                               "/issues", "/you-against-ten?seed=1"))]
CATEGORIES = ("performance", "accessibility", "best-practices")
#: FER2013's images have 48 px; the page of a sample enlarges them if they are installed.
SKIP = ("image-size-responsive",)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", metavar="PATH", help="pages (default: all)")
    parser.add_argument("--form", choices=("desktop", "phone"), default="desktop", help="(default: desktop)")
    options = parser.parse_args()
    server, url = live.start("jury-live")
    try:
        print(f"| page, {options.form} | {' | '.join(CATEGORIES)} |\n|---|{'--:|' * len(CATEGORIES)}", flush=True)
        problems = []
        for page in run(url, options.paths or PAGES, form=options.form):
            scores = [page["scores"][name] for name in CATEGORIES]
            cells = ["failed" if score is None else f"{100 * score:.0f}" for score in scores]
            print(f"| `{page['path']}` | {' | '.join(cells)} |", flush=True)
            problems += [f"{page['path']}: {problem}" for problem in page["problems"]]
        print("\n".join(["", *problems]))
    finally:
        server.terminate()


def run(url: str, paths: list[str], categories=CATEGORIES, form="desktop") -> Iterator[dict]:
    """Yield Lighthouse's {path, scores: {category: 0 to 1 or None}, problems} of each page of the site at `url`."""
    names = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    chromium = next((found for found in map(shutil.which, filter(None, names)) if found), None)
    if not chromium or not (FOLDER / "node_modules").is_dir():
        raise SystemExit("error: Lighthouse or Chromium is missing; run `make lighthouse`")
    options = {"base": url, "paths": paths, "categories": list(categories), "form": form, "skip": list(SKIP)}
    with subprocess.Popen(["node", FOLDER / "run.mjs", json.dumps(options)], stdout=subprocess.PIPE, text=True,
                          env=os.environ | {"CHROME_PATH": chromium}) as process:
        for line in process.stdout or ():
            yield json.loads(line)
    if process.returncode:
        raise SystemExit("error: Lighthouse failed")


if __name__ == "__main__":
    main()
