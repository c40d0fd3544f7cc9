"""Small hand-made cases: one line per lesion, one word per exam; everything else is what an ordinary case has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isletscope.assessment import View, assess, views
from isletscope.assessment.gathered import Gathered
from isletscope.model import (
    MEASUREMENTS,
    REGIONS,
    AssessedTimePoint,
    Case,
    Compartment,
    Exam,
    ExamKind,
    GridDescription,
    Lesion,
    LiverFinding,
    Measurement,
    Observation,
    Patient,
    Place,
    ReadingOfPet,
    ReferenceRegion,
    Role,
    SegmentVolume,
    Series,
    Software,
    State,
    StructureFinding,
    TimePoint,
    Tracer,
    TracerClass,
    Verdict,
    VesselFinding,
    Visibility,
    measured,
)

SSTR_REFERENCES = {"blood_pool": 1.5, "liver": 5.0, "spleen": 20.0}
FDG_REFERENCES = {"blood_pool": 1.8, "liver": 2.2}
LETTERS = {
    "P": Compartment.PANCREAS,
    "N": Compartment.NODE,
    "L": Compartment.LIVER,
    "O": Compartment.BONE,
    "X": Compartment.OTHER,
}
_TRACERS = {
    ExamKind.SSTR_PET: (TracerClass.SSTR, "68Ga-DOTATATE"),
    ExamKind.FDG_PET: (TracerClass.FDG, "18F-FDG"),
    ExamKind.EXENDIN_PET: (TracerClass.EXENDIN, "68Ga-exendin"),
    ExamKind.FDOPA_PET: (TracerClass.DOPA, "18F-FDOPA"),
}
_GRID = GridDescription(
    shape_kji=(10, 10, 10),
    spacing_kji_mm=(2, 2, 2),
    origin_lps_mm=(0, 0, 0),
    axes_lps=((0, 0, 1), (0, 1, 0), (1, 0, 0)),
)


def quantities(given: Mapping[str, float]) -> dict[str, Measurement]:
    """Measured values under the names of the vocabulary, with its units."""
    return {name: measured(name.replace("_", " "), value, MEASUREMENTS[name]) for name, value in given.items()}


def seen(kind: str, /, at: str = "baseline", **found: float | str) -> Observation:
    """A lesion seen on a kind of exam at a time point: numbers are measurements, words are features."""
    words = {name: value for name, value in found.items() if isinstance(value, str)}
    numbers = {name: float(value) for name, value in found.items() if not isinstance(value, str)}
    return Observation(
        exam_key=f"{at}-{kind}",
        kind=ExamKind(kind),
        visibility=Visibility.SEEN,
        measurements=quantities(numbers),
        features=words,
    )


def not_seen(kind: str, /, at: str = "baseline", **features: str) -> Observation:
    """Looked for and not seen."""
    return Observation(
        exam_key=f"{at}-{kind}", kind=ExamKind(kind), visibility=Visibility.NOT_SEEN, features=dict(features)
    )


def not_covered(kind: str, /, at: str = "baseline") -> Observation:
    """Outside the images."""
    return Observation(
        exam_key=f"{at}-{kind}", kind=ExamKind(kind), visibility=Visibility.NOT_COVERED, because="outside the images"
    )


def lesion(name: str, /, *observations: Observation, region: str = "", **more: Any) -> Lesion:
    """A tumour; the letter of its name says the compartment. ``region``: part of pancreas, segment or station."""
    compartment = more.pop("compartment", LETTERS[name[0]])
    given: dict[str, Any] = {
        "id": name,
        "tracking_uid": f"2.25.{int.from_bytes(name.encode())}",
        "site": " ".join(filter(None, [Compartment(compartment).value, region])),
        "compartment": compartment,
        "place": more.pop("place", Place(region=region)),
        "verdict": Verdict.TUMOUR,
        "observations": list(observations),
    }
    return Lesion(**{**given, **more})


def vessel(
    lesion_id: str, name: str, degrees: float = 0.0, /, at: str = "baseline-ct", **found: float | str
) -> VesselFinding:
    """One lesion beside one vessel: contact at 1.0 mm, with 10 degrees less and more at 0.5 and 1.5 mm."""
    spread = {"0.5": max(degrees - 10, 0.0), "1.0": degrees, "1.5": degrees + 10 if degrees else 0.0}
    words = {key: value for key, value in found.items() if isinstance(value, str)}
    numbers = {key: float(value) for key, value in found.items() if not isinstance(value, str)}
    return VesselFinding(
        lesion=lesion_id,
        vessel=name,
        exam_key=at,
        contact_deg={key: measured("contact", value, "deg") for key, value in spread.items()},
        measurements=quantities(numbers),
        features=words,
    )


def structure(name: str, /, at: str = "baseline-ct", **found: float | str) -> StructureFinding:
    """An organ or duct on its own."""
    words = {key: value for key, value in found.items() if isinstance(value, str)}
    numbers = {key: float(value) for key, value in found.items() if not isinstance(value, str)}
    return StructureFinding(structure=name, exam_key=at, measurements=quantities(numbers), features=words)


def liver(segments: Mapping[str, tuple[float, float]], /, at: str = "baseline-ct", **found: float) -> LiverFinding:
    """The liver: parenchyma and tumour (mL) by segment."""
    return LiverFinding(
        exam_key=at,
        segments=[
            SegmentVolume(
                segment=name, parenchyma=measured("parenchyma", one, "mL"), tumour=measured("tumour", other, "mL")
            )
            for name, (one, other) in segments.items()
        ],
        measurements=quantities(found),
    )


def exam(kind: str, date: str, at: str = "baseline") -> Exam:
    """An exam with one series."""
    tracer_class, tracer_name = _TRACERS.get(ExamKind(kind), (TracerClass.UNKNOWN, ""))
    role = {"ct": Role.CT_PORTAL_VENOUS, "mri": Role.MR_T1_FAT_SATURATED}.get(kind, Role.PET)
    series = Series(
        key=f"{at}-{kind}-series",
        series_uid=f"2.25.{len(kind)}{date.replace('-', '')}",
        modality={"ct": "CT", "mri": "MR"}.get(kind, "PT"),
        role=role,
        role_because="made by hand",
        tracer=Tracer(tracer_class=tracer_class, name=tracer_name, because="made by hand") if tracer_name else None,
        instance_count=10,
        grid=_GRID,
        fingerprint="none",
    )
    return Exam(
        key=f"{at}-{kind}",
        study_uid=f"2.25.{date.replace('-', '')}",
        patient_id="ISLET-TEST",
        date=date,
        title=tracer_name or kind.upper(),
        series=[series],
    )


def point(
    name: str,
    exams: Mapping[str, str],
    /,
    *,
    regions: Sequence[str] = REGIONS,
    coverage: Mapping[str, Sequence[str]] | None = None,
    **more: Any,
) -> TimePoint:
    """A time point: kind of exam -> date. Every exam covers ``regions``, unless ``coverage`` says it by region."""
    shown = [f"{name}-{kind}/{kind}" for kind in exams]
    by_region = {region: list(shown) for region in regions} if coverage is None else coverage
    return TimePoint(
        name=name,
        date=max(exams.values()),
        exam_keys=[f"{name}-{kind}" for kind in exams],
        coverage={region: list(found) for region, found in by_region.items()},
        **more,
    )


EXAMS = {"ct": "2026-03-02", "sstr_pet": "2026-03-09", "fdg_pet": "2026-03-12"}
"""What an ordinary case had done."""


def case(
    *lesions: Lesion,
    exams: Mapping[str, str] | None = None,
    followed_by: Mapping[str, Mapping[str, str]] | None = None,
    clinical: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    references: Mapping[TracerClass, Mapping[str, float]] | None = None,
    **of_the_point: Any,
) -> Case:
    """A case with the time point ``baseline``; ``followed_by`` adds later ones by name.

    ``of_the_point``: vessels, structures, liver, regions or coverage of the baseline.
    """
    dated = {
        "baseline": dict(EXAMS if exams is None else exams),
        **{k: dict(v) for k, v in (followed_by or {}).items()},
    }
    more = {name: of_the_point if name == "baseline" else {} for name in dated}
    points = [point(name, when, **more[name]) for name, when in dated.items()]
    means = references or {TracerClass.SSTR: SSTR_REFERENCES, TracerClass.FDG: FDG_REFERENCES}
    return Case(
        software=Software(version="0", created="2026-04-01T12:00:00+00:00"),
        patient=Patient(id="ISLET-TEST"),
        clinical=dict(clinical or {}),
        exams=[exam(kind, date, name) for name, when in dated.items() for kind, date in when.items()],
        readings=[
            _reading(f"{name}-{kind}-series", _TRACERS[ExamKind(kind)][0], means)
            for name, when in dated.items()
            for kind in when
            if ExamKind(kind) in _TRACERS
        ],
        lesions=list(lesions),
        time_points=points,
        answers=dict(answers or {}),
    )


def _reading(key: str, tracer: TracerClass, means: Mapping[TracerClass, Mapping[str, float]]) -> ReadingOfPet:
    regions = [
        ReferenceRegion(name=name, state=State.MEASURED, mean=mean) for name, mean in means.get(tracer, {}).items()
    ]
    return ReadingOfPet(series_key=key, tracer_class=tracer, references=regions)


def gathered(given: Case, *groups: Callable[[View, Gathered], None], name: str = "") -> Gathered:
    """What some groups of rules conclude of a time point, in this order; of the last one when none is named."""
    view = next(one for one in reversed(views(given)) if not name or one.point.name == name)
    found = Gathered()
    for group in groups:
        group(view, found)
    return found


def assessed(given: Case, name: str = "") -> AssessedTimePoint:
    """What the rules make of a time point; of the last one when none is named."""
    found = assess(given).assessments
    return next(one for one in found if one.time_point == name) if name else found[-1]
