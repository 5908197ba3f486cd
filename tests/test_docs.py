"""Every setting, route, event, command and error code is documented."""

import re

import pytest

from webapp import __main__
from webapp.live import namespace
from webapp.operations import error_handlers
from webapp.settings import RENAMED, ROOT, SETTINGS

DOCS = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
ALL = "\n".join(DOCS.values())


def _text(path):
    return (ROOT / path).read_text()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_setting_is_documented_with_default_and_help(setting):
    default = ("yes" if setting.default else "no") if isinstance(setting.default, bool) else setting.default
    shown = f"`{default}`" if default != "" else "none"
    assert f"| `{setting.name}` | {shown} | {setting.help} |" in DOCS["settings.md"]


def test_every_documented_setting_exists():
    documented = set(re.findall(r"^\| `(\w+)` \|", DOCS["settings.md"], re.MULTILINE))
    assert documented == {setting.name for setting in SETTINGS} | RENAMED.keys()
    variables = set(re.findall(r"EMOSCOPE_(\w+)", ALL))
    assert variables <= {setting.name.upper() for setting in SETTINGS}


@pytest.mark.parametrize(("old", "current"), RENAMED.items())
def test_renamed_setting_is_documented(old, current):
    assert f"| `{old}` | `{current}` |" in DOCS["settings.md"]


def test_every_route_is_documented(app):
    missing = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"<\1>", rule.rule).replace("<filename>", "<file>")
        if f"`{path}`" not in ALL and f"{path}`" not in ALL and f"`{path}?" not in ALL:
            missing.append(path)
    assert missing == []


@pytest.mark.parametrize("event", namespace.EVENTS)
def test_socket_event_is_documented(event):
    assert f"### `{event}`" in DOCS["socket.md"]


@pytest.mark.parametrize("code", namespace.CODES)
def test_socket_error_code_is_documented(code):
    assert f"| `{code}` | {namespace.CODES[code]} |" in DOCS["socket.md"]


def test_every_api_error_code_is_documented():
    used = set(re.findall(r'[ ]"(\w{3,})"\)$|\b_error\("(\w+)"', _text("webapp/photos/api.py"), re.MULTILINE))
    codes = {name for pair in used for name in pair if name} | {code for _, code, _ in error_handlers.MESSAGES.values()}
    assert {"no_picture", "too_many_pictures", "busy"} <= codes
    assert [code for code in codes if f"`{code}`" not in DOCS["api.md"]] == []


def test_every_command_is_documented():
    commands = __main__._parser()._subparsers._group_actions[0].choices
    assert [name for name in commands if f"`python -m webapp {name}" not in DOCS["api.md"]] == []


def test_links_between_documents_resolve():
    for name, text in DOCS.items():
        for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", text):
            assert (ROOT / "docs" / target).exists(), f"{name}: {target}"


def test_every_test_named_in_the_table_of_faults_exists():
    file = ""
    for line in DOCS["faults.md"].splitlines():
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`|`(test_\w+)`", line)
        for path, name, further in named:
            file = path or file
            assert f"def {name or further}" in _text(file), (file, name or further)
