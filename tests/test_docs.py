"""Everything a user can name is documented."""

import re

import pytest

from webapp import __main__
from webapp.live import namespace
from webapp.operations import failures
from webapp.settings import ROOT, SETTINGS

DOCS = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
ALL = "\n".join(DOCS.values())


def _text(path):
    return (ROOT / path).read_text()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented_as_it_is(setting):
    default = {True: "yes", False: "no"}.get(setting.default, setting.default) if isinstance(setting.default, bool) \
        else setting.default
    shown = f"`{default}`" if default != "" else "none"
    assert f"| `{setting.name}` | {shown} | {setting.help} |" in DOCS["settings.md"]


def test_no_setting_is_documented_that_does_not_exist():
    named = set(re.findall(r"^\| `(\w+)` \|", DOCS["settings.md"], re.MULTILINE))
    assert named == {setting.name for setting in SETTINGS}
    variables = set(re.findall(r"EMOSCOPE_(\w+)", ALL))
    assert variables <= {setting.name.upper() for setting in SETTINGS}


def test_every_route_is_documented(app):
    missing = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"<\1>", rule.rule).replace("<filename>", "<file>")
        if f"`{path}`" not in ALL and f"{path}`" not in ALL and f"`{path}?" not in ALL:
            missing.append(path)
    assert missing == []


@pytest.mark.parametrize("event", namespace.EVENTS)
def test_every_event_is_documented(event):
    assert f"### `{event}`" in DOCS["socket.md"]


@pytest.mark.parametrize("code", namespace.CODES)
def test_every_code_of_the_socket_is_documented_as_it_is(code):
    assert f"| `{code}` | {namespace.CODES[code]} |" in DOCS["socket.md"]


def test_every_code_of_the_api_is_documented():
    used = set(re.findall(r', "(\w{3,})"\)$|_error\("(\w+)"', _text("webapp/photos/api.py"), re.MULTILINE))
    codes = {name for pair in used for name in pair if name} | {code for _, code, _ in failures.WORDS.values()}
    assert {"no_picture", "too_many_pictures", "busy"} <= codes
    assert [code for code in codes if f"`{code}`" not in DOCS["api.md"]] == []


def test_every_command_is_documented():
    commands = __main__._parser()._subparsers._group_actions[0].choices
    assert [name for name in commands if f"`python -m webapp {name}" not in DOCS["api.md"]] == []


def test_links_between_documents_lead_somewhere():
    for name, text in DOCS.items():
        for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", text):
            assert (ROOT / "docs" / target).exists(), f"{name}: {target}"
