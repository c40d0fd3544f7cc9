"""One call from scenario to scanner files and truth."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from isletscope.errors import InputError, OutputError
from isletscope.phantom.body import Body, build_body, draw_person
from isletscope.phantom.disease import Disease, disease_of
from isletscope.phantom.exams import ExamJob, ExamOutcome, outcome_of, steps_of, tasks_of
from isletscope.phantom.lesions import Tumour
from isletscope.phantom.pose import Pose, Variation, draw_breathing
from isletscope.phantom.render import Scene, load_kernels
from isletscope.phantom.scanner import GRIDS
from isletscope.phantom.scenario import Scenario, load_scenario
from isletscope.phantom.scenario_exams import ExamRule
from isletscope.phantom.sketch import Person
from isletscope.phantom.tissues import draw_tissues
from isletscope.phantom.truth import truth_document
from isletscope.phantom.visit import draw_visit, random_source
from isletscope.phantom.workers import can_fork, in_turn, shared_out, undisturbed

Size = Literal["small", "full"]
Progress = Callable[[int, int], None]
_WORKERS = 2


def generate(
    scenario: str | Path,
    out: Path,
    *,
    seed: int = 1,
    size: Size = "full",
    workers: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Make one reference patient: ``out/dicom`` (scanner files), ``out/truth`` (truth.json, label maps, noise-free
    PET, displacement fields) and ``out/scenario.yaml``. Same scenario, seed and size give the same files, however many
    ``workers`` (processes that share the exams; by default two, or one on a single processor).

    ``scenario``: a name or a YAML file. ``size``: ``full`` (CT 512 x 512, PET 200 x 200) or ``small``.
    ``progress(done, total)`` is called between steps. Returns ``out``. Raises InputError for a faulty scenario or a
    non-empty ``out``, OutputError when files cannot be written.
    """
    plan = load_scenario(scenario)
    if size not in GRIDS:
        raise InputError("the size is not known", subject="size", found=repr(size), expected="small or full")
    out = out.resolve()
    working = _prepare(out)
    steps = _Steps(1 + sum(steps_of(rule.kind) for rule in plan.exams), progress)
    try:
        person, body, poses = _posed_body(plan, seed)
        found: Future[Disease] = Future()
        jobs = [
            ExamJob(
                number=number,
                visit=draw_visit(plan, rule, person, seed, size),
                scene=_awaiting(body, pose, rule.name, found),
                size=size,
                grids=GRIDS[size],
                seed=seed,
                scenario=plan.name,
                folder=working,
                tell=steps.done,
            )
            for number, (rule, pose) in enumerate(zip(plan.exams, poses, strict=True))
        ]

        def place() -> Disease:
            disease = disease_of(plan, body, poses[0], seed)
            steps.done()
            return disease

        outcomes = _run(jobs, place, found, workers, steps.done)
        truth = truth_document(plan, seed, size, person, found.result(), outcomes)
        (working / "truth" / "truth.json").write_text(json.dumps(truth, indent=1), encoding="utf-8")
        (working / "scenario.yaml").write_text(plan.text, encoding="utf-8")
        _finish(working, out)
    except OSError as error:
        raise OutputError(
            "the reference patient cannot be written",
            subject=str(out),
            found=str(error),
            remedy="Choose another folder or free space there.",
        ) from error
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return out


class _Steps:
    """Counts finished steps of all workers and tells the caller."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._progress, self._count = total, progress, 0

    def done(self) -> None:
        """One more step is done."""
        self._count += 1
        if self._progress:
            self._progress(self._count, self._total)


def _run(
    jobs: list[ExamJob],
    place: Callable[[], Disease],
    found: Future[Disease],
    workers: int | None,
    step: Callable[[], None],
) -> list[ExamOutcome]:
    """All exams; outcomes in the order of the scenario.

    The lesions are placed while the first exams are painted: a painter needs them only once the anatomy is done. The
    most laborious tasks come first.
    """
    tasks = [task for job in jobs for task in tasks_of(job)]
    order = sorted(range(len(tasks)), key=lambda n: -tasks[n].work)
    count = workers or min(_WORKERS, os.cpu_count() or 1)
    if count == 1 or not can_fork():
        pieces = in_turn(tasks, order, place, found)
    else:
        with undisturbed():
            load_kernels(jobs[0].scene, lambda appearance, factors: 0.0)
        pieces = shared_out(tasks, order, place, found, count, step)
    return [outcome_of(job, [pieces[n] for n, task in enumerate(tasks) if task.job is job]) for job in jobs]


def _prepare(out: Path) -> Path:
    """An empty working folder beside ``out``; refuses to write into a folder that holds something."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            "the output folder is not empty",
            subject=str(out),
            expected="a new or empty folder",
            remedy="Name another folder or remove this one.",
        )
    working = out.parent / f".{out.name}.part"
    try:
        shutil.rmtree(working, ignore_errors=True)
        (working / "dicom").mkdir(parents=True)
        (working / "truth").mkdir()
    except OSError as error:
        raise OutputError("the folder cannot be made", subject=str(out), found=str(error)) from error
    return working


def _finish(working: Path, out: Path) -> None:
    if out.exists():
        out.rmdir()
    working.rename(out)


def _posed_body(plan: Scenario, seed: int) -> tuple[Person, Body, list[Pose]]:
    """The person, the body, and its pose in each exam."""
    rng = random_source(seed, plan.name, "body")
    given = plan.patient
    person = draw_person(rng, given.sex, given.age_years, given.height_cm, given.weight_kg)
    tissues = draw_tissues(random_source(seed, plan.name, "tissues"), person.weight_kg)
    body = build_body(person, tissues, rng, plan.anatomy)
    variation = Variation.draw(rng)
    return person, body, [_pose(plan, rule, body.scale, variation, seed) for rule in plan.exams]


def _awaiting(body: Body, pose: Pose, exam: str, found: Future[Disease]) -> Scene:
    """The scene of an exam whose lesions may still be on their way."""
    return Scene(
        body,
        pose,
        _Awaited(lambda: found.result().tumours_of(exam)),
        _Awaited(lambda: found.result().mimics_of(exam)),
    )


class _Awaited(Sequence[Tumour]):
    """Lesions that are waited for when they are first looked at."""

    def __init__(self, lesions: Callable[[], tuple[Tumour, ...]]) -> None:
        self._lesions = lesions

    @overload
    def __getitem__(self, index: int) -> Tumour: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Tumour, ...]: ...
    def __getitem__(self, index: int | slice) -> Tumour | tuple[Tumour, ...]:
        return self._lesions()[index]

    def __len__(self) -> int:
        return len(self._lesions())


@dataclass(frozen=True)
class PhantomPatient:
    """The person, the lesions' course, and the scene of each exam in order."""

    person: Person
    disease: Disease
    scenes: list[Scene]


def patient_of(plan: Scenario, seed: int) -> PhantomPatient:
    """The person, the lesions' course, and for each exam the body in its pose with its lesions."""
    person, body, poses = _posed_body(plan, seed)
    disease = disease_of(plan, body, poses[0], seed)
    scenes = [
        Scene(body, pose, disease.tumours_of(rule.name), disease.mimics_of(rule.name))
        for rule, pose in zip(plan.exams, poses, strict=True)
    ]
    return PhantomPatient(person, disease, scenes)


def _pose(plan: Scenario, rule: ExamRule, scale: Any, variation: Variation, seed: int) -> Pose:
    rng = random_source(seed, plan.name, "pose", rule.name)
    turn = rng.uniform(-1, 1, 3) * rule.turn_degrees * np.array([0.4, 0.6, 1.0])
    shift = rng.uniform(-1, 1, 3) * rule.table_shift_mm * np.array([0.5, 0.8, 1.0])
    shift[2] += float(rng.integers(-8, 9)) * 25.0
    return Pose(
        scale=scale,
        variation=variation,
        turned_degrees=(round(float(turn[0]), 3), round(float(turn[1]), 3), round(float(turn[2]), 3)),
        shift_mm=(round(float(shift[0]), 2), round(float(shift[1]), 2), round(float(shift[2]), 2)),
        bumps=draw_breathing(rng, rule.breathing_mm),
    )
