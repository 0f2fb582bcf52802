"""``connect`` at a real terminal: questions, secrets, live steps."""

import termios

import msgspec
import pytest

from runicornd.protocol import models
from tests.fakes.daemon import FINGERPRINT, Refusal, a_session, an_error, starting, starts

SECRET = "correct horse"
PASSWORD = models.PromptInfo(
    "p1",
    "password",
    "gpu",
    "The server asks for the password of ada@gpu.",
    [models.PromptField("Password", echo=False)],
)


def asks(daemon, *prompts):
    """Let a session start, ask these questions one by one, and be ready after the last answer."""
    left = list(prompts)

    def next_one():
        if not left:
            daemon.show(a_session())
            return
        prompt = left.pop(0)
        daemon.ask(prompt)
        daemon.show(starting(prompt=prompt.id))

    answer = daemon.handlers["prompts.answer"]
    daemon.handlers["sessions.start"] = lambda _params: (daemon.show(starting()), next_one)
    daemon.handlers["prompts.answer"] = lambda params: (answer(params), next_one)


def echoes(terminal):
    return bool(termios.tcgetattr(terminal.slave)[3] & termios.ECHO)


def test_a_password_is_asked_and_never_shown(ctl, daemon):
    """The typed secret reaches the daemon; the echo is off while it is typed and on afterwards."""
    asks(daemon, PASSWORD)
    with ctl.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("Password: ")
        assert not echoes(terminal)
        terminal.type(SECRET)
        assert terminal.end() == 0
        assert echoes(terminal)
    assert daemon.answers == [[SECRET]]
    assert SECRET not in terminal.shown
    assert "http://localhost:8081" in terminal.shown


def test_questions_go_to_the_terminal_when_errors_go_to_a_file(ctl, daemon, tmp_path):
    """`2>file` hides the steps, not the question."""
    asks(daemon, PASSWORD)
    with (
        (tmp_path / "err").open("wb") as err,
        ctl.at_terminal("connect", "gpu", "--no-browser", stderr=err) as terminal,
    ):
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    assert daemon.answers == [[SECRET]]


def test_a_code_of_several_fields_is_asked_field_by_field(ctl, daemon):
    """Fields that may be seen are echoed, the others are not."""
    fields = [models.PromptField("User code:", echo=True), models.PromptField("Token", echo=False)]
    asks(daemon, models.PromptInfo("p1", "code", "gpu", "Two factors", fields))
    with ctl.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("User code: ")
        terminal.type("abc123")
        terminal.expect("Token: ")
        terminal.type("998877")
        assert terminal.end() == 0
    assert daemon.answers == [["abc123", "998877"]]
    assert "abc123" in terminal.shown
    assert "998877" not in terminal.shown


HOST_KEY = models.PromptInfo(
    "p1",
    "host_key",
    "gpu",
    f"gpu shows a key that is not known: ED25519 {FINGERPRINT}",
    choices=[models.PromptChoice("yes", "Yes, trust it"), models.PromptChoice("no", "No, do not connect")],
)


@pytest.mark.parametrize(("typed", "answer"), [("yes", "yes"), ("N", "no"), ("y", "yes")])
def test_a_host_key_is_confirmed_with_its_fingerprint(ctl, daemon, typed, answer):
    """The fingerprint is shown and the answer is yes or no, also in short; Enter alone is neither."""
    asks(daemon, HOST_KEY)
    with ctl.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("[yes/no]: ")
        terminal.type("")
        terminal.expect("Please type one of the choices.")
        terminal.type(typed)
        assert terminal.end() == 0
    assert FINGERPRINT in terminal.shown
    assert daemon.answers == [[answer]]


def test_an_environment_is_chosen_by_number(ctl, daemon):
    """The list has names, Python and Runicorn versions; hostile names are escaped."""
    choices = [
        models.PromptChoice("/a/python", "base", "Python 3.10.8, runicorn 0.5.3"),
        models.PromptChoice("/b/python", "evil\x1b[31m", "Python 3.12.1, runicorn 0.7.2"),
    ]
    asks(daemon, models.PromptInfo("p1", "environment", "gpu", "Which environment?", choices=choices))
    with ctl.at_terminal("connect", "gpu", "--no-browser", env={"NO_COLOR": "1"}) as terminal:
        terminal.expect("Number (1-2): ")
        terminal.type("9" * 5000)
        terminal.expect("Please type one of the choices.")
        terminal.type("2")
        assert terminal.end() == 0
    assert "1) base  (Python 3.10.8, runicorn 0.5.3)" in terminal.shown
    assert "2) evil\\x1b[31m" in terminal.shown
    assert daemon.answers == [["/b/python"]]


def test_a_question_that_waits_already_is_asked(ctl, daemon):
    """A session that waits since yesterday is answered by connecting again."""
    daemon.prompts["p1"] = PASSWORD
    daemon.sessions["gpu"] = waiting = a_session(state="blocked", prompt="p1")
    daemon.handlers["sessions.start"] = lambda _params: waiting
    answer = daemon.handlers["prompts.answer"]
    daemon.handlers["prompts.answer"] = lambda params: (answer(params), lambda: daemon.show(a_session()))
    with ctl.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0


def test_an_answer_from_elsewhere_ends_the_question(ctl, daemon):
    """When the dashboard was faster, the terminal goes on by itself, with its echo on."""
    asks(daemon, PASSWORD)
    with ctl.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("Password: ")
        daemon.withdraw("p1")
        daemon.show(a_session())
        assert terminal.end() == 0
        assert echoes(terminal)
    assert "answered elsewhere" in terminal.shown
    assert not daemon.answers


def test_a_refused_answer_is_asked_for_again(ctl, daemon):
    """The daemon says what is wrong with it."""
    asks(daemon, PASSWORD)
    accept = daemon.handlers["prompts.answer"]

    def picky(params):
        if params["values"] == [""]:
            raise Refusal("invalid_params", "cannot take the answer: it is empty")
        return accept(params)

    daemon.handlers["prompts.answer"] = picky
    with ctl.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("Password: ")
        terminal.type("")
        terminal.expect("it is empty")
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    assert daemon.answers == [[SECRET]]


def test_the_end_of_input_is_no_answer(ctl, daemon):
    """Ctrl-D leaves the session waiting, with exit code 5."""
    asks(daemon, PASSWORD)
    with ctl.at_terminal("connect", "gpu") as terminal:
        terminal.expect("Password: ")
        terminal.press(b"\x04")
        assert terminal.end() == 5
        assert echoes(terminal)
    assert not daemon.answers
    assert not daemon.asked("sessions.stop")


def test_ctrl_c_at_a_question_cancels_and_restores_the_echo(ctl, daemon):
    """The key itself is pressed, at a terminal whose echo is off."""
    asks(daemon, PASSWORD)
    with ctl.at_terminal("connect", "gpu") as terminal:
        terminal.expect("Password: ")
        terminal.press(b"\x03")
        assert terminal.end() == 130
        assert echoes(terminal)
    assert daemon.asked("sessions.stop") == [{"session": "gpu"}]


def test_a_pasted_key_is_not_shown(ctl, daemon):
    """The key ends with its last line; nothing of it is on the screen."""
    starts(daemon, a_session())
    lines = ["-----BEGIN OPENSSH PRIVATE KEY-----", "b3BlbnNzaC1rZXk", "-----END OPENSSH PRIVATE KEY-----"]
    with ctl.at_terminal("connect", "gpu", "--paste-key", "--no-browser") as terminal:
        terminal.expect("Paste the private key")
        terminal.press(("\r".join(lines) + "\r").encode())
        assert terminal.end() == 0
    assert daemon.asked("sessions.start")[0]["auth"]["private_key"] == "\n".join(lines) + "\n"
    assert "b3BlbnNzaC1rZXk" not in terminal.shown


def test_time_at_a_question_does_not_count(ctl, daemon):
    """A short timeout does not hurry the person."""
    asks(daemon, PASSWORD)
    with ctl.at_terminal("connect", "gpu", "--no-browser", "--timeout", "0.5") as terminal:
        terminal.expect("Password: ")
        # Longer than the timeout: the daemon is asked something else meanwhile, ten times.
        for _ in range(10):
            ctl.run("status")
        terminal.type(SECRET)
        assert terminal.end() == 0


def test_steps_are_ticked_off(ctl, daemon):
    """One line a step, a tick when it is done, the chosen environment by name."""
    starts(daemon, starting("choosing"), starting("launching", env=a_session().env), a_session())
    with ctl.at_terminal("connect", "gpu", "--no-browser", env={"NO_COLOR": "1"}) as terminal:
        assert terminal.end() == 0
    for text in ("✓ Connected to gpu", "✓ Chose environment torch", "✓ Started the viewer"):
        assert text in terminal.shown
    assert "\x1b[3" not in terminal.shown


def test_colours_are_there_unless_refused(ctl, daemon):
    """Without NO_COLOR the tick is green."""
    starts(daemon, a_session())
    with ctl.at_terminal("connect", "gpu", "--no-browser") as terminal:
        assert terminal.end() == 0
    assert "\x1b[32m✓\x1b[0m" in terminal.shown


def test_a_dumb_terminal_gets_plain_lines(ctl, daemon):
    """No escapes at all where the cursor cannot move."""
    starts(daemon, starting("launching"), a_session())
    with ctl.at_terminal("connect", "gpu", "--no-browser", env={"TERM": "dumb"}) as terminal:
        assert terminal.end() == 0
    assert "\x1b" not in terminal.shown
    assert "Starting the viewer" in terminal.shown


def test_a_locale_without_ticks_gets_ascii(ctl, daemon):
    """What the terminal cannot write is written in ASCII."""
    starts(daemon, a_session())
    env = {"PYTHONIOENCODING": "ascii", "NO_COLOR": "1"}
    with ctl.at_terminal("connect", "gpu", "--no-browser", env=env) as terminal:
        assert terminal.end() == 0
    assert "+ Connected to gpu" in terminal.shown


def test_a_failed_step_is_marked(ctl, daemon):
    """The step at which it ended has a cross."""
    starts(daemon, a_session(state="failed", error=models.ErrorData("no_python", "cannot: none", "install")))
    with ctl.at_terminal("connect", "gpu", env={"NO_COLOR": "1"}) as terminal:
        assert terminal.end() == 1
    assert "✗ Connecting to gpu" in terminal.shown


def test_envs_asks_as_well(ctl, daemon):
    """A question during a long call is answered on the same connection."""

    def listing(_params):
        daemon.ask(PASSWORD)
        while not daemon.answers and not daemon.ended.wait(0.01):
            pass
        return models.EnvsResult("gpu", [])

    daemon.handlers["envs.list"] = listing
    with ctl.at_terminal("envs", "gpu") as terminal:
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    assert daemon.answers == [[SECRET]]


def test_envs_asks_about_jump_hosts_too(ctl, daemon):
    """A question of the host's link is ours, whatever host it is about."""
    daemon.prompts["p1"] = msgspec.structs.replace(PASSWORD, target="jump")
    daemon.hosts["gpu"] = models.HostState("gpu", "ada@gpu", "waiting_for_user", 0.0, prompt="p1")
    daemon.prompts["p2"] = msgspec.structs.replace(PASSWORD, id="p2", target="other")
    daemon.handlers["envs.list"] = lambda _params: models.EnvsResult("gpu", [])
    with ctl.at_terminal("envs", "gpu") as terminal:
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    assert daemon.asked("prompts.answer") == [{"prompt": "p1", "values": [SECRET]}]


def test_being_ended_at_a_secret_gives_the_echo_back(ctl, daemon):
    """SIGTERM does not leave a terminal on which nothing is shown."""
    asks(daemon, PASSWORD)
    with ctl.at_terminal("connect", "gpu") as terminal:
        terminal.expect("Password: ")
        terminal.process.terminate()
        assert terminal.end() == 143
        assert echoes(terminal)


def test_envs_asks_what_waits_already(ctl, daemon):
    """A question that is older than the command is asked first."""
    daemon.prompts["p1"] = PASSWORD
    daemon.handlers["envs.list"] = lambda _params: models.EnvsResult("gpu", [])
    with ctl.at_terminal("envs", "gpu") as terminal:
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    assert daemon.answers == [[SECRET]]


def test_a_step_that_ends_in_a_block_is_not_ticked_off(ctl, daemon):
    """Nobody is told that a host is connected when it is not; the error says what is wrong."""
    starts(daemon, starting(step="connecting"), a_session(state="blocked", error=an_error()))
    with ctl.at_terminal("connect", "gpu", "--no-browser") as terminal:
        assert terminal.end() == 1
    assert "✗ Connecting to gpu" in terminal.text
    assert "✓" not in terminal.text
    assert "error: cannot log in to gpu" in terminal.text
