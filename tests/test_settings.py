import pytest

from webapp import settings
from webapp.settings import SettingsError


def test_defaults_have_the_type_of_their_setting():
    loaded = settings.load(environ={})
    for setting in settings.SETTINGS:
        assert getattr(loaded, setting.name) == setting.default
        assert type(setting.default) in (int, float, bool, str)


def test_given_values_override_environment_and_port_variable():
    assert settings.load(environ={"PORT": "81"}).port == 81
    assert settings.load(environ={"PORT": "81", "EMOSCOPE_PORT": "82"}).port == 82
    assert settings.load({"port": 83}, environ={"PORT": "81", "EMOSCOPE_PORT": "82"}).port == 83
    assert settings.load({"port": "84"}, environ={}).port == 84


@pytest.mark.parametrize(("text", "value"), [("1", True), ("yes", True), ("Off", False), ("false", False)])
def test_booleans_accept_several_spellings(text, value):
    assert settings.load(environ={"EMOSCOPE_METRICS": text}).metrics is value


@pytest.mark.parametrize(("name", "value", "message"), [
    ("port", "many", "`EMOSCOPE_PORT` must be a non-negative integer, got 'many'"),
    ("port", "-1", "`EMOSCOPE_PORT` must be a non-negative integer, got '-1'"),
    ("live_rate", "nan", "`EMOSCOPE_LIVE_RATE` must be a non-negative number, got 'nan'"),
    ("metrics", "maybe", "`EMOSCOPE_METRICS` must be yes or no, got 'maybe'"),
    ("engine", "torch", "`EMOSCOPE_ENGINE` must be one of auto, litert, keras, got 'torch'"),
    ("prot", "1", "unknown setting `EMOSCOPE_PROT`; did you mean EMOSCOPE_PORT?"),
    ("xyzzy", "1", "unknown setting `EMOSCOPE_XYZZY`; run `python -m webapp settings` for a list"),
])
def test_invalid_settings_raise_a_one_line_error(name, value, message):
    with pytest.raises(SettingsError) as error:
        settings.load(environ={f"EMOSCOPE_{name.upper()}": value})
    assert str(error.value) == message


@pytest.mark.parametrize("given", [{"port": 1.5}, {"port": True}, {"host": 1}, {"metrics": 1}, {"prot": 1}])
def test_given_values_are_validated(given):
    with pytest.raises(SettingsError):
        settings.load(given, environ={})


@pytest.mark.parametrize(("old", "current"), settings.RENAMED.items())
def test_old_setting_names_are_accepted_from_mapping_and_environment(old, current):
    assert old not in settings.NAMES
    assert getattr(settings.load({old: "3"}, environ={}), current) == 3
    assert getattr(settings.load(environ={f"EMOSCOPE_{old.upper()}": "3"}), current) == 3


@pytest.mark.parametrize(("old", "current"), settings.RENAMED.items())
def test_current_setting_name_overrides_the_old_one(old, current):
    for given in ({old: "3", current: "4"}, {current: "4", old: "3"}):
        assert getattr(settings.load(given, environ={}), current) == 4
        assert getattr(settings.load(environ=settings.as_environment(given)), current) == 4
    assert getattr(settings.load({old: "3"}, environ={f"EMOSCOPE_{current.upper()}": "4"}), current) == 3


def test_live_clients_must_leave_threads_for_pages():
    with pytest.raises(SettingsError, match="`live_clients` must be less than `threads`"):
        settings.load({"threads": 8, "live_clients": 8}, environ={})


def test_settings_round_trip_through_the_environment():
    given = {"port": 81, "metrics": False, "live_rate": 12.5, "engine": "litert"}
    assert settings.load(environ=settings.as_environment(given)) == settings.load(given, environ={})
