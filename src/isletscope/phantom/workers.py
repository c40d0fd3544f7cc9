"""Tasks of all exams shared out to workers: processes where the system can fork, one after another elsewhere.

Writing DICOM is Python's own work, which threads of one process cannot do side by side. A forked process has the body
and its poses already; it is sent the numbers of its tasks and, once they are placed, the lesions, and sends back what
each task gave.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from queue import SimpleQueue
from threading import Thread
from typing import Any, cast

from isletscope.errors import IsletscopeError, OutputError
from isletscope.phantom.disease import Disease
from isletscope.phantom.exams import Piece, Task

Told = Callable[[], None]
_LESIONS, _STEP, _DONE, _FAILED = "lesions", "step", "done", "failed"


@contextmanager
def undisturbed() -> Iterator[None]:
    """No search for garbage meanwhile: for the loading of what stays, which makes many objects and no garbage."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


def can_fork() -> bool:
    """Whether processes may be forked here; elsewhere than on Linux the system's libraries do not bear it."""
    return sys.platform == "linux"


def in_turn(
    tasks: Sequence[Task], order: Sequence[int], place: Callable[[], Disease], found: Future[Disease]
) -> dict[int, Piece]:
    """What each task gave by its number, one after another."""
    found.set_result(place())
    return {n: tasks[n].do(tasks[n].job) for n in order}


def shared_out(
    tasks: Sequence[Task],
    order: Sequence[int],
    place: Callable[[], Disease],
    found: Future[Disease],
    workers: int,
    step: Told,
) -> dict[int, Piece]:
    """What each task gave by its number; tasks are begun in ``order`` and this process places the lesions meanwhile.

    ``found``: where the tasks' scenes look for the lesions. ``step`` is called when a task tells that it is further.
    Raises what a task or ``place`` raised; OutputError when a worker was ended from outside.
    """
    # What is there before the fork stays: looking through it for garbage would only copy its pages.
    gc.freeze()
    team = [_Worker.begin(tasks, found) for _ in range(min(workers, len(tasks)))]
    try:
        waiting = list(order)
        for worker in team:
            worker.send(waiting.pop(0))
        lesions = place()
        found.set_result(lesions)
        for worker in team:
            worker.send((_LESIONS, lesions))
        return _gathered(team, waiting, len(tasks), step)
    finally:
        for worker in team:
            worker.end()
        gc.unfreeze()


def _gathered(team: list[_Worker], waiting: list[int], count: int, step: Told) -> dict[int, Piece]:
    """Listen to the workers until every task is done; whoever is free gets the next one."""
    by_line = {worker.line: worker for worker in team}
    pieces: dict[int, Piece] = {}
    while len(pieces) < count:
        for line in wait(list(by_line)):
            worker = by_line[cast("Connection", line)]
            kind, value = worker.heard()
            if kind == _FAILED:
                raise value
            if kind == _STEP:
                step()
                continue
            number, piece = value
            pieces[number] = piece
            if waiting:
                worker.send(waiting.pop(0))
    return pieces


class _Worker:
    """A forked process and the line to it."""

    def __init__(self, process: ForkProcess, line: Connection) -> None:
        self._process, self.line = process, line

    @classmethod
    def begin(cls, tasks: Sequence[Task], found: Future[Disease]) -> _Worker:
        """Fork; the new process knows the tasks as they are now."""
        context = multiprocessing.get_context("fork")
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(tasks, found, there), daemon=True)
        process.start()
        there.close()
        return cls(process, here)

    def send(self, message: Any) -> None:
        """A task's number, or the lesions; a worker that is gone is noticed when it is listened to."""
        try:
            self.line.send(message)
        except (BrokenPipeError, ConnectionResetError):
            return

    def heard(self) -> tuple[str, Any]:
        """The next message. Raises OutputError when the worker is gone."""
        try:
            kind, value = self.line.recv()
        except (EOFError, ConnectionResetError) as error:
            self._process.join(1)
            raise OutputError(
                "a worker was ended before its exam was written",
                subject="reference patient",
                found=f"exit code {self._process.exitcode}",
                remedy="It may have needed more memory than there is: close other programs, or choose a smaller size.",
            ) from error
        return kind, value

    def end(self) -> None:
        """Let the process go, done or not."""
        self.line.close()
        self._process.terminate()
        self._process.join()


def _serve(tasks: Sequence[Task], found: Future[Disease], line: Connection) -> None:
    """Life of a worker: do the tasks whose numbers come, until the line is closed."""
    numbers: SimpleQueue[int | None] = SimpleQueue()
    Thread(target=_listen, args=(line, numbers, found), daemon=True).start()
    while (number := numbers.get()) is not None:
        task = tasks[number]
        try:
            piece = task.do(replace(task.job, tell=lambda: line.send((_STEP, None))))
        except (IsletscopeError, OSError) as error:
            line.send((_FAILED, error))
        else:
            line.send((_DONE, (number, piece)))


def _listen(line: Connection, numbers: SimpleQueue[int | None], found: Future[Disease]) -> None:
    """Take in what is sent, so that the lesions arrive while a task is being done."""
    try:
        while True:
            message = line.recv()
            if isinstance(message, int):
                numbers.put(message)
            else:
                found.set_result(message[1])
    except (EOFError, OSError):
        numbers.put(None)
