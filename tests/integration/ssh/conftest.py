"""A person who answers, and hosts that are written down by hand."""

import asyncio
from dataclasses import replace

import pytest

from runicornd.events import EventHub
from runicornd.prompts import PromptAsked, Prompts
from runicornd.ssh.asyncssh_adapter import AsyncsshConnector
from runicornd.ssh.auth import Interview, Secrets
from runicornd.ssh.hostkeys import HostKeys
from runicornd.ssh.targets import Host


class Person:
    """Answers questions by the list; what is not on it stays unanswered."""

    def __init__(self, folder):
        self.events = EventHub()
        self.prompts = Prompts(self.events)
        self.secrets = Secrets()
        self.host_keys = HostKeys(folder / "own_known_hosts")
        self.answers = []
        self.questions = []
        self.waited = []

    def interview(self, host, login=None, answer_timeout_s=10.0):
        return Interview(
            host,
            prompts=self.prompts,
            secrets=self.secrets,
            host_keys=self.host_keys,
            login=login,
            on_waiting=self.waited.append,
            answer_timeout_s=answer_timeout_s,
        )

    async def listen(self):
        with self.events.subscribe() as subscription:
            async for _, event in subscription:
                if isinstance(event, PromptAsked):
                    self.questions.append(event.prompt.question)
                    if self.answers:
                        self.prompts.give(event.prompt.id, self.answers.pop(0))


@pytest.fixture
async def person(tmp_path):
    one = Person(tmp_path)
    task = asyncio.create_task(one.listen())
    yield one
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def connect(person):
    """Connect to a host; closes everything at the end."""
    opened = []

    async def go(host, login=None, answer_timeout_s=10.0):
        connection = await AsyncsshConnector().connect(host, person.interview(host, login, answer_timeout_s))
        opened.append(connection)
        return connection

    yield go
    for connection in opened:
        await connection.close()


@pytest.fixture
def host_of(tmp_path):
    """Describe a server that listens on loopback; its key is trusted unless said otherwise."""

    def make(server, *, trusted=True, **changes):
        known = tmp_path / f"known_hosts_{server.port}"
        known.write_text(server.known_hosts_line + "\n" if trusted else "")
        host = Host(
            target="server",
            hostname=server.address,
            port=server.port,
            user=getattr(server, "user", "ada"),
            known_hosts_files=(known,),
            connect_timeout_s=5.0,
        )
        if hasattr(server, "client_key"):
            host = replace(host, identity_files=(server.client_key,), explicit_identities=True)
        return replace(host, **changes)

    return make
