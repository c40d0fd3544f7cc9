"""Readings that do not depend on each other, done by several processes.

Each leaves its result in the case folder, from where the pipeline takes it up as if it had been kept from an earlier
run.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass

from isletscope.reading.progress import Progress

_MOST_WORKERS = 2  # each holds the volumes of one exam: about 1.4 GB at full size
# The processes share the cores already: threads of their own would wait for each other.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")


@dataclass(frozen=True)
class Job:
    """A reading by its key. ``do`` can be pickled; it gives whether it was computed now and not recalled.

    ``work``: about how long it takes, in any unit; ``step``: its name in the record of the run.
    """

    key: str
    do: Callable[[], bool]
    work: float
    step: str


@dataclass(frozen=True)
class Done:
    """A job that was done: whether it was computed now, and how many seconds it took in its process."""

    job: Job
    computed: bool
    seconds: float


def default_workers() -> int:
    """As many processes as there are cores, two at most for the sake of memory."""
    return min(_MOST_WORKERS, os.cpu_count() or 1)


def done_side_by_side(jobs: Sequence[Job], workers: int, progress: Progress) -> list[Done]:
    """The jobs that were done; the most laborious are begun first.

    With one worker or one job nothing is done: the pipeline does it in turn. The same holds for what is left when the
    system ends a worker, for want of memory as a rule. Raises what a job raises.
    """
    if workers < 2 or len(jobs) < 2:
        return []
    done: list[Done] = []
    # Started afresh, not forked: the threads of image libraries do not live on in a forked process.
    context = multiprocessing.get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(min(workers, len(jobs)), context) as pool:
        waiting = {pool.submit(_timed, job.do): job for job in sorted(jobs, key=lambda job: -job.work)}
        progress("Reading series side by side", 0, len(jobs))
        try:
            for number, future in enumerate(as_completed(waiting), start=1):
                computed, seconds = future.result()
                done.append(Done(waiting[future], computed, seconds))
                progress("Reading series side by side", number, len(jobs))
        except BrokenProcessPool:
            return done
        finally:
            pool.shutdown(cancel_futures=True)
    return done


def _timed(do: Callable[[], bool]) -> tuple[bool, float]:
    """What ``do`` gives, and the seconds it took."""
    start = time.perf_counter()
    computed = do()
    return computed, time.perf_counter() - start


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started meanwhile compute with one thread each, unless the user's environment says otherwise."""
    added = [name for name in _ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
