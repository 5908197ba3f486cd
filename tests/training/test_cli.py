"""The command line: every command has help, and former names still work."""

import pytest

from training import cli

COMMANDS = ("fit", "evaluate", "robustness", "export", "export-tfjs", "export-distance", "balance", "serving", "card",
            "dataset", "compare", "mlp", "zoo", "detector", "alignment")


def parse(*arguments):
    return cli._parser().parse_args(arguments)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main([command, "--help"])
    assert exit_.value.code == 0 and f"usage: python -m training {command}" in capsys.readouterr().out


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    listed = capsys.readouterr().out
    assert [command for command in COMMANDS if f"    {command} " not in listed.replace("\n", " ")] == []


@pytest.mark.parametrize(("former", "current"), [
    (("eyes", "--data", "x", "--pictures", "9"), ("alignment", "--data", "x", "--images", "9")),
    (("perceptron", "--data", "x"), ("mlp", "--data", "x")),
    (("compare", "--few", "9"), ("compare", "--sample", "9")),
    (("fit", "tan", "--data", "x", "--pictures", "y"), ("fit", "tan", "--data", "x", "--images", "y")),
    (("dataset", "from-videos", "x", "--share", ".3"), ("dataset", "from-videos", "x", "--validation-fraction", ".3")),
])
def test_former_names_of_commands_and_options_still_work(former, current):
    assert vars(parse(*former)) == vars(parse(*current))


def test_export_accepts_the_former_name_of_publish():
    arguments = ("export", "run", "--label-set", "ferplus", "--name", "x", "--version", "1.0.0", "--data", "y")
    assert parse(*arguments, "--release").publish and not parse(*arguments).publish


@pytest.mark.parametrize(("text", "setting"), [
    ("epochs=3", ("epochs", 3)), ("fused_batch_norm=True", ("fused_batch_norm", True)),
    ("fused_batch_norm=false", ("fused_batch_norm", False)), ("optimizer=adam", ("optimizer", "adam"))])
def test_settings_are_json_or_python_booleans_or_text(text, setting):
    assert cli.fit._parse_setting(text) == setting
