"""Which contacts with vessels are pictured, and on which images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from isletscope.assessment import surgery_book
from isletscope.errors import IsletscopeError
from isletscope.model import ExamKind, Lesion, ReadingOfImages, Role, Series
from isletscope.reading.kept_pictures import picture_name
from isletscope.reading.near_tumour import NearTumour
from isletscope.spatial import Mask, Volume
from isletscope.surgery import Apart, ContactView, NotAssessable, VesselContact, contact_view

# Between fat and enhanced blood, so that both edges of a wall are seen.
_CT_WINDOW_HU = (-100.0, 300.0)


def pictured_on(
    about: NearTumour,
    lesion: Lesion,
    reading: ReadingOfImages,
    found: Sequence[VesselContact | Apart | NotAssessable],
    tumour: Mask,
) -> Iterator[tuple[str, ContactView]]:
    """Name and view of each vessel that decides on resectability and is touched."""
    for one in found:
        if not isinstance(one, VesselContact) or one.vessel not in surgery_book().deciding_vessels:
            continue
        if one.contact.degrees_max <= 0 and one.category == "none":
            continue
        series, image = _behind(about, reading, one.vessel)
        window = _CT_WINDOW_HU if reading.kind is ExamKind.CT else None
        shown_on = "" if series is None else series.description or series.role.value.replace("_", " ")
        name = picture_name(lesion.id, one.vessel, reading.exam_key)
        yield name, contact_view(one, tumour, image=image, shown_on=shown_on, window=window)


def _behind(about: NearTumour, reading: ReadingOfImages, vessel: str) -> tuple[Series | None, Volume | None]:
    """The images behind the section: those of the phase in which such a vessel is brightest, where they can be had."""
    best = Role.CT_PORTAL_VENOUS if "vein" in vessel or "cava" in vessel else Role.CT_ARTERIAL
    keys = [key for key in reading.series_keys if about.places.same_frame(key, reading.series_key)]
    listed = sorted(dict.fromkeys([reading.series_key, *keys]), key=lambda key: about.case.series(key).role is not best)
    for key in listed:
        with suppress(IsletscopeError, KeyError):  # a case whose scanner files are gone has kept volumes alone
            return about.case.series(key), about.source.volume(key)
    return None, None
