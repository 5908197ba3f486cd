"""Report words that the project's glossary replaces: python tools/check_words.py [FILE ...]; exit status 1 if any.

Each rule is a pattern and the term to use. A line that must keep a word, because a published format or
another project's name contains it, matches an exception of that rule.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = {".py", ".js", ".mjs", ".ts", ".html", ".css", ".md", ".toml", ".yml", ".json", ""}
SKIPPED = re.compile(r"^(static/(models|datasets|icons|dist|detector)/|static/(zoo|documents|robustness|outside)\.json|"
                     r"training/zoo/results/|.*package-lock\.json|requirements.*|LICENSE|"
                     r"tools/check_words\.py|tests/test_words\.py|docs/zoo\.csv)")
# Published names that stay: the Reading's and the cards' JSON keys, error codes, saved files.
KEYS = (r"[\"'`.]pictures?[\"'`\]]|\.picture\b|\bpicture: ?[{\[\w]|[\"'`]\w*_pictures?\w*[\"'`]|not_a_picture|"
        r"no_picture|too_many_pictures|picture ?=|[/.]pictures\b|pictures\.png|\[?picture$|--pictures|"
        r"[Pp]icture-in-[Pp]icture|[Pp]ictureInPicture\w*|<picture")
RULES = (
    (r"\b[Pp]ictur(e|es|ed)\b|Picture[A-Z]\w*|\w+Pictures?\b", "image, photo or frame", KEYS),
    (r"\b[Ff]ilm(s|ed)?\b|\bFilm[A-Z]\w*", "video", r"[\"'`]films?[\"'`]|emoscope-film"),
    (r"\b[Jj]udg(e|es|ed|ing|ement)\b", "evaluate; annotate or rate (raters)", r"[\"'`]judged[\"'`]"),
    (r"\b([Uu]n)?[Tt]aught\b", "distilled from, trained with teachers", r"jury-(live\.)?taught|[\"'`]taught[\"'`]"),
    (r"\b[Tt]wins?\b", "near-duplicates", r"[\"'`.]\w*twins?\w*[\"'`\]]?|"
     r"\btwin(=|,|\[| =|\.)|\bif twin\b|\(twin\)|twin is"),
    (r"\b([Uu]n)?[Dd]isturb(s|ed|ing|ance|ances)?\b", "corruption, augmentation",
     r"[\"'`]disturbances?[\"'`]|\bundisturbed\b"),
    (r"\b(is|are) meant\b", "must be ..., got ...", None),
    (r"\banew\b", "again, regenerated", None),
    (r"\b[Hh]otkeys?\b", "keyboard shortcuts", None),
    (r"\basked for\b", "requested", None),
    (r"\breadings?( a second| ?/ ?s\b)", "frames/s", None),
    (r"\bfirst choice\b", "plurality label", r"the raters' first choice, all faces"),
    (r"\ball faces\b", "all images with a face", r"[Aa]ll faces of|all faces in|the raters' first choice, all faces"),
    (r"\ballowance\b", "rate limiter", None),
    (r"picture late by|of it on the server", "display delay, server time", None),
    (r"\bmembers said together\b", "ensemble", None),
    (r"\b(lie|lies|stand|stands) (in|beside|there|under|behind)\b", "are, is", None),
    (r"\btheirs\b", "name it", None),
    (r"\bpictures? a second\b|\ba core\b", "images per second per core", None),
    (r"\b(neighbour|colour|behaviour|normalis|optimis|initialis|grey-?scale)\w*", "American spelling",
     r"[\"'`.]normalised|[\"'`.]\w*(neighbours?|colour)\w*[\"'`\]]?|[?&]\w*(neighbour|colour)|\bcolour="),
)


def findings(text):
    """(line number, word, term to use) of each forbidden word in `text`."""
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, term, exception in RULES:
            cleaned = re.sub(exception, " ", line) if exception else line
            for found in re.finditer(pattern, cleaned):
                yield number, found[0], term


def tracked():
    """Paths of the repository's text files, relative to its root."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.splitlines() if Path(path).suffix in SUFFIXES and not SKIPPED.match(path)]


def main(paths):
    """Print each finding; the exit status."""
    count = 0
    for path in paths or tracked():
        if not (ROOT / path).is_file():
            continue
        for number, word, term in findings((ROOT / path).read_text(encoding="utf-8", errors="replace")):
            print(f"{path}:{number}: '{word}': use {term}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
