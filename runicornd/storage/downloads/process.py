"""A worker process: its pipes, its end, and what it says to the log."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

import msgspec
import structlog

from runicornd._lib.supervise import Tasks
from runicornd.storage.worker.messages import LINE_LIMIT, Ask, report_of, to_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from runicornd.storage.downloads.interviews import WorkerInterviews
    from runicornd.storage.worker.messages import Order, Report

MODULE = "runicornd.storage.worker"
END_S = 3.0
QUESTIONS_AT_ONCE = 32
_log = structlog.get_logger("storage.worker")


class WorkerProcess:
    """A running worker. Make it with ``start``.

    Args:
        interviews: Answers its questions.
        on_report: Called with everything else that it says.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        interviews: WorkerInterviews,
        on_report: Callable[[Report], None],
    ) -> None:
        self._process = process
        self._interviews = interviews
        self._on_report = on_report
        self._tasks = Tasks("worker")
        self._reading = self._tasks.start("read", self._read())
        self._logging = self._tasks.start("log", self._pass_on_log())

    @classmethod
    async def start(cls, interviews: WorkerInterviews, on_report: Callable[[Report], None]) -> WorkerProcess:
        """Start a worker. It ends by itself when our end of its standard input closes, however that comes.

        Raises:
            OSError: It cannot be started.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            MODULE,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
            start_new_session=True,
        )
        return cls(process, interviews, on_report)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def tell(self, order: Order) -> None:
        """Send an order; one that comes too late is lost with the worker."""
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(to_line(order))

    def end_input(self) -> None:
        """Tell it that nothing more will come: it ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def wait(self) -> int:
        """Wait for its end; return its exit status, negative after a signal."""
        await asyncio.wait({self._reading})
        await self.close()
        return self._process.returncode or 0

    async def close(self) -> None:
        """Let it end; after three seconds by force. Safe to call again."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        # To their ends, else its pipes stay open for a while.
        await asyncio.wait({self._reading, self._logging}, timeout=END_S)
        await self._tasks.close()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        questions = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        try:
            while line := await self._process.stdout.readline():
                report = report_of(line)
                if isinstance(report, Ask):
                    await questions.acquire()
                    task = self._tasks.start(f"answer {report.about}", self._answer(report))
                    task.add_done_callback(lambda _task: questions.release())
                else:
                    self._on_report(report)
        except (msgspec.MsgspecError, ValueError) as error:
            _log.error("worker does not keep to the protocol", reason=str(error))

    async def _answer(self, ask: Ask) -> None:
        answer = await self._interviews.answer(ask)
        if answer is not None:
            self.tell(answer)

    async def _pass_on_log(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(ValueError):  # a line without an end
            while line := await self._process.stderr.readline():
                _log.info("worker says", line=line.decode(errors="replace").rstrip())
