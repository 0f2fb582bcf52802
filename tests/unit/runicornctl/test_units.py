"""Words and variables in a systemd unit."""

import pytest

from runicornctl.units import unit_text


def written(command, variables=None):
    """The ExecStart and Environment values of the unit."""
    lines = unit_text(command, variables or {}).splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(("ExecStart=", "Environment="))]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (["/bin/python", "-m", "x"], '"/bin/python" "-m" "x"'),
        (["/a b/100%/$x/python"], '"/a b/100%%/$x/python"'),
        (["/bin/python", "$HOME %h"], '"/bin/python" "$$HOME %%h"'),
        (["/it's/python", "-m"], '/usr/bin/env "/it\'s/python" "-m"'),
        (['/"q"\\/$p'], '/usr/bin/env "/\\"q\\"\\\\/$$p"'),
    ],
)
def test_words_are_quoted_as_systemd_reads_them(command, line):
    """Percent signs are specifiers; dollar signs are variables, but not in the program's own path."""
    assert written(command) == [line]


def test_variables_are_quoted_too():
    """Only percent signs, quotes and backslashes matter there."""
    assert written(["/p"], {"PATH": '/a b:/c%d:"$e"'}) == ['"/p"', '"PATH=/a b:/c%%d:\\"$e\\""']


def test_the_rest_of_the_unit_stays():
    """What comes before and after the command is the packaged text."""
    text = unit_text(["/p"], {})
    assert text.startswith("# A user unit")
    assert text.endswith("WantedBy=default.target\n")
    assert text.count("ExecStart=") == 1
