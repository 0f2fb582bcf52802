import asyncio
import itertools

import pytest

from runicornd.errors import (
    AuthFailed,
    HostKeyUnknown,
    HostUnreachable,
    NeedsInput,
    NotConnected,
    RunicorndError,
)
from runicornd.events import EventHub
from runicornd.prompts import Field, Prompts, Question, QuestionKind
from runicornd.ssh.auth import Login
from runicornd.ssh.lifecycle import LinkChanged, LinkPhase
from runicornd.ssh.link import Link
from runicornd.ssh.targets import Host
from tests.fakes.clock import FakeClock, settle
from tests.fakes.connector import FakeConnector, FakeInterview

HOST = Host(target="gpu", hostname="gpu.example", user="ada")
DELAYS = [1.0, 2.0, 4.0, 8.0]
PASSWORD = Question(QuestionKind.PASSWORD, "gpu", "Password of ada@gpu.example", (Field("Password"),))


def unreachable():
    return HostUnreachable("cannot reach gpu: nobody answers")


def wrong_password():
    return AuthFailed("cannot log in at gpu: refused", hint="check the password")


class Bench:
    """A link with everything around it."""

    def __init__(self, *outcomes):
        self.clock = FakeClock()
        self.events = EventHub()
        self.prompts = Prompts(self.events)
        self.connector = FakeConnector(*outcomes)
        self.interviews = []
        self.subscription = self.events.subscribe()
        self.events.add(self.subscription)
        self.link = Link(
            HOST,
            connector=self.connector,
            interviews=self._interview,
            prompts=self.prompts,
            events=self.events,
            clock=self.clock,
            backoff=lambda: itertools.chain(DELAYS, itertools.repeat(8.0)),
        )

    def _interview(self, host, login, on_waiting):
        interview = FakeInterview(host, login, on_waiting)
        self.interviews.append(interview)
        return interview

    @property
    def phase(self):
        return self.link.state.phase

    async def phases(self):
        """The phases since the last look."""
        marker = LinkChanged(HOST, None)
        self.events.publish(marker)
        seen = []
        while (event := (await anext(self.subscription))[1]) is not marker:
            if isinstance(event, LinkChanged):
                seen.append(str(event.state.phase))
        return seen

    def unanswered(self):
        """An outcome: a question that nobody answers during the handshake."""

        async def outcome(interview):
            interview.leftover = PASSWORD
            raise NeedsInput("cannot go on: nobody has answered")

        return outcome


@pytest.fixture
async def make():
    benches = []

    def make(*outcomes):
        bench = Bench(*outcomes)
        bench.link.start()
        benches.append(bench)
        return bench

    yield make
    for bench in benches:
        await bench.link.close()


async def test_nothing_happens_until_it_is_wanted(make):
    """A link that nobody holds does not connect."""
    bench = make()
    await settle()
    assert bench.connector.tries == 0
    assert bench.phase is LinkPhase.IDLE


async def test_up_returns_the_live_connection(make):
    """The first caller's wish connects, and all share one connection."""
    bench = make()
    both = await asyncio.gather(bench.link.up(), bench.link.up())
    assert both[0] is both[1] is bench.link.connection
    assert bench.connector.tries == 1
    assert await bench.phases() == ["connecting", "up"]


async def test_an_idle_link_lingers_and_then_closes(make):
    """After the last hold the connection stays for a minute, then it is closed in order."""
    bench = make()
    async with bench.link.wanted():
        connection = await bench.link.up()
        await bench.clock.advance(3600)
        assert bench.phase is LinkPhase.UP
    await bench.clock.advance(59)
    assert bench.phase is LinkPhase.UP
    await bench.clock.advance(2)
    assert bench.phase is LinkPhase.IDLE
    assert connection.closed
    assert bench.link.connection is None


async def test_a_new_hold_ends_the_lingering(make):
    """Whoever comes back in time finds the same connection, and it stays."""
    bench = make()
    connection = await bench.link.up()
    await bench.clock.advance(50)
    async with bench.link.wanted():
        await bench.clock.advance(500)
        assert bench.link.connection is connection


async def test_a_connection_that_is_lost_while_it_lingers_is_not_made_again(make):
    """Nobody wants it, so nobody tries."""
    bench = make()
    connection = await bench.link.up()
    await settle()
    connection.drop()
    await bench.clock.advance(30)
    assert (bench.phase, bench.connector.tries) == (LinkPhase.IDLE, 1)


async def test_a_host_that_cannot_be_reached_is_left_alone_when_nobody_wants_it(make):
    """After a failed command there are no tries in the background."""
    bench = make(unreachable())
    with pytest.raises(HostUnreachable):
        await bench.link.up(eager=True)
    await bench.clock.advance(30)
    assert (bench.phase, bench.connector.tries) == (LinkPhase.IDLE, 1)


async def test_an_idle_link_connects_again_when_wanted(make):
    """Idle is not the end."""
    bench = make()
    first = await bench.link.up()
    await bench.clock.advance(61)
    second = await bench.link.up()
    assert second is not first


async def test_failures_that_pass_are_tried_again_with_growing_delays(make):
    """Each failure waits longer; the state says until when and why."""
    bench = make(unreachable(), unreachable())
    waiting = asyncio.create_task(bench.link.up())
    await settle()
    assert bench.phase is LinkPhase.BACKOFF
    assert bench.link.state.retry_at == bench.clock.wall() + 1.0
    assert bench.link.state.error.kind == "host_unreachable"
    await bench.clock.advance(0.9)
    assert bench.connector.tries == 1
    await bench.clock.advance(0.2)
    assert bench.connector.tries == 2
    await bench.clock.advance(1.8)
    assert bench.connector.tries == 2
    await bench.clock.advance(0.3)
    assert await waiting is bench.link.connection
    assert await bench.phases() == ["connecting", "backoff"] * 2 + ["connecting", "up"]


async def test_a_lost_connection_is_made_again(make):
    """down() ends with the loss, and the link comes back by itself."""
    bench = make()
    async with bench.link.wanted():
        first = await bench.link.up()
        lost = asyncio.create_task(bench.link.down())
        await settle()
        assert not lost.done()
        first.drop()
        await lost
        assert bench.link.connection is None
        assert bench.link.state.error.kind == "not_connected"
        await bench.clock.advance(1.1)
        assert await bench.link.up() is not first
        assert first.closed


async def test_down_returns_at_once_without_a_connection(make):
    """There is nothing to wait for."""
    async with asyncio.timeout(1):
        await make().link.down()


async def test_delays_start_over_only_after_proven_stability(make):
    """Quick losses keep the delays growing; a long life resets them."""
    bench = make()
    async with bench.link.wanted():
        for expected in (1.0, 2.0, 4.0):
            (await bench.link.up()).drop()
            await settle()
            assert bench.link.state.retry_at == bench.clock.wall() + expected
            await bench.clock.advance(expected + 0.1)
        await bench.link.up()
        await bench.clock.advance(31)
        bench.link.connection.drop()
        await settle()
        assert bench.link.state.retry_at == bench.clock.wall() + 1.0


@pytest.mark.parametrize("error", [wrong_password(), HostKeyUnknown("cannot trust gpu")])
async def test_what_needs_a_person_is_never_tried_again_by_itself(make, error):
    """A refused password or host key blocks, however long and whatever else happens."""
    bench = make(error)
    async with bench.link.wanted():
        with pytest.raises(type(error)):
            await bench.link.up()
        bench.link.nudge()
        await bench.clock.advance(86400)
        assert bench.phase is LinkPhase.BLOCKED
        assert bench.connector.tries == 1
        with pytest.raises(type(error)) as again:
            await bench.link.up()
        assert again.value.hint == error.hint
        assert again.value is not bench.link.state.error


async def test_a_kick_leaves_blocked(make):
    """When the user has acted, one more try is made."""
    bench = make(wrong_password())
    async with bench.link.wanted():
        with pytest.raises(AuthFailed):
            await bench.link.up()
        freed = asyncio.create_task(bench.link.unblocked())
        await settle()
        assert not freed.done()
        bench.link.kick()
        await bench.link.up()
        await freed
        assert bench.connector.tries == 2


@pytest.mark.parametrize("act", [Link.kick, Link.nudge])
async def test_backoff_can_be_skipped(make, act):
    """The user, or a change of conditions, ends the delay at once."""
    bench = make(unreachable())
    waiting = asyncio.create_task(bench.link.up())
    await settle()
    act(bench.link)
    await settle()
    assert (await waiting) is bench.link.connection
    assert bench.clock.monotonic() == 0


async def test_kicks_in_other_phases_do_nothing(make):
    """A kick when up or idle neither drops nor doubles anything, now or later."""
    bench = make()
    bench.link.kick()
    async with bench.link.wanted():
        await bench.link.up()
        bench.link.kick()
        await settle()
        assert bench.connector.tries == 1
        bench.link.connection.drop()
        await settle()
        assert bench.phase is LinkPhase.BACKOFF


async def test_a_connection_that_worked_is_made_again_at_once(make):
    """However often it is lost in a row; one that never worked is lost with growing delays."""
    bench = make()
    async with bench.link.wanted():
        for _ in range(5):
            (await bench.link.up()).drop()
            await settle()
            last = bench.link.state.retry_at - bench.clock.wall()
            await bench.clock.advance(last)
        assert last > DELAYS[0]
        for _ in range(5):
            connection = await bench.link.up()
            bench.link.worked()
            connection.drop()
            await settle()
            assert bench.link.state.retry_at == bench.clock.wall() + DELAYS[0]
            await bench.clock.advance(DELAYS[0])


async def test_a_nudge_probes_an_open_connection_once(make):
    """A dead one has to be found soon; one probe at a time is enough, and none is left behind."""
    bench = make()
    async with bench.link.wanted():
        first = await bench.link.up()
        for _ in range(3):
            bench.link.nudge()
            await settle()
        assert first.probes == 1
        first.drop()
        await bench.clock.advance(DELAYS[0])
        second = await bench.link.up()
        bench.link.nudge()
        await settle()
        assert second.probes == 1


async def test_after_a_nudge_tries_follow_each_other_quickly_again(make):
    """A network that changed may need a moment more: also a try that was under way counts."""
    release = asyncio.Event()

    async def slow(_interview):
        await release.wait()
        raise unreachable()

    bench = make(*[unreachable() for _ in DELAYS[1:]], slow)
    async with bench.link.wanted():
        await settle()
        for delay in DELAYS[:3]:
            await bench.clock.advance(delay)
        assert bench.phase is LinkPhase.CONNECTING
        bench.link.nudge()
        release.set()
        await settle()
        assert bench.link.state.retry_at == bench.clock.wall() + DELAYS[0]


async def test_an_eager_caller_gets_the_first_failure(make):
    """A person who waits is told why at once, while the link goes on for those who hold it."""
    bench = make(unreachable())
    async with bench.link.wanted():
        with pytest.raises(HostUnreachable, match="nobody answers"):
            await bench.link.up(eager=True)
        await bench.clock.advance(2)
        assert bench.phase is LinkPhase.UP


async def test_an_eager_caller_does_not_get_an_old_failure(make):
    """Coming to a link in backoff or blocked, it waits for its own try."""
    bench = make(unreachable(), wrong_password())
    async with bench.link.wanted():
        await settle()
        with pytest.raises(AuthFailed):
            await bench.link.up(eager=True)
        assert await bench.link.up(eager=True) is bench.link.connection


async def test_up_with_a_time_limit_raises_the_last_error(make):
    """When the time is up the caller hears why it is not up."""
    bench = make(*(unreachable() for _ in range(20)))
    waiting = asyncio.create_task(bench.link.up(timeout_s=10))
    await bench.clock.advance(9.5)
    assert not waiting.done()
    await bench.clock.advance(1)
    with pytest.raises(HostUnreachable):
        await waiting


async def test_up_with_a_time_limit_and_no_error_yet(make):
    """A silent server within the time limit is not_connected."""

    async def silent(_):
        await asyncio.Event().wait()

    bench = make(silent)
    waiting = asyncio.create_task(bench.link.up(timeout_s=10))
    await bench.clock.advance(11)
    with pytest.raises(NotConnected, match="connecting"):
        await waiting


async def test_the_state_names_the_question_during_the_handshake(make):
    """While a person is asked the link waits for the user, with the prompt's id."""
    answered = asyncio.Event()

    async def asks(interview):
        interview.on_waiting("p7")
        await answered.wait()
        interview.on_waiting(None)

    bench = make(asks)
    waiting = asyncio.create_task(bench.link.up())
    await settle()
    assert (bench.phase, bench.link.state.prompt_id) == (LinkPhase.WAITING_FOR_USER, "p7")
    answered.set()
    await waiting
    assert await bench.phases() == ["connecting", "waiting_for_user", "connecting", "up"]


async def test_an_unanswered_question_stays_open_and_its_answer_is_used(make):
    """Blocked names the question; whenever it is answered the link connects by itself."""
    bench = make()
    bench.connector.outcomes.append(bench.unanswered())
    async with bench.link.wanted():
        with pytest.raises(NeedsInput) as blocked:
            await bench.link.up()
        (prompt,) = bench.prompts.pending()
        assert prompt.question == PASSWORD
        assert bench.link.state.prompt_id == prompt.id == blocked.value.context["prompt"]
        await bench.clock.advance(86400)
        assert bench.connector.tries == 1
        bench.prompts.give(prompt.id, ["secret"])
        await settle()
        assert bench.phase is LinkPhase.UP
        assert bench.interviews[0].remembered == [(PASSWORD, ("secret",))]
        assert bench.prompts.pending() == ()


async def test_a_refusal_given_late_blocks_without_a_question(make):
    """Saying no to a host key later is an answer too, and nothing is tried."""
    bench = make()
    bench.connector.outcomes.append(bench.unanswered())
    async with bench.link.wanted():
        with pytest.raises(NeedsInput):
            await bench.link.up()
        bench.interviews[0].refuses = HostKeyUnknown("cannot trust gpu: you said no")
        bench.prompts.give(bench.link.state.prompt_id, ["no"])
        await settle()
        assert bench.phase is LinkPhase.BLOCKED
        assert bench.link.state.error.kind == "host_key_unknown"
        assert bench.link.state.prompt_id is None
        assert bench.connector.tries == 1


async def test_a_kick_withdraws_the_open_question(make):
    """The new try asks for itself."""
    bench = make()
    bench.connector.outcomes.append(bench.unanswered())
    async with bench.link.wanted():
        with pytest.raises(NeedsInput):
            await bench.link.up()
        bench.link.kick()
        await bench.link.up()
        assert bench.prompts.pending() == ()


async def test_a_withdrawn_question_does_not_shorten_the_next_backoff(make):
    """Only an answer or a kick ends a delay."""
    bench = make()
    bench.connector.outcomes.extend([bench.unanswered(), unreachable()])
    async with bench.link.wanted():
        with pytest.raises(NeedsInput):
            await bench.link.up()
        bench.link.kick()
        await settle()
        assert bench.phase is LinkPhase.BACKOFF
        assert bench.connector.tries == 2


async def test_a_new_login_starts_a_waiting_try_over(make):
    """What was asked may be just what is given now, so the question is withdrawn at once."""
    login = Login(password="secret")
    bench = make()

    async def asks(interview):
        with bench.prompts.asking(PASSWORD) as prompt:
            interview.on_waiting(prompt.id)
            await prompt.answer

    bench.connector.outcomes.append(asks)
    waiting = asyncio.create_task(bench.link.up())
    await settle()
    bench.link.use(HOST)
    await settle()
    assert bench.phase is LinkPhase.WAITING_FOR_USER
    bench.link.use(HOST, login)
    assert bench.prompts.pending() == ()
    await waiting
    assert [interview.login for interview in bench.interviews] == [None, login]


async def test_a_new_login_leaves_a_block_with_a_question(make):
    """Also when the handshake is over and only its question is left."""
    bench = make()
    bench.connector.outcomes.append(bench.unanswered())
    async with bench.link.wanted():
        with pytest.raises(NeedsInput):
            await bench.link.up()
        bench.link.use(HOST, Login(password="secret"))
        assert bench.prompts.pending() == ()
        await bench.link.up()
        assert bench.interviews[0].remembered == []


async def test_a_server_that_hangs_up_while_it_asks_is_not_tried_again(make):
    """The failure comes down to an answer that is missing."""
    bench = make()

    async def hangs_up(interview):
        interview.leftover = PASSWORD
        raise unreachable()

    bench.connector.outcomes.append(hangs_up)
    async with bench.link.wanted():
        with pytest.raises(NeedsInput):
            await bench.link.up()
        await bench.clock.advance(86400)
        assert (bench.phase, bench.connector.tries) == (LinkPhase.BLOCKED, 1)


async def test_an_unwanted_link_withdraws_its_question(make):
    """Nobody is asked for a link that nobody wants."""
    bench = make()
    bench.connector.outcomes.append(bench.unanswered())
    with pytest.raises(NeedsInput):
        await bench.link.up()
    await bench.clock.advance(61)
    assert bench.phase is LinkPhase.IDLE
    assert bench.prompts.pending() == ()


async def test_a_link_that_is_held_back_breaks_off_and_makes_no_more_tries(make):
    """Neither a try under way nor a backoff leads to another handshake; a live connection stays."""

    async def endless(interview):
        await asyncio.Event().wait()

    trying, pausing, living = make(endless), make(unreachable()), make()
    async with trying.link.wanted(), pausing.link.wanted(), living.link.wanted():
        await settle()
        assert (trying.phase, pausing.phase) == (LinkPhase.CONNECTING, LinkPhase.BACKOFF)
        for bench in (trying, pausing, living):
            bench.link.hold_back()
            await bench.clock.advance(60)
            assert bench.connector.tries == 1
        assert living.phase is LinkPhase.UP
        living.connector.connections[0].drop()
        await living.clock.advance(60)
        assert living.connector.tries == 1


async def test_close_in_each_phase_closes_everything(make):
    """Close drops the connection, frees those who wait, and is safe to call again."""
    for outcomes in ((), (unreachable(),), (wrong_password(),)):
        bench = make(*outcomes)
        bench.link.acquire()
        await settle()
        await bench.link.close()
        await bench.link.close()
        assert bench.phase is LinkPhase.CLOSED
        assert all(connection.closed for connection in bench.connector.connections)
        with pytest.raises(RunicorndError):
            await bench.link.up()


async def test_close_frees_those_who_wait(make):
    """A waiting caller gets an error, not an endless wait."""
    bench = make(unreachable())
    waiting = asyncio.create_task(bench.link.up())
    await settle()
    await bench.link.close()
    with pytest.raises(RunicorndError, match="closed") as ended:
        await waiting
    assert not ended.value.retryable


async def test_a_mistake_of_ours_blocks_and_says_so(make):
    """An unforeseen exception neither loops nor kills the link."""
    bench = make(KeyError("oops"))
    async with bench.link.wanted():
        with pytest.raises(RunicorndError, match="KeyError"):
            await bench.link.up()
        bench.link.kick()
        await bench.link.up()


async def test_the_newest_reading_of_the_host_is_used_next(make):
    """A changed configuration or a login counts from the next try on."""
    bench = make(wrong_password())
    async with bench.link.wanted():
        with pytest.raises(AuthFailed):
            await bench.link.up()
        fresh = Host(target="gpu", hostname="gpu.example", user="ada", identities_only=True)
        bench.link.use(fresh, "login")
        bench.link.use(fresh)
        bench.link.kick()
        await bench.link.up()
        assert (bench.interviews[1].host, bench.interviews[1].login) == (fresh, "login")


async def test_a_wrong_login_is_not_used_again(make):
    """After a refusal the next try asks the user, unless a new login was given."""
    bench = make()
    bench.connector.outcomes.extend([HostKeyUnknown("cannot trust gpu"), wrong_password()])
    bench.link.use(HOST, "wrong")
    async with bench.link.wanted():
        for _ in range(2):
            with pytest.raises(RunicorndError):
                await bench.link.up(eager=True)
        await bench.link.up(eager=True)
    assert [interview.login for interview in bench.interviews] == ["wrong", "wrong", None]


async def test_a_good_login_is_used_again_after_a_loss(make):
    """Reconnecting needs nobody."""
    bench = make()
    bench.link.use(HOST, "good")
    async with bench.link.wanted():
        (await bench.link.up()).drop()
        await settle()
        await bench.link.up(eager=True)
    assert [interview.login for interview in bench.interviews] == ["good", "good"]


async def test_two_hundred_drops_leave_nothing_behind(make):
    """Tasks stay flat, however often the connection is lost."""
    bench = make()
    async with bench.link.wanted():
        await bench.link.up()
        before = len(asyncio.all_tasks())
        for _ in range(200):
            bench.link.connection.drop()
            await settle()
            bench.link.kick()
            await bench.link.up()
        await settle()
        assert len(asyncio.all_tasks()) == before
        assert sum(not connection.closed for connection in bench.connector.connections) == 1
