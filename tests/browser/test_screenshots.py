"""The command that takes the screenshots of the documentation."""

import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]


def test_command_takes_a_screenshot(tmp_path, chromium_path):
    command = [sys.executable, "tools/screenshots.py", "--out", tmp_path, "large-votes"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=300, stdout=subprocess.DEVNULL)
    image = Image.open(tmp_path / "large-votes.png")
    assert image.size == (1280, 860)
    assert len(image.convert("RGB").getcolors(image.width * image.height)) > 50


def test_every_image_of_the_documents_is_taken_by_the_command():
    texts = [path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]]
    linked = {name for text in texts for name in re.findall(r"images/([\w-]+)\.png", text)}
    tool = (ROOT / "tools/screenshots.py").read_text()
    listed = set(re.findall(r'^    "([\w-]+)": Screenshot\(', tool, re.MULTILINE))
    assert linked == listed == {path.stem for path in (ROOT / "docs/images").glob("*.png")}
