"""What is made of a login shell's words."""

from runicornd.doctor.shell import MARK, judge


def test_a_quiet_shell_is_named():
    """Which one it is, and how fast."""
    found = judge(MARK + b"/usr/bin/fish\n", "", 0.02)
    assert (str(found.verdict), found.context["shell"]) == ("ok", "/usr/bin/fish")
    assert "20 ms" in found.text


def test_noise_is_quoted_and_made_safe():
    """Nothing of it can steer a terminal."""
    found = judge(b"\x1b[31mWELCOME\n" + MARK + b"/bin/bash\n", "", 0.02)
    assert found.verdict == "warning"
    assert "WELCOME" in found.text
    assert "\x1b" not in found.text
    assert found.context["noise"] == 13


def test_a_slow_shell_is_a_warning():
    """Every new connection waits for it."""
    assert "takes 4 s to start" in judge(MARK + b"/bin/zsh\n", "", 4.0).text


def test_without_our_word_it_does_not_run_commands():
    """What it says instead is quoted, wherever it said it."""
    assert "not available" in judge(b"This account is currently not available.\n", "", 0.1).text
    found = judge(b"", "no shell for you", 0.1)
    assert found.verdict == "failure"
    assert "no shell for you" in found.text
