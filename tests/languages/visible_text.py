"""The visible texts of HTML: text nodes and the attributes that are shown or read aloud."""

import re
from html.parser import HTMLParser

ATTRIBUTES = {"alt", "aria-label", "aria-description", "aria-valuetext", "data-help", "placeholder", "title"}
SILENT = {"script", "style", "code", "pre", "kbd"}
OPEN, CLOSE = "⟦", "⟧"       # around every text that came through a catalogue
# Names, units and file formats, which are the same in all languages.
NAMES = re.compile(r"\b(Emoscope|English|Español|FER2013|FER\+|CSV|JSON|PNG|WebM|ZIP|PublicTest|PrivateTest|Training|"
                   r"AffectNet|NASA|MIT|SHA-256|JPEG|MB|ms|px|s|M|"
                   r"(jury|seven)-(live|pocket|strong|wide|ensemble))\b|FER\+")


class _Texts(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self._silent = [], 0

    def handle_starttag(self, tag, attrs):
        self._silent += tag in SILENT
        given = dict(attrs)
        names = ATTRIBUTES | ({"content"} if given.get("name") == "description" else set())
        self.found += [given[name] for name in names & given.keys() if given[name]]

    def handle_endtag(self, tag):
        self._silent -= tag in SILENT

    def handle_data(self, data):
        if not self._silent:
            self.found.append(data)


def untranslated(html):
    """The visible texts with letters outside OPEN ... CLOSE, without NAMES."""
    parser = _Texts()
    parser.feed(_without_marked(html))
    texts = [" ".join(NAMES.sub(" ", text).split()) for text in parser.found]
    return [text for text in texts if re.search(r"[^\W\d_]{2}", text)]


def _without_marked(html):
    kept, depth = [], 0
    for part in re.split(f"([{OPEN}{CLOSE}])", html):
        if part in (OPEN, CLOSE):
            depth += 1 if part == OPEN else -1
        elif not depth:
            kept.append(part)
    return "".join(kept)
