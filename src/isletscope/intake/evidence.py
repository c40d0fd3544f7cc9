"""What the headers of a series say, gathered once for the rules that classify it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.intake.contrast import Contrast, contrast_of
from isletscope.intake.files import Instance
from isletscope.intake.frames import frame_number, frame_text, frame_type, image_number, image_text, image_words
from isletscope.intake.role_table import Hints
from isletscope.intake.wording import contains, simplify

_DESCRIPTIONS = (
    ("SeriesDescription", "Series Description (0008,103E)"),
    ("ProtocolName", "Protocol Name (0018,1030)"),
)


_LONGEST_DELAY_S = 7200.0


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

    def text(self, keyword: str) -> str:
        """Text of an attribute of the image; empty when absent."""
        return image_text(self.instance, keyword)

    def number(self, keyword: str) -> float | None:
        """First number of an attribute of the image; None when absent."""
        return image_number(self.instance, keyword)

    def frame_text(self, group: str, attribute: str) -> str:
        """Text of an attribute from the functional groups, else from the header."""
        return frame_text(self.instance, group, attribute)

    def frame_number(self, group: str, attribute: str) -> float | None:
        """First number of an attribute from the functional groups, else from the header."""
        return frame_number(self.instance, group, attribute)

    def typed(self, hints: Hints) -> str | None:
        """Why, when Image Type beyond its second value holds one of the hints' types."""
        for token in self.image_types[2:]:
            if token in hints.image_types:
                return f"Image Type (0008,0008) holds {token}"
        return None

    def worded(self, words: tuple[str, ...], *, protocol: bool = True) -> str | None:
        """Why, when a description holds one of the words; the series description before the protocol name."""
        found = self.words_found(words, protocol=protocol)
        return found[0] if found else None

    def words_found(self, words: tuple[str, ...], *, protocol: bool = True) -> tuple[str, tuple[str, ...]] | None:
        """Why, as in :meth:`worded`, and all the words that the first such description holds."""
        for sentence, plain in self._descriptions(protocol):
            held = tuple(word for word in words if contains(plain, word))
            if held:
                return sentence, held
        return None

    def _descriptions(self, protocol: bool) -> Iterator[tuple[str, str]]:
        """Each description as a sentence for the reader and simplified."""
        for keyword, where in _DESCRIPTIONS[: 2 if protocol else 1]:
            said = image_words(self.instance, keyword)
            yield f"{where} is {said!r}", simplify(said)
        if self.part:
            yield f"this part of the series is {self.part!r}", simplify(self.part)

    def hinted(self, hints: Hints) -> str | None:
        """Why, by image type first, then by words."""
        return self.typed(hints) or self.worded(hints.words)

    @cached_property
    def contrast(self) -> Contrast:
        """Contrast agent, its start and the stated phase."""
        return contrast_of(self.instance)

    @property
    def agent(self) -> str:
        """Contrast agent, where one is named; 'no' and 'none' are no agent."""
        return self.contrast.agent

    @property
    def contrast_delay_s(self) -> float | None:
        """Seconds from Contrast/Bolus Start Time (0018,1042) to the acquisition; None when not sensible."""
        acquired = acquisition_moment(self.instance)
        delay = None if acquired is None else self.contrast.delay_s(acquired)
        return delay if delay is not None and 0 < delay < _LONGEST_DELAY_S else None


def acquisition_moment(instance: Instance) -> datetime | None:
    """When the plane was acquired, local time of the scanner.

    Acquisition DateTime, else date and time of acquisition, of content (on the day of the study only: a later day is
    that of processing), of the series, of the study. None when no pair can be read.
    """
    said = frame_text(instance, "FrameContentSequence", "FrameAcquisitionDateTime") or image_text(
        instance, "AcquisitionDateTime"
    )
    found = values.moment_of(said) if said else None
    if found is not None:
        return found
    acquired = _moment_in(instance, "AcquisitionDate", "AcquisitionTime")
    if acquired is not None:
        return acquired
    days = {image_text(instance, "StudyDate"), image_text(instance, "SeriesDate")} - {""}
    if image_text(instance, "ContentDate") in days | {""}:
        content = _moment_in(instance, "ContentDate", "ContentTime")
        if content is not None:
            return content
    return _moment_in(instance, "SeriesDate", "SeriesTime") or _moment_in(instance, "StudyDate", "StudyTime")


def _moment_in(instance: Instance, date_keyword: str, time_keyword: str) -> datetime | None:
    time_said = image_text(instance, time_keyword)
    for date_said in (image_text(instance, date_keyword), image_text(instance, "StudyDate")):
        found = values.moment(date_said, time_said)
        if found is not None:
            return found
    return None
