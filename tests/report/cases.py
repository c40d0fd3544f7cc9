"""Hand-made cases and images for the report: an invented body, lesions of known place, and everything that can lack."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.model import (
    Assessment,
    Case,
    EntrySubject,
    Evidence,
    Exam,
    Focus,
    GridDescription,
    Lesion,
    Measurement,
    Patient,
    PetQuantification,
    QualityFinding,
    ReaderEntry,
    ReadingOfPet,
    ReferenceRegion,
    RefusedInput,
    Role,
    Series,
    Severity,
    Software,
    State,
    Support,
    Tracer,
    TracerClass,
    Verdict,
    derived,
    measured,
    missing,
)
from isletscope.reading import KeptDrawings
from isletscope.report import keys
from isletscope.spatial import HOUNSFIELD, SUV_BODY_WEIGHT, Geometry, Transform, Volume
from isletscope.surgery import ContactScene, ContactView

PET_GRID = Geometry((110, 50, 60), (8.0, 6.5, 6.5), (-191.75, -159.25, -440.0))
CT_GRID = Geometry((55, 60, 80), (16.0, 4.5, 4.5), (-177.75, -132.75, -440.0))
FRAME = "1.2.3.4"


@dataclass(frozen=True)
class Spot:
    """One lesion to be: place in LPS mm, diameter in mm, uptake in g/mL."""

    name: str
    site: str
    code: str
    centre: tuple[float, float, float]
    diameter_mm: float
    suv: float
    verdict: Verdict = Verdict.TUMOUR


SPOTS = (
    Spot("P1", "pancreas, head", "pancreas", (-25.0, -30.0, 20.0), 34.0, 38.4),
    Spot("N1", "node, peripancreatic", "node", (-8.0, -20.0, 0.0), 16.0, 17.2),
    Spot("L1", "liver, right", "liver", (-110.0, -20.0, 90.0), 46.0, 31.6),
    Spot("L2", "liver, right", "liver", (-80.0, 30.0, 60.0), 31.0, 26.8),
    Spot("L3", "liver, left", "liver", (10.0, -60.0, 95.0), 24.0, 14.1),
    Spot("O1", "bone, lumbar vertebra", "bone", (0.0, 60.0, -20.0), 20.0, 9.8),
    Spot("X1", "bowel or node, left lower abdomen", "other", (70.0, -10.0, -110.0), 14.0, 6.4, Verdict.UNSURE),
)


@dataclass
class FakeImages:
    """An image source from memory."""

    volumes: dict[str, Volume] = field(default_factory=dict)
    foci: dict[str, npt.NDArray[np.uint16]] = field(default_factory=dict)

    def volume(self, series_key: str) -> Volume | None:
        return self.volumes.get(series_key)

    def transforms(self) -> dict[str, Transform]:
        return {}

    def foci_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        return self.foci.get(series_key)

    def segment_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """None."""
        return None

    def organ_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        return None

    def contact_view(self, lesion: str, vessel: str, exam_key: str) -> ContactView | None:
        return None

    def contact_scene(self, lesion: str, exam_key: str) -> ContactScene | None:
        return None

    def drawings(self) -> KeptDrawings | None:
        return None


def many_spots(count: int) -> tuple[Spot, ...]:
    """Liver lesions on a spiral."""
    spots = []
    for n in range(count):
        angle, far = 0.7 * n, 8 + 1.4 * n
        centre = (-70.0 + far * np.cos(angle), far * 0.6 * np.sin(angle), 40.0 + 2.4 * n)
        spots.append(Spot(f"L{n + 1}", "liver, right", "liver", centre, 10.0 + n % 7 * 3, 8.0 + n % 11 * 2.2))
    return tuple(spots)


def _points(grid: Geometry) -> npt.NDArray[np.float64]:
    return grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))


def _ellipsoid(points: Any, centre: Any, radii: Any) -> npt.NDArray[np.bool_]:
    return np.asarray((((points - np.asarray(centre)) / np.asarray(radii)) ** 2).sum(-1) <= 1.0)


def body_images(
    pets: dict[str, tuple[TracerClass, tuple[Spot, ...]]],
    ct_keys: tuple[str, ...],
    grid: Geometry = PET_GRID,
    ct_grid: Geometry = CT_GRID,
) -> FakeImages:
    """A body with organs on the grids: PET per key with its lesions, CT per key."""
    images = FakeImages()
    noise = np.random.default_rng(7)
    points = _points(grid)
    for key, (tracer_class, spots) in pets.items():
        array = np.where(_body(points), 0.7, 0.0)
        for _, centre, radii, sstr, fdg in _ORGANS:
            array[_ellipsoid(points, centre, radii)] = sstr if tracer_class is TracerClass.SSTR else fdg
        labels = np.zeros(grid.shape, np.uint16)
        array *= 1 + 0.08 * noise.standard_normal(grid.shape)
        for label, spot in enumerate(spots, start=1):
            inside = _ellipsoid(points, spot.centre, [max(spot.diameter_mm / 2, 5.0)] * 3)
            array[inside] = spot.suv
            labels[inside] = label
        images.volumes[key] = Volume(array.astype(np.float32), grid, SUV_BODY_WEIGHT, FRAME)
        images.foci[key] = labels
    points = _points(ct_grid)
    for key in ct_keys:
        hounsfield = np.where(_body(points), 30.0, -1000.0)
        for organ, centre, radii, _, _ in _ORGANS:
            hounsfield[_ellipsoid(points, centre, radii)] = 60.0 if organ != "lung" else -800.0
        hounsfield[_ellipsoid(points, (0, 65, 0), (18, 16, 330))] = 500.0
        hounsfield += 12 * noise.standard_normal(ct_grid.shape)
        images.volumes[key] = Volume(hounsfield.astype(np.int16), ct_grid, HOUNSFIELD, FRAME)
    return images


_ORGANS = (
    ("lung", (-75, 0, 220), (50, 70, 90), 0.4, 0.4),
    ("lung", (75, 0, 220), (50, 70, 90), 0.4, 0.4),
    ("liver", (-70, -10, 80), (85, 75, 70), 5.2, 2.1),
    ("spleen", (110, 30, 90), (30, 40, 50), 19.0, 1.8),
    ("kidney", (-75, 45, 0), (28, 30, 55), 14.0, 2.4),
    ("kidney", (75, 45, 0), (28, 30, 55), 14.0, 2.4),
    ("bladder", (0, -30, -240), (40, 35, 30), 30.0, 40.0),
    ("brain", (0, 0, 390), (65, 85, 45), 0.1, 9.0),
    ("heart", (30, -40, 180), (45, 40, 40), 1.4, 4.0),
)


def _body(points: Any) -> npt.NDArray[np.bool_]:
    z = points[..., 2]
    wide = np.where(z > 330, 80.0, np.where(z > 290, 55.0, 170.0))
    deep = np.where(z > 290, 90.0, 110.0)
    return np.asarray((points[..., 0] / wide) ** 2 + (points[..., 1] / deep) ** 2 <= 1.0)


def grid_description(grid: Geometry) -> GridDescription:
    return GridDescription(
        shape_kji=grid.shape, spacing_kji_mm=grid.spacing_mm, origin_lps_mm=grid.origin_lps_mm, axes_lps=grid.axes_lps
    )


def quantification(**change: Any) -> PetQuantification:
    values: dict[str, Any] = {
        "quantified": True,
        "unit_in": "BQML",
        "branch": "BQML, decay correction START, series time",
        "factor": 4.2137e-04,
        "reference_time": "2026-05-11T10:04:12",
        "injection_time": "2026-05-11T09:02:00",
        "uptake_minutes": 62.2,
        "injected_activity_mbq": 156.0,
        "half_life_s": 4062.6,
        "weight_kg": 78.0,
        "evidence": [Evidence(text="Decay Correction (0054,1102) START"), Evidence(text="Series Time 10:04:12")],
    }
    return PetQuantification.model_validate(values | change)


def pet_series(key: str, tracer: Tracer, **change: Any) -> Series:
    values: dict[str, Any] = {
        "key": key,
        "series_uid": f"1.2.840.1.{key[-1]}",
        "modality": "PT",
        "description": f"WB {tracer.name} AC",
        "number": 4,
        "manufacturer": "Invented Systems",
        "model": "Scanner One",
        "acquired": "2026-05-11T10:04:12",
        "frame_of_reference_uid": FRAME,
        "role": Role.PET,
        "role_because": "PT, attenuation corrected (Corrected Image ATTN)",
        "tracer": tracer,
        "instance_count": 110,
        "grid": grid_description(PET_GRID),
        "quantification": quantification(),
        "fingerprint": "0" * 16,
    }
    return Series.model_validate(values | change)


def ct_series(key: str, role: Role = Role.CT_LOW_DOSE, **change: Any) -> Series:
    values: dict[str, Any] = {
        "key": key,
        "series_uid": f"1.2.840.2.{key[-1]}",
        "modality": "CT",
        "description": "AC CT 5.0 HD_FoV",
        "number": 2,
        "manufacturer": "Invented Systems",
        "model": "Scanner One",
        "acquired": "2026-05-11T09:58:00",
        "frame_of_reference_uid": FRAME,
        "role": role,
        "role_because": "tube current 40 mAs and no contrast agent named",
        "instance_count": 110,
        "grid": grid_description(CT_GRID),
        "fingerprint": "1" * 16,
    }
    return Series.model_validate(values | change)


SSTR = Tracer(
    tracer_class=TracerClass.SSTR, name="68Ga-DOTATATE", nuclide="68Ga", because="Radiopharmaceutical code C-B1031"
)
FDG = Tracer(tracer_class=TracerClass.FDG, name="18F-FDG", nuclide="18F", because="Radiopharmaceutical code C-B1031")


def focus(spot: Spot, label: int, series_key: str, tracer_name: str, *, liver_mean: float | None = 5.2) -> Focus:
    radius = spot.diameter_mm / 2
    volume_ml = 4 / 3 * np.pi * radius**3 / 1000
    mean = 0.63 * spot.suv
    small = "partial volume (below 12 mm)" if spot.diameter_mm < 15 else None
    values: dict[str, Measurement] = {
        keys.VOLUME: measured("volume", volume_ml, "mL", method="voxels inside the outline", limitation=small),
        keys.SUV_MAX: measured(f"{tracer_name} SUVmax", spot.suv, "g/mL"),
        keys.SUV_PEAK: measured(f"{tracer_name} SUVpeak", 0.86 * spot.suv, "g/mL", limitation=small),
        keys.SUV_MEAN: measured(f"{tracer_name} SUVmean", mean, "g/mL"),
        keys.TOTAL_UPTAKE: derived("total uptake", mean * volume_ml, "g", method="volume × mean"),
        keys.LONG_AXIS: measured("long axis", spot.diameter_mm, "mm"),
        keys.SHORT_AXIS: measured("short axis", 0.88 * spot.diameter_mm, "mm"),
        keys.ratio_key("spleen"): missing("ratio to spleen", "the spleen reference is missing: no spleen was found"),
    }
    ratio = keys.ratio_key("liver")
    if liver_mean:
        values[ratio] = derived("ratio to liver", spot.suv / liver_mean, method="SUVmax ÷ liver SUVmean")
    else:
        values[ratio] = missing(
            "ratio to liver", "the liver reference is missing: the liver is outside the field of view"
        )
    return Focus(
        id=f"{series_key}/{label}",
        series_key=series_key,
        label=label,
        site=spot.site,
        site_code=spot.code,
        verdict=spot.verdict,
        assessment=Assessment(
            name="verdict",
            state=State.DERIVED,
            value=spot.verdict.value,
            because=f"{tracer_name} uptake {spot.suv / 5.2:.1f} × liver at a site typical for NET",
            rule=f"{tracer_name.lower()}.{spot.code}",
            citations=["10.2967/jnumed.117.206631"],
            support=Support.CONVENTION,
        ),
        centroid_lps_mm=spot.centre,
        maximum_lps_mm=spot.centre,
        threshold=measured("threshold", 0.45 * spot.suv, "g/mL"),
        delineation="45 % of SUVmax above background",
        measurements=values,
        other_delineations={
            "percent_of_maximum": measured("volume", 0.95 * volume_ml, "mL", method="45 % of SUVmax"),
            "fixed_suv": measured("volume", 1.22 * volume_ml, "mL", method="SUV 4.0")
            if spot.code != "liver"
            else missing("volume", "not used inside the liver: mean + 2 SD exceeds 4", "mL"),
        },
        flags=["partial volume"] if small else [],
    )


PHYSIOLOGIC = (
    Spot("", "kidney, right", "kidney", (-75.0, 45.0, 0.0), 60.0, 14.2, Verdict.PHYSIOLOGIC),
    Spot("", "bladder", "bladder", (0.0, -30.0, -240.0), 70.0, 31.0, Verdict.PHYSIOLOGIC),
)


def reading(series_key: str, tracer: Tracer, spots: tuple[Spot, ...], *, references: bool = True) -> ReadingOfPet:
    name = "SSTR" if tracer.tracer_class is TracerClass.SSTR else "FDG"
    foci = [
        focus(spot, label, series_key, name, liver_mean=5.2 if references else None)
        for label, spot in enumerate(spots + PHYSIOLOGIC, start=1)
    ]
    tumours = [f for f in foci if f.verdict is Verdict.TUMOUR]
    names = ("sstr_tv", "tlsre") if name == "SSTR" else ("mtv", "tlg")
    shown = [f for f in foci if f.verdict is not Verdict.PHYSIOLOGIC]
    totals = {
        key + ending: derived(key, sum(f.measurements[part].value or 0 for f in some), unit, method="sum over lesions")
        for ending, some in (("", tumours), ("_with_unsure", shown))
        for key, part, unit in zip(names, (keys.VOLUME, keys.TOTAL_UPTAKE), ("mL", "g"), strict=True)
    }
    return ReadingOfPet(
        series_key=series_key,
        tracer_class=tracer.tracer_class,
        references=_references(references),
        foci=foci,
        totals=totals,
        methods=[
            "Outline: 45 % of the way from background to SUVmax per lesion [convention].",
            "SUVpeak: mean of the 1 cm³ sphere of highest mean, voxels by their centres (IBSI) [verified].",
        ],
        limits=["Foci below 0.5 mL are counted; their volume carries a flag."],
    )


def _references(present: bool) -> list[ReferenceRegion]:
    if not present:
        because = {
            "liver": "the liver is outside the field of view",
            "blood_pool": "the aorta is outside the field of view",
        }
        return [ReferenceRegion(name=n, state=State.MISSING, missing_because=b) for n, b in because.items()]
    return [
        ReferenceRegion(
            name="liver",
            state=State.MEASURED,
            geometry="sphere of 30 mm",
            centre_lps_mm=(-90.0, 0.0, 80.0),
            source="built-in rule on PET and CT",
            confidence="moderate",
            mean=5.21,
            standard_deviation=0.44,
            maximum=6.6,
            voxel_count=42,
            volume_ml=14.1,
        ),
        ReferenceRegion(
            name="blood_pool",
            state=State.MEASURED,
            geometry="cylinder, 10 mm across, 20 mm long",
            centre_lps_mm=(5.0, 40.0, 150.0),
            source="built-in rule on CT",
            confidence="high",
            mean=1.42,
            standard_deviation=0.18,
            maximum=1.9,
            voxel_count=11,
            volume_ml=1.57,
            checks=["fewer voxels than wanted: found 11, expected at least 20"],
        ),
        ReferenceRegion(name="spleen", state=State.MISSING, missing_because="no spleen was found by the built-in rule"),
    ]


def lesions(readings: list[ReadingOfPet], spots: dict[str, tuple[Spot, ...]]) -> list[Lesion]:
    found = []
    for one in readings:
        for label, spot in enumerate(spots[one.series_key], start=1):
            name = spot.name if one is readings[0] else f"{spot.name[0]}{len(found) + 1}"
            found.append(
                Lesion(
                    id=name,
                    tracking_uid=f"2.25.{len(found) + 1}",
                    site=spot.site,
                    verdict=spot.verdict,
                    focus_ids=[f"{one.series_key}/{label}"],
                )
            )
    return found


SOFTWARE = Software(version="0.1.0", created="2026-05-12T08:30:00", libraries={"numpy": "2.4.0", "pydicom": "3.0.1"})


@cache
def two_tracer_case() -> tuple[Case, FakeImages]:
    """SSTR and FDG PET/CT, seven and two lesions, one unsure, a warning, an entry, a refused file."""
    fdg_spots = (SPOTS[4],)
    spots = {"pet-1": SPOTS, "pet-2": fdg_spots}
    readings = [reading("pet-1", SSTR, SPOTS), reading("pet-2", FDG, fdg_spots)]
    warning = QualityFinding(
        code="reference_time",
        severity=Severity.WARNING,
        problem="scan date-time of the vendor and series time differ",
        found="10:04:12 and 10:06:02",
        expected="at most 60 s apart",
        remedy="The vendor's time is used; the effect on SUV is 1.9 %.",
    )
    exams = [
        Exam(
            key="exam-1",
            study_uid="1.2.3",
            patient_id="REF-07",
            date="2026-05-11",
            title="68Ga-DOTATATE PET/CT",
            series=[
                ct_series("ct-1"),
                pet_series("pet-1", SSTR, findings=[warning]),
                pet_series(
                    "pet-3",
                    SSTR,
                    role=Role.PET_UNCORRECTED,
                    role_because="Corrected Image lacks ATTN",
                    description="WB NAC",
                    quantification=None,
                    number=5,
                ),
            ],
        ),
        Exam(
            key="exam-2",
            study_uid="1.2.4",
            patient_id="REF-07",
            date="2026-05-18",
            title="FDG PET/CT",
            series=[
                ct_series("ct-2", acquired="2026-05-18T09:50:00"),
                pet_series(
                    "pet-2",
                    FDG,
                    acquired="2026-05-18T10:00:00",
                    quantification=quantification(
                        injected_activity_mbq=265.0,
                        half_life_s=6586.2,
                        injection_time="2026-05-18T09:00:00",
                        reference_time="2026-05-18T10:01:00",
                        uptake_minutes=61.0,
                        factor=None,
                        factor_range=(3.2e-4, 3.4e-4),
                    ),
                ),
            ],
        ),
    ]
    case = Case(
        software=SOFTWARE,
        patient=Patient(id="REF-07", name="Invented^Person", sex="F", age_years=58.2, weight_kg=78, size_m=1.68),
        exams=exams,
        readings=readings,
        lesions=lesions(readings, spots),
        open_items=["X1: tumour or physiologic? A reader decides.", "Histology and grade: not given."],
        entries=[
            ReaderEntry(
                subject=EntrySubject.WEIGHT_KG,
                value=78.0,
                series=None,
                who="N. N.",
                when="2026-05-12T08:10:00",
                why="weight missing in the header; taken from the request form",
            ),
        ],
        refused=[
            RefusedInput(
                subject="disc/IMG_0042",
                problem="the file ends before its pixel data",
                found="81,204 bytes",
                expected="524,288 bytes of pixel data",
                remedy="Copy the file again.",
            ),
        ],
    )
    images = body_images({"pet-1": (TracerClass.SSTR, SPOTS), "pet-2": (TracerClass.FDG, fdg_spots)}, ("ct-1", "ct-2"))
    return case, images


@cache
def one_pet_case(spots: tuple[Spot, ...], *, references: bool = True) -> tuple[Case, FakeImages]:
    """One SSTR PET/CT with the given lesions."""
    one = reading("pet-1", SSTR, spots, references=references)
    values: dict[str, Any] = {
        "software": SOFTWARE,
        "patient": Patient(id="REF-08", sex="M"),
        "exams": [
            Exam(
                key="exam-1",
                study_uid="1.2.3",
                patient_id="REF-08",
                date="2026-05-11",
                title="68Ga-DOTATATE PET/CT",
                series=[ct_series("ct-1"), pet_series("pet-1", SSTR)],
            )
        ],
        "readings": [one],
        "lesions": lesions([one], {"pet-1": spots}),
    }
    return Case.model_validate(values), body_images({"pet-1": (TracerClass.SSTR, spots)}, ("ct-1",))


def no_pet_case() -> Case:
    """Only a CT, and a PET that was refused."""
    blocked = QualityFinding(
        code="weight_missing",
        severity=Severity.ERROR,
        problem="SUV blocked: body weight missing",
        found="Patient's Weight (0010,1030) empty",
        expected="kg",
        remedy="Enter the weight with --entries.",
    )
    refused = quantification(
        quantified=False,
        weight_kg=None,
        factor=None,
        uptake_minutes=None,
        injection_time=None,
        findings=[blocked],
        branch="refused",
    )
    return Case(
        software=SOFTWARE,
        patient=Patient(id="REF-09"),
        exams=[
            Exam(
                key="exam-1",
                study_uid="1.2.3",
                patient_id="REF-09",
                date=None,
                title="PET/CT",
                series=[ct_series("ct-1"), pet_series("pet-1", SSTR, quantification=refused, findings=[blocked])],
            )
        ],
    )
