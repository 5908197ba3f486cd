import pytest

from webapp import settings
from webapp.settings import SettingsError


def test_defaults_are_of_the_type_they_ask_for():
    loaded = settings.load(environ={})
    for setting in settings.SETTINGS:
        assert getattr(loaded, setting.name) == setting.default
        assert type(setting.default) in (int, float, bool, str)


def test_given_goes_before_environment_before_port():
    assert settings.load(environ={"PORT": "81"}).port == 81
    assert settings.load(environ={"PORT": "81", "EMOSCOPE_PORT": "82"}).port == 82
    assert settings.load({"port": 83}, environ={"PORT": "81", "EMOSCOPE_PORT": "82"}).port == 83
    assert settings.load({"port": "84"}, environ={}).port == 84


@pytest.mark.parametrize(("text", "value"), [("1", True), ("yes", True), ("Off", False), ("false", False)])
def test_yes_and_no_have_several_names(text, value):
    assert settings.load(environ={"EMOSCOPE_METRICS": text}).metrics is value


@pytest.mark.parametrize(("name", "value", "words"), [
    ("port", "many", "EMOSCOPE_PORT=many: a whole number, 0 or more, is meant"),
    ("port", "-1", "EMOSCOPE_PORT=-1: a whole number, 0 or more, is meant"),
    ("live_rate", "nan", "EMOSCOPE_LIVE_RATE=nan: a number, 0 or more, is meant"),
    ("metrics", "maybe", "EMOSCOPE_METRICS=maybe: yes or no is meant"),
    ("engine", "torch", "EMOSCOPE_ENGINE=torch: one of auto, litert, keras is meant"),
    ("prot", "1", "EMOSCOPE_PROT: there is no such setting; is EMOSCOPE_PORT meant?"),
    ("xyzzy", "1", "EMOSCOPE_XYZZY: there is no such setting; `python -m webapp settings` lists them"),
])
def test_wrong_settings_are_one_line_that_says_what_is_meant(name, value, words):
    with pytest.raises(SettingsError) as error:
        settings.load(environ={f"EMOSCOPE_{name.upper()}": value})
    assert str(error.value) == words


@pytest.mark.parametrize("given", [{"port": 1.5}, {"port": True}, {"host": 1}, {"metrics": 1}, {"prot": 1}])
def test_given_values_are_checked_too(given):
    with pytest.raises(SettingsError):
        settings.load(given, environ={})


def test_a_thread_is_left_for_pages():
    with pytest.raises(SettingsError, match="more threads than live clients"):
        settings.load({"threads": 8, "live_clients": 8}, environ={})


def test_settings_go_to_another_process_and_come_back():
    given = {"port": 81, "metrics": False, "live_rate": 12.5, "engine": "litert"}
    assert settings.load(environ=settings.as_environment(given)) == settings.load(given, environ={})
