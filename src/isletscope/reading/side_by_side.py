"""Readings that do not depend on each other, done by several processes.

Each leaves its result in the case folder, from where the pipeline takes it up as if it had been kept from an earlier
run.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from isletscope.reading.progress import Progress

_MOST_WORKERS = 2  # each holds the volumes of one exam: about 2 GB at full size


@dataclass(frozen=True)
class Job:
    """A reading by its key. ``do`` can be pickled; it gives whether it was computed now and not recalled.

    ``work``: about how long it takes, in any unit.
    """

    key: str
    do: Callable[[], bool]
    work: float


def default_workers() -> int:
    """As many processes as there are cores, two at most for the sake of memory."""
    return min(_MOST_WORKERS, os.cpu_count() or 1)


def done_side_by_side(jobs: Sequence[Job], workers: int, progress: Progress) -> set[str]:
    """The keys of the jobs that were computed now; the most laborious are begun first.

    With one worker or one job nothing is done: the pipeline does it in turn. The same holds for what is left when the
    system ends a worker, for want of memory as a rule. Raises what a job raises.
    """
    if workers < 2 or len(jobs) < 2:
        return set()
    computed: set[str] = set()
    # Started afresh, not forked: the threads of image libraries do not live on in a forked process.
    with ProcessPoolExecutor(min(workers, len(jobs)), multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(job.do): job.key for job in sorted(jobs, key=lambda job: -job.work)}
        progress("Reading series side by side", 0, len(jobs))
        try:
            for number, future in enumerate(as_completed(waiting), start=1):
                if future.result():
                    computed.add(waiting[future])
                progress("Reading series side by side", number, len(jobs))
        except BrokenProcessPool:
            return computed
        finally:
            pool.shutdown(cancel_futures=True)
    return computed
