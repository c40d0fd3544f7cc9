"""Jobs done by several processes: what comes back, and how they are started."""

from __future__ import annotations

import operator
import os
from functools import partial

import pytest

from isletscope.reading.progress import silent
from isletscope.reading.side_by_side import Job, done_side_by_side


def test_each_job_tells_whether_it_was_computed_and_how_long_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    jobs = [
        Job("recalled", partial(bool, 0), 1.0, "step-a"),
        Job("threads", partial(os.getenv, "OPENBLAS_NUM_THREADS"), 2.0, "step-b"),
        Job("of-the-user", partial(os.getenv, "OMP_NUM_THREADS"), 3.0, "step-c"),
    ]
    done = {one.job.key: one for one in done_side_by_side(jobs, 2, silent)}
    assert {key: one.computed for key, one in done.items()} == {"recalled": False, "threads": "1", "of-the-user": "7"}
    assert all(one.seconds >= 0.0 for one in done.values())
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_one_worker_leaves_the_jobs_to_the_pipeline() -> None:
    assert done_side_by_side([Job("a", partial(bool, 1), 1.0, "a")] * 2, 1, silent) == []


def test_what_a_job_raises_comes_through() -> None:
    jobs = [Job("a", partial(operator.truediv, 1, 0), 1.0, "a"), Job("b", partial(bool, 1), 1.0, "b")]
    with pytest.raises(ZeroDivisionError):
        done_side_by_side(jobs, 2, silent)
