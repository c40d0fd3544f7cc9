"""What the headers of a series say, gathered once for the rules that classify it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.frames import frame_numbers, frame_text, frame_type
from isletscope.intake.role_table import Hints
from isletscope.intake.tracer import contains, simplify

_DESCRIPTIONS = (
    ("SeriesDescription", "Series Description (0008,103E)"),
    ("ProtocolName", "Protocol Name (0018,1030)"),
)


@dataclass(frozen=True)
class SeriesEvidence:
    """One series (or part) as the rules see it.

    ``part`` is the label of a part of a mixed series; ``phase`` its number among the moments of a dynamic series;
    ``with_pet``: a PET lies in the same frame of reference, or in the same study when no frame is named.
    """

    instance: Instance
    part: str | None = None
    phase: tuple[int, int] | None = None
    with_pet: bool = False

    @property
    def header(self) -> Dataset:
        """Header of the first plane."""
        return self.instance.header

    @property
    def modality(self) -> str:
        """Modality (0008,0060)."""
        return values.text(self.header, "Modality")

    @property
    def image_types(self) -> tuple[str, ...]:
        """Values of Image Type (0008,0008), or of the frame's Frame Type (0008,9007), in capitals."""
        return tuple(token.strip().upper() for token in frame_type(self.instance).split("\\"))

    def frame_text(self, group: str, attribute: str) -> str:
        """Text of an attribute from the functional groups, else from the header."""
        return frame_text(self.instance, group, attribute)

    def frame_number(self, group: str, attribute: str) -> float | None:
        """First number of an attribute from the functional groups, else from the header."""
        found = frame_numbers(self.instance, group, attribute)
        return found[0] if found else None

    def typed(self, hints: Hints) -> str | None:
        """Why, when Image Type beyond its second value holds one of the hints' types."""
        for token in self.image_types[2:]:
            if token in hints.image_types:
                return f"Image Type (0008,0008) holds {token}"
        return None

    def worded(self, words: tuple[str, ...], *, protocol: bool = True) -> str | None:
        """Why, when a description holds one of the words; the series description before the protocol name."""
        for keyword, where in _DESCRIPTIONS[: 2 if protocol else 1]:
            said = values.words(self.header, keyword)
            plain = simplify(said)
            if any(contains(plain, word) for word in words):
                return f"{where} is {said!r}"
        if self.part and any(contains(simplify(self.part), word) for word in words):
            return f"this part of the series is {self.part!r}"
        return None

    def hinted(self, hints: Hints) -> str | None:
        """Why, by image type first, then by words."""
        return self.typed(hints) or self.worded(hints.words)

    @property
    def agent(self) -> str:
        """Contrast agent, where one is named; 'no' and 'none' are no agent."""
        said = values.words(self.header, "ContrastBolusAgent")
        return "" if said.lower() in ("no", "none", "n", "without", "no contrast", "0") else said

    @property
    def contrast_delay_s(self) -> float | None:
        """Seconds from Contrast/Bolus Start Time (0018,1042) to the acquisition; None when not sensible."""
        day = values.text(self.header, "AcquisitionDate") or values.text(self.header, "StudyDate")
        start = values.moment(day, values.text(self.header, "ContrastBolusStartTime"))
        acquired = acquisition_moment(self.instance)
        if start is None or acquired is None:
            return None
        delay = (acquired - start).total_seconds()
        return delay if 0 < delay < 7200 else None


def acquisition_moment(instance: Instance) -> datetime | None:
    """When the plane was acquired, local time of the scanner.

    Acquisition DateTime, else date and time of acquisition, of content (on the day of the study only: a later day is
    that of processing), of the series, of the study. None when no pair can be read.
    """
    said = frame_text(instance, "FrameContentSequence", "FrameAcquisitionDateTime") or values.text(
        instance.header, "AcquisitionDateTime"
    )
    found = values.moment_of(said) if said else None
    if found is not None:
        return found
    header = instance.header
    acquired = _moment_in(header, "AcquisitionDate", "AcquisitionTime")
    if acquired is not None:
        return acquired
    days = {values.text(header, "StudyDate"), values.text(header, "SeriesDate")} - {""}
    if values.text(header, "ContentDate") in days | {""}:
        content = _moment_in(header, "ContentDate", "ContentTime")
        if content is not None:
            return content
    return _moment_in(header, "SeriesDate", "SeriesTime") or _moment_in(header, "StudyDate", "StudyTime")


def _moment_in(header: Dataset, date_keyword: str, time_keyword: str) -> datetime | None:
    time_said = values.text(header, time_keyword)
    for date_said in (values.text(header, date_keyword), values.text(header, "StudyDate")):
        found = values.moment(date_said, time_said)
        if found is not None:
            return found
    return None
