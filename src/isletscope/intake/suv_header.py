"""The header values that SUV depends on, read from classic, legacy-converted and enhanced PET alike.

Nothing is judged here beyond what cannot be read; see ``suv_gates``, ``suv_times`` and ``suv_factors``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.intake.files import Instance, SeriesFiles
from isletscope.intake.frames import image_items, image_number, image_text
from isletscope.intake.suv_clock import Clock, parse_date_time, parse_offset, parse_time
from isletscope.intake.suv_notes import Notes
from isletscope.intake.suv_planes import PlaneHeader, read_plane
from isletscope.intake.suv_private import ge_moment, siemens_moment

ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"

_ALIKE = {
    "Units": "Units (0054,1001)",
    "SUVType": "SUV Type (0054,1006)",
    "DecayCorrection": "Decay Correction (0054,1102)",
    "CorrectedImage": "Corrected Image (0028,0051)",
    "SeriesDate": "Series Date (0008,0021)",
    "SeriesTime": "Series Time (0008,0031)",
    "PatientWeight": "Patient's Weight (0010,1030)",
    "AttenuationCorrected": "Attenuation Corrected (0018,9759)",
    "DecayCorrected": "Decay Corrected (0018,9758)",
    "DecayCorrectionDateTime": "Decay Correction DateTime (0018,9701)",
}
_ALIKE_IN_ITEM = {
    "RadiopharmaceuticalStartDateTime": "Radiopharmaceutical Start DateTime (0018,1078)",
    "RadiopharmaceuticalStartTime": "Radiopharmaceutical Start Time (0018,1072)",
    "RadionuclideTotalDose": "Radionuclide Total Dose (0018,1074)",
    "RadionuclideHalfLife": "Radionuclide Half Life (0018,1075)",
}
_SERIES_CLOCK_OF_REFERENCE = "Series Date/Time (0008,0021), (0008,0031)"


@dataclass(frozen=True)
class Radiopharmaceutical:
    """One item of the Radiopharmaceutical Information Sequence (0054,0016); None means absent or unreadable.

    ``activity`` is as stored; ``activity_text`` and ``half_life_text`` are what stands there. ``nuclide_codes`` are
    code value and scheme; ``texts`` are code meanings and the name.
    """

    started: datetime | None = None
    started_clock: time | None = None
    activity: float | None = None
    activity_text: str = ""
    half_life_s: float | None = None
    half_life_text: str = ""
    nuclide_codes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class PetHeader:
    """What one PET series says about its voxel values. Times are on the series' ``clock``; None means absent.

    ``units``, ``suv_type``: Units (0054,1001) and SUV Type (0054,1006), or the same terms for the unit of a real-world
    value mapping. ``decay_correction``: START, ADMIN, NONE, or what stands there; enhanced objects count as START or
    NONE. ``activity_unit``: the unit that the object class prescribes.
    """

    enhanced: bool
    units: str
    suv_type: str
    decay_correction: str
    attenuation_corrected: bool
    decay_corrected: bool
    corrections: str
    clock: Clock
    series_moment: datetime | None
    vendor_moment: datetime | None
    decay_moment: datetime | None
    radiopharmaceuticals: tuple[Radiopharmaceutical, ...]
    injection_private: datetime | None
    weight: float | None
    weight_text: str
    size: float | None
    size_text: str
    sex: str
    planes: tuple[PlaneHeader, ...]

    @property
    def activity_unit(self) -> str:
        """Classic and legacy-converted PET hold Bq, enhanced PET holds MBq (PS3.3 C.8.22.4)."""
        return "MBq" if self.enhanced else "Bq"

    @property
    def first_acquisition(self) -> datetime | None:
        """The earliest acquisition of all planes."""
        return min((plane.acquired for plane in self.planes if plane.acquired), default=None)


def read_pet_header(files: SeriesFiles, notes: Notes) -> PetHeader:
    """The header of a PET series; what cannot be read, or differs between images, is told to ``notes``."""
    first = files.instances[0]
    enhanced = values.text(first.header, "SOPClassUID") == ENHANCED_PET
    clock = _clock(first, notes)
    planes = tuple(read_plane(instance, clock, enhanced=enhanced) for instance in files.instances)
    _check_alike(files, notes)
    real_world = planes[0].real_world
    corrections = [term.strip() for term in image_text(first, "CorrectedImage").upper().split("\\")]
    attenuation, decay = (image_text(first, name).upper() for name in ("AttenuationCorrected", "DecayCorrected"))
    if enhanced:
        found = f"Attenuation Corrected {attenuation or 'absent'}, Decay Corrected {decay or 'absent'}"
    else:
        found = "\\".join(corrections) or "no value"
    return PetHeader(
        enhanced=enhanced,
        units=real_world.units if real_world else image_text(first, "Units").upper(),
        suv_type=real_world.suv_type if real_world else image_text(first, "SUVType").upper(),
        decay_correction=_decay_correction(first, enhanced, decay),
        attenuation_corrected=attenuation == "YES" if enhanced else "ATTN" in corrections,
        decay_corrected=decay == "YES" if enhanced else "DECY" in corrections,
        corrections=found,
        clock=clock,
        series_moment=None if enhanced else _series_moment(first, clock, notes),
        vendor_moment=ge_moment(first, 0x0D, clock, notes) or siemens_moment(first, clock),
        decay_moment=_date_time(first.header, "DecayCorrectionDateTime", clock, notes) if enhanced else None,
        radiopharmaceuticals=tuple(_radiopharmaceuticals(first, clock, notes)),
        injection_private=ge_moment(first, 0x3B, clock, notes),
        weight=image_number(first, "PatientWeight"),
        weight_text=image_text(first, "PatientWeight"),
        size=image_number(first, "PatientSize"),
        size_text=image_text(first, "PatientSize"),
        sex=image_text(first, "PatientSex").upper(),
        planes=planes,
    )


def _decay_correction(first: Instance, enhanced: bool, flag: str) -> str:
    if not enhanced:
        return image_text(first, "DecayCorrection").upper()
    return {"YES": "START", "NO": "NONE"}.get(flag, flag)


def _items(image: Instance) -> list[Dataset]:
    return image_items(image, "RadiopharmaceuticalInformationSequence")


def _radiopharmaceuticals(first: Instance, clock: Clock, notes: Notes) -> list[Radiopharmaceutical]:
    """The different items of the first image; repeated equal items count once."""
    kept: dict[str, Radiopharmaceutical] = {}
    for item in _items(first):
        texts = _texts(item)
        started = values.text(item, "RadiopharmaceuticalStartDateTime")
        clock_text = values.text(item, "RadiopharmaceuticalStartTime")
        dose, half_life = (values.text(item, name) for name in ("RadionuclideTotalDose", "RadionuclideHalfLife"))
        description = ", ".join(
            [
                *texts[-1:],
                f"{dose or '?'} injected at {started or clock_text or '?'}",
                f"half-life {half_life or '?'} s",
            ]
        )
        if description in kept:
            continue
        started_clock = parse_time(clock_text) if clock_text else None
        if clock_text and started_clock is None:
            element = _ALIKE_IN_ITEM["RadiopharmaceuticalStartTime"]
            notes.say("time_unreadable", f"'{clock_text}'", element=element)
        kept[description] = Radiopharmaceutical(
            started=_date_time(item, "RadiopharmaceuticalStartDateTime", clock, notes),
            started_clock=started_clock,
            activity=values.number(item, "RadionuclideTotalDose"),
            activity_text=dose,
            half_life_s=values.number(item, "RadionuclideHalfLife"),
            half_life_text=half_life,
            nuclide_codes=tuple(_codes(item)),
            texts=tuple(texts),
            description=description,
        )
    return list(kept.values())


def _texts(item: Dataset) -> list[str]:
    """Meanings of the nuclide's and the radiopharmaceutical's codes, then the name in free text."""
    texts = [
        values.words(code, "CodeMeaning")
        for keyword in ("RadionuclideCodeSequence", "RadiopharmaceuticalCodeSequence")
        for code in item.get(keyword) or []
    ]
    return [text for text in [*texts, values.words(item, "Radiopharmaceutical")] if text]


def _codes(item: Dataset) -> list[str]:
    """Code value and scheme of the nuclide; the old names of SNOMED are brought to SRT."""
    codes = []
    for code in item.get("RadionuclideCodeSequence") or []:
        scheme = values.text(code, "CodingSchemeDesignator").upper()
        codes.append(f"{values.text(code, 'CodeValue')} {'SRT' if scheme in ('SNM3', '99SDM') else scheme}")
    return codes


def _clock(first: Instance, notes: Notes) -> Clock:
    """The zone of the series; where only a date-time carries an offset, that offset is taken for all, and said."""
    offset = parse_offset(image_text(first, "TimezoneOffsetFromUTC"))
    if offset is not None:
        return Clock(offset)
    texts = {"Acquisition DateTime (0008,002A)": image_text(first, "AcquisitionDateTime")}
    for item in _items(first)[:1]:
        element = _ALIKE_IN_ITEM["RadiopharmaceuticalStartDateTime"]
        texts[element] = values.text(item, "RadiopharmaceuticalStartDateTime")
    for element, text in texts.items():
        parsed = parse_date_time(text)
        if parsed is not None and parsed[1] is not None:
            clock = Clock(parsed[1])
            notes.say("time_zone_assumed", found=f"{clock.name} in {element}")
            return clock
    return Clock()


def _series_moment(first: Instance, clock: Clock, notes: Notes) -> datetime | None:
    date_text, time_text = image_text(first, "SeriesDate"), image_text(first, "SeriesTime")
    if not date_text or not time_text:
        return None
    moment = clock.joined(date_text, time_text)
    if moment is None:
        notes.say("time_unreadable", f"'{date_text} {time_text}'", element=_SERIES_CLOCK_OF_REFERENCE)
    return moment


def _date_time(dataset: Dataset, keyword: str, clock: Clock, notes: Notes) -> datetime | None:
    text = values.text(dataset, keyword)
    moment = clock.moment(text) if text else None
    if text and moment is None:
        notes.say("time_unreadable", f"'{text}'", element={**_ALIKE, **_ALIKE_IN_ITEM}[keyword])
    return moment


def _check_alike(files: SeriesFiles, notes: Notes) -> None:
    """Tell ``notes`` which attributes differ between the images, with the values found."""
    images = files.instances
    first_items = [next(iter(_items(image)), Dataset()) for image in images]
    found = {
        element: {_comparable(image_text(image, keyword)) for image in images} for keyword, element in _ALIKE.items()
    }
    for keyword, element in _ALIKE_IN_ITEM.items():
        found[element] = {_comparable(values.text(item, keyword)) for item in first_items}
    for element, different in found.items():
        if len(different) > 1:
            listed = ", ".join(sorted(different)[:5])
            notes.say("not_homogeneous", found=f"{len(different)} values: {listed}", element=element)


def _comparable(text: str) -> str:
    """The value so that equal numbers and equal sets of terms compare equal."""
    parts = sorted(part.strip() for part in text.split("\\"))
    try:
        return "\\".join(f"{float(part):.9g}" for part in parts)
    except ValueError:
        return "\\".join(parts) or "no value"
