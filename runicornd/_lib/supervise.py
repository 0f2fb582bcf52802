"""Tasks with an owner: named, watched for crashes, cancelled and awaited at the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, cast

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Tasks:
    """The tasks of one owner.

    A task that ends with an exception is logged, kept in ``crash`` (the first one), and reported.

    Args:
        owner: Whose tasks they are; stands before each task's name.
        on_crash: Called with the task's full name and its exception.
    """

    def __init__(self, owner: str, on_crash: Callable[[str, BaseException], None] | None = None) -> None:
        self.crash: BaseException | None = None
        self._owner = owner
        self._on_crash = on_crash
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run the coroutine as a task of this owner.

        Raises:
            RuntimeError: The owner is closed; the coroutine is not run.
        """
        if self._closed:
            work.close()
            raise RuntimeError(f"cannot start {name!r}: {self._owner} is closed")
        task = asyncio.create_task(work, name=f"{self._owner}: {name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def to_its_end(self, name: str, work: Coroutine[Any, Any, T], *, expected: type[Exception]) -> T:
        """Do what must not stop half-way, even when whoever asked for it goes away.

        Returns or raises what the work does; only errors that are not ``expected`` count as crashes.
        """

        async def attempt() -> tuple[T | None, Exception | None]:
            try:
                return await work, None
            except expected as error:
                return None, error

        result, error = await asyncio.shield(self.start(name, attempt()))
        if error is not None:
            raise error
        return cast(T, result)

    async def close(self, timeout_s: float = 2.0) -> None:
        """Cancel all tasks and wait for them, at most ``timeout_s`` seconds. Safe to call again.

        A task that resists is logged and left. Called from one of the tasks, it spares that one.
        """
        self._closed = True
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if not tasks:
            return
        _, resisting = await asyncio.wait(tasks, timeout=timeout_s)
        for task in resisting:
            _log.error("task does not end", task=task.get_name(), timeout_s=timeout_s)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        _log.error("task crashed", task=task.get_name(), exc_info=error)
        self.crash = self.crash or error
        if self._on_crash:
            self._on_crash(task.get_name(), error)
