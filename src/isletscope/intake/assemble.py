"""From image files to series: group, split, stack, classify, describe."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime

from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.intake.classifying import classify
from isletscope.intake.copies import without_copies
from isletscope.intake.diffusion import b_value_s_mm2
from isletscope.intake.evidence import SeriesEvidence, acquisition_moment
from isletscope.intake.files import Instance, SeriesFiles
from isletscope.intake.frames import frame_type, image_text, instances_of
from isletscope.intake.headers import FileHeader
from isletscope.intake.rescale import rescale_of
from isletscope.intake.split import Part, split_series
from isletscope.intake.stack import Plane, Stack, build_stack, describe, plane_of
from isletscope.intake.tracer import tracer_of
from isletscope.model import Patient, QualityFinding, Role, Series, Severity

NO_VOLUME = (Role.NM_NOT_QUANTIFIED, Role.OTHER, Role.DERIVED, Role.LOCALIZER)
_VOLUME_MODALITIES = ("CT", "MR", "PT")
_KEY_NAMES = {"PT": "pet", "CT": "ct", "MR": "mr", "NM": "nm"}


@dataclass(frozen=True)
class _Draft:
    """A part of a series before it is named and classified."""

    part: Part
    stack: Stack
    moment: datetime | None
    position: int

    @property
    def header(self) -> Dataset:
        """Header of the first plane."""
        return self.stack.planes[0].instance.header


def assemble(images: list[FileHeader]) -> list[SeriesFiles]:
    """All series of the files, in order of acquisition, with keys, grids, roles and findings.

    Series of CT, MR and PET that form no grid are listed with the finding that says why.
    """
    drafts: list[_Draft] = []
    for files in by_series(images).values():
        instances = [instance for file in files for instance in instances_of(file)]
        drafts.extend(_drafts(instances, len(drafts)))
    drafts.sort(key=lambda draft: (draft.moment or datetime.max, draft.position))
    pet_frames, pet_studies = _pet_places(drafts)
    counts: dict[str, int] = defaultdict(int)
    series = []
    for draft in drafts:
        name = _KEY_NAMES.get(values.text(draft.header, "Modality"), "other")
        counts[name] += 1
        frame = values.text(draft.header, "FrameOfReferenceUID")
        study = values.text(draft.header, "StudyInstanceUID")
        with_pet = frame in pet_frames if frame else study in pet_studies
        series.append(_series(draft, f"{name}-{counts[name]}", with_pet))
    return series


def by_series(images: list[FileHeader]) -> dict[tuple[str, ...], list[FileHeader]]:
    """Files by patient, study, series and object class, in order of first appearance."""
    groups: dict[tuple[str, ...], list[FileHeader]] = defaultdict(list)
    for file in images:
        names = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID")
        groups[tuple(values.text(file.dataset, name) for name in names)].append(file)
    return groups


def _drafts(instances: list[Instance], before: int) -> list[_Draft]:
    """Parts of one series: its pictures (localizers, captures) as they are, the rest split and stacked."""
    pictures, planes = _sorted_out(instances)
    drafts = [_draft(part, Stack(part.planes, None), before) for part in pictures]
    parts = split_series(planes) if planes else []
    drafts += [_draft(part, _stack(part), before) for part in parts]
    return [replace(draft, position=before + number) for number, draft in enumerate(drafts)]


def _draft(part: Part, stack: Stack, position: int) -> _Draft:
    moments = [found for plane in stack.planes if (found := acquisition_moment(plane.instance)) is not None]
    return _Draft(part, stack, min(moments, default=None), position)


def _stack_without_copies(stack: Stack) -> Stack:
    """The stack again without images that were sent twice; as it was when that does not make it whole."""
    kept = without_copies(list(stack.planes))
    again = build_stack(kept)
    if again.geometry is None:
        return stack
    finding = QualityFinding(
        code="copied_images",
        severity=Severity.WARNING,
        problem="images were sent twice under two identifiers with equal values; one of each is used",
        found=f"{len(stack.planes) - len(kept)} copies among {len(stack.planes)} images",
        expected="every image once",
    )
    return replace(again, findings=(*again.findings, finding))


def _sorted_out(instances: list[Instance]) -> tuple[list[Part], list[Plane]]:
    """Pictures, gathered by their role, and the planes that may form volumes."""
    roles: dict[tuple[str, ...], Role | None] = {}
    pictures: dict[Role, list[Plane]] = defaultdict(list)
    planes: list[Plane] = []
    for instance in instances:
        kind = (frame_type(instance), *(image_text(instance, name) for name in _KIND_OF_IMAGE))
        if kind not in roles:
            roles[kind] = _picture_role(instance)
        role = roles[kind]
        (planes if role is None else pictures[role]).append(plane_of(instance))
    mixed = len(pictures) + bool(planes) > 1
    return [Part(tuple(group), str(role) if mixed else None) for role, group in pictures.items()], planes


_KIND_OF_IMAGE = ("SeriesType", "SamplesPerPixel")


def _picture_role(instance: Instance) -> Role | None:
    """The role of an image that is no plane of a volume (capture, colour, localizer, other kinds); None for others."""
    role, _ = classify(SeriesEvidence(instance))
    other = values.text(instance.header, "Modality") not in _VOLUME_MODALITIES
    return role if other or role in NO_VOLUME else None


def _stack(part: Part) -> Stack:
    if not part.scattered:
        stack = build_stack(list(part.planes))
        repeated = any(finding.code == "duplicate_positions" for finding in stack.findings)
        return _stack_without_copies(stack) if repeated else stack
    finding = QualityFinding(
        code="mixed_orientation",
        severity=Severity.ERROR,
        problem="the planes lie in many directions, so they form no volume",
        found=f"{len(part.planes)} planes",
        expected="one direction per series",
        remedy="Not measured; nothing to do for radial or survey series.",
    )
    return Stack(part.planes, None, findings=(finding,))


def _pet_places(drafts: list[_Draft]) -> tuple[set[str], set[str]]:
    frames, studies = set(), set()
    for draft in drafts:
        if values.text(draft.header, "Modality") == "PT":
            frames.add(values.text(draft.header, "FrameOfReferenceUID"))
            studies.add(values.text(draft.header, "StudyInstanceUID"))
    return frames - {""}, studies - {""}


def _series(draft: _Draft, key: str, with_pet: bool) -> SeriesFiles:
    header, stack, part = draft.header, draft.stack, draft.part
    instances = tuple(plane.instance for plane in stack.planes)
    evidence = SeriesEvidence(instances[0], part.label, part.phase, with_pet)
    role, because = classify(evidence)
    geometry = stack.geometry
    b_value = b_value_s_mm2(instances[0]) if role is Role.MR_DWI else None
    record = Series(
        key=key,
        series_uid=values.text(header, "SeriesInstanceUID"),
        part=part.label,
        modality=values.text(header, "Modality"),
        sop_class=values.uid_name(header, "SOPClassUID"),
        description=values.words(header, "SeriesDescription") or values.words(header, "ProtocolName"),
        number=int(number) if (number := values.number(header, "SeriesNumber")) is not None else None,
        manufacturer=values.words(header, "Manufacturer"),
        model=values.words(header, "ManufacturerModelName"),
        acquired=draft.moment.isoformat() if draft.moment else None,
        frame_of_reference_uid=values.text(header, "FrameOfReferenceUID") or None,
        role=role,
        role_because=because,
        tracer=tracer_of(instances[0]) if values.text(header, "Modality") == "PT" else None,
        b_value_s_mm2=b_value,
        body_part=values.words(header, "BodyPartExamined"),
        instance_count=len(instances),
        grid=describe(geometry) if geometry is not None else None,
        findings=_findings(draft, role),
        fingerprint=fingerprint(instances),
    )
    return SeriesFiles(
        record=record,
        patient=patient_of(header),
        study_uid=values.text(header, "StudyInstanceUID"),
        study_date=values.iso_date(values.text(header, "StudyDate")),
        instances=instances,
        gaps=stack.gaps,
    )


def fingerprint(instances: tuple[Instance, ...]) -> str:
    """Hash over SOP Instance UID, frame, size and change time of the planes, whatever their order or folder."""
    lines = sorted(f"{item.sop_instance_uid}|{item.frame}|{item.file_size}|{item.changed_ns}" for item in instances)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def patient_of(header: Dataset) -> Patient:
    """The person as this header names them. Without an identifier the name stands in, so that persons stay apart."""
    birth = values.iso_date(values.text(header, "PatientBirthDate"))
    study = values.moment(values.text(header, "StudyDate"), "00")
    name = values.words(header, "PatientName")
    return Patient(
        id=values.words(header, "PatientID") or f"(no identifier) {name}".strip(),
        name=name or None,
        sex=values.text(header, "PatientSex") or None,
        birth_date=birth,
        age_years=_age_years(header, birth, study),
        weight_kg=values.number(header, "PatientWeight") or None,
        size_m=values.number(header, "PatientSize") or None,
    )


def _age_years(header: Dataset, birth: str | None, study: datetime | None) -> float | None:
    said = values.text(header, "PatientAge")
    per_year = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}
    if len(said) >= 2 and said[:-1].isdigit() and said[-1].upper() in per_year:
        return round(int(said[:-1]) / per_year[said[-1].upper()], 2)
    if birth is None or study is None:
        return None
    days = (study - datetime.fromisoformat(birth)).days
    return round(days / 365.25, 2) if days >= 0 else None


def _findings(draft: _Draft, role: Role) -> list[QualityFinding]:
    findings = list(draft.stack.findings)
    if draft.part.label and role not in NO_VOLUME:
        findings.append(_info("split_series", "one series held several volumes; this is one part", draft.part.label))
    if role not in NO_VOLUME:
        findings += _header_findings(draft)
    return findings


def _header_findings(draft: _Draft) -> list[QualityFinding]:
    """Facts of the header that a reader should know and that do not stop a measurement."""
    header, findings = draft.header, []
    modality = values.text(header, "Modality")
    line = rescale_of(draft.stack.planes[0].instance)
    if modality == "CT" and line.source == "none":
        findings.append(
            QualityFinding(
                code="no_rescale",
                severity=Severity.WARNING,
                problem="the CT does not say how stored values become Hounsfield units",
                found="no Rescale Slope (0028,1053) and Intercept (0028,1052)",
                expected="both",
                remedy="Values are shown as stored and not taken as HU.",
            )
        )
    if values.text(header, "PhotometricInterpretation") == "MONOCHROME1":
        problem = "low values are meant to be shown bright (MONOCHROME1); the values themselves are unchanged"
        findings.append(_info("monochrome1", problem))
    if values.text(header, "LossyImageCompression") == "01":
        method = values.text(header, "LossyImageCompressionMethod")
        findings.append(
            QualityFinding(
                code="lossy_compression",
                severity=Severity.WARNING,
                problem="the images were compressed with loss, so values may differ from the original",
                found=f"Lossy Image Compression (0028,2110) is 01 {method}".rstrip(),
                expected="00",
                remedy="Use the original series where you can.",
            )
        )
    if not values.text(header, "FrameOfReferenceUID"):
        problem = "no frame of reference is named, so the series cannot be laid over others with certainty"
        findings.append(_info("no_frame_of_reference", problem, "Frame of Reference UID (0020,0052) is empty"))
    return findings


def _info(code: str, problem: str, found: str = "") -> QualityFinding:
    return QualityFinding(code=code, severity=Severity.INFO, problem=problem, found=found)
