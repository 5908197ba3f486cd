"""The Python packages, and the site's files as data of the package emoscope. pyproject.toml holds everything else."""

import json
import shutil
import tempfile
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
MODELS = ("jury-live", "jury-pocket")       # the other bundles would add 100 MB; the setting `models` adds a folder
WHOLE = ("datasets", "detector", "icons", "samples", *(f"models/{name}" for name in MODELS))


def static_files():
    """Paths, relative to static/, of the files that the site serves or reads."""
    static = ROOT / "static"
    files = [path for path in static.iterdir() if path.is_file()] + [static / "models" / "card.schema.json"]
    for folder in WHOLE:
        files += [path for path in (static / folder).rglob("*") if path.is_file()]
    dist = static / "dist"
    files += [path for path in dist.glob("*") if path.is_file() and path.suffix != ".map"]
    manifests = [static / "detector" / "detector.json", *(static / "models" / name / "card.json" for name in MODELS)]
    for manifest in filter(Path.is_file, manifests):
        for file in json.loads(manifest.read_text())["files"].values():
            files += (dist / "compressed").glob(f"{file['sha256']}.*")
    return [str(path.relative_to(static)) for path in files]


templates = [str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html")]
work = tempfile.mkdtemp()       # a build folder that stays would add its old files to the next build
try:
    setup(
        packages=[*find_packages(include=["emoscope", "emoscope.*", "webapp", "webapp.*", "training", "training.*"]),
                  "emoscope.site.deploy", "emoscope.site.static", "emoscope.site.templates"],
        package_dir={f"emoscope.site.{name}": name for name in ("deploy", "static", "templates")},
        package_data={"emoscope.site.static": static_files(), "emoscope.site.templates": templates,
                      "emoscope.site.deploy": ["nginx/*.conf"],       # for the command cluster
                      "webapp": ["translations/*/LC_MESSAGES/*.po"],
                      "training": ["data/*.json", "zoo/results/*.json"]},
        options={"build": {"build_base": work}, "egg_info": {"egg_base": work}},
    )
finally:
    shutil.rmtree(work, ignore_errors=True)
