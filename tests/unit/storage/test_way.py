"""A server that allows the link no second channel is synced over a connection of the store's own."""

import asyncio

import pytest

from runicornd.composition import PURPOSE
from runicornd.errors import AuthFailed, ChannelRefused, HostUnreachable, NotConnected
from runicornd.prompts import PromptsFor, Question, QuestionKind
from runicornd.ssh.auth import Login
from runicornd.ssh.lifecycle import LinkPhase
from runicornd.storage.model import StorePhase
from runicornd.storage.requests import StoreRequest
from tests.fakes.storage_parts import StoreBench
from tests.helpers.waiting import eventually, within

REFUSED = ChannelRefused("cannot run a command on gpu: the server refuses another channel")


@pytest.fixture
async def bench(tmp_path):
    one = StoreBench(tmp_path)
    await one.registry.restore()
    await one.registry.add(StoreRequest(target="gpu", is_automatic=False))
    await one.synced("gpu")
    yield one
    await one.close()


async def test_a_refused_channel(bench):
    """The sync ends well, the link stays as it is, and the other connection is closed a while later."""
    bench.stream.outcomes = [REFUSED]
    view = await within(bench.registry.sync("gpu"))
    assert (view.phase, view.error) == (StorePhase.IDLE, None)
    first, second = bench.connector.connections
    assert not first.closed
    await bench.clock.advance(2)
    await eventually(lambda: second.closed)


async def test_the_link_is_tried_first_each_time(bench):
    """Where it has room again, no other connection is made."""
    bench.stream.outcomes = [REFUSED]
    await within(bench.registry.sync("gpu"))
    await within(bench.registry.sync("gpu"))
    assert (bench.connector.tries, len(bench.stream.requests)) == (2, 4)


async def test_its_connection_is_used_again_while_it_lingers(bench):
    """Two syncs in a row log in once."""
    bench.stream.outcomes = [REFUSED, None, REFUSED]
    await within(bench.registry.sync("gpu"))
    await within(bench.registry.sync("gpu"))
    assert bench.connector.tries == 2


async def test_neither_way_works(bench):
    """The error has both reasons, and it is tried again later."""
    bench.stream.outcomes = [REFUSED]
    bench.connector.outcomes.append(HostUnreachable("cannot reach gpu: too many connections"))
    with pytest.raises(NotConnected) as told:
        await within(bench.registry.sync("gpu"))
    assert told.value.message == (
        "cannot run a command on gpu: the server refuses another channel; "
        "and there is no second connection: cannot reach gpu: too many connections"
    )
    assert bench.registry.get("gpu").phase is StorePhase.WAITING


async def test_what_goes_wrong_later_is_told_as_it_is(bench):
    """Only a refused channel means another connection."""
    bench.stream.outcomes = [NotConnected("cannot sync: cut")]
    with pytest.raises(NotConnected, match="cannot sync: cut"):
        await within(bench.registry.sync("gpu"))
    bench.stream.outcomes = [REFUSED, REFUSED]
    with pytest.raises(ChannelRefused):
        await within(bench.registry.sync("gpu"))
    assert len(bench.stream.requests) == 4


async def test_its_questions_are_shown(bench):
    """A person who has to log in once more is told so by the store; the sync goes on after the answer."""
    answered = asyncio.Event()

    async def ask(interview):
        with bench.prompts.asking(Question(QuestionKind.CODE, "gpu", "Code:")) as prompt:
            interview.on_waiting(prompt.id)
            await answered.wait()
        interview.on_waiting(None)

    bench.stream.outcomes = [REFUSED]
    bench.connector.outcomes.append(ask)
    syncing = asyncio.create_task(bench.registry.sync("gpu"))
    view = await bench.until(lambda view: view.prompt_id, "gpu")
    assert (view.phase, view.detail) == (StorePhase.WAITING, "gpu waits for your answer")
    answered.set()
    assert (await within(syncing)).phase is StorePhase.IDLE


async def test_its_questions_say_what_they_are_for(bench):
    """Else somebody who has logged in already would wonder; they can be withdrawn like all others."""
    asks = PromptsFor(bench.prompts, PURPOSE)
    for detail, shown in (("", PURPOSE), ("Known for a year.", f"Known for a year.\n{PURPOSE}")):
        with asks.asking(Question(QuestionKind.CODE, "gpu", "Code:", detail=detail)) as prompt:
            assert [each.question.detail for each in bench.prompts.pending()] == [shown]
            asks.withdraw(prompt.id)
            assert not bench.prompts.pending()


async def test_a_refused_login_waits_for_a_person(bench):
    """It is not tried in a loop; a sync that somebody asks for tries again, with what was given."""
    bench.stream.outcomes = [REFUSED]
    bench.connector.outcomes.append(AuthFailed("cannot log in"))
    with pytest.raises(AuthFailed):
        await within(bench.registry.sync("gpu"))
    await bench.clock.advance(100)
    assert bench.connector.tries == 2
    seen = []
    bench.interview = lambda interview: seen.append(interview.login)
    await within(bench.registry.sync("gpu", login=Login(password="right")))
    assert (seen[-1].password, bench.connector.tries) == ("right", 3)


async def test_nothing_is_left_of_it(bench):
    """A store that is disconnected or removed closes its own connection at once."""
    for end in (bench.registry.disconnect, bench.registry.remove):
        bench.stream.outcomes = [REFUSED]
        await within(bench.registry.connect("gpu"))
        await bench.until(lambda view: view.phase is StorePhase.IDLE and bench.stream.requests, "gpu")
        await eventually(lambda: len(bench.connector.connections) > 1)
        await within(end("gpu"))
        assert bench.connector.connections[-1].closed
        assert not bench.connector.connections[0].closed
    assert bench.pool.links()[0].state.phase is LinkPhase.UP
