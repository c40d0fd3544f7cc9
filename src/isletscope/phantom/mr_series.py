"""The series that one vendor makes of an MR exam, with what classic and enhanced writing share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from isletscope.phantom.mr_sequences import ADC_IMAGE, MrImage, MrVendor, SeriesLayout, mr_protocol
from isletscope.phantom.scanner_mr import MrExam
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import SeriesFacts

PROTON_MHZ_PER_TESLA = 42.577
_USED_SCALE = 0.95


@dataclass(frozen=True)
class SeriesToWrite:
    """One series of one exam: its layout, its place in the exam, and what it is filled from."""

    exam: MrExam
    visit: Visit
    vendor: MrVendor
    layout: SeriesLayout
    number: int

    @property
    def kind(self) -> str:
        """Unique among the exam's series; the source of its identifiers."""
        return f"mr_{self.layout.key}"

    @property
    def file_kind(self) -> str:
        """Two letters for file names: M1 to M9, MA ..."""
        return f"M{self.number:X}"

    @property
    def syntax(self) -> str:
        """The transfer syntax to write in."""
        return self.visit.rule.transfer_syntax

    @property
    def facts(self) -> SeriesFacts:
        """What tells this series from the others of the study."""
        return SeriesFacts(
            self.kind,
            "MR",
            self.number + 1 if self.visit.vendor.key != "philips" else 100 * self.number + 1,
            self.layout.description,
            self.start(self.layout.images[0]),
            model=self.vendor.model,
            software=self.vendor.software,
            study="MR Liver Pancreas",
            protocol=self.layout.description,
            body_part="ABDOMEN",
        )

    def settings(self, key: str) -> MrImage:
        """Settings of an image; those of the lowest b-value for the ADC map."""
        protocol = mr_protocol()
        return protocol.images[protocol.adc_from[0] if key == ADC_IMAGE else key]

    def start(self, key: str) -> dt.datetime:
        """When an image's acquisition began."""
        return self.visit.scan_start + dt.timedelta(seconds=self.settings(key).start_s)

    def units_per_stored(self, key: str) -> float:
        """Value of one stored step, before any slope of a slice: one for all images of a breath-hold; 1 for ADC."""
        if key == ADC_IMAGE:
            return 1.0
        hold = self.exam.series[key].hold
        images = [s.image for s in self.exam.series.values() if s.hold == hold and s.key != ADC_IMAGE]
        return max(float(image.max()) for image in images) / (_USED_SCALE * self.vendor.full_scale)


def series_of(exam: MrExam, visit: Visit) -> list[SeriesToWrite]:
    """The exam's series in the order of the vendor's protocol."""
    protocol = mr_protocol()
    vendor = protocol.vendors[visit.vendor.key]
    layouts = protocol.layouts(visit.vendor.key, exam.rule)
    return [SeriesToWrite(exam, visit, vendor, layout, n) for n, layout in enumerate(layouts, start=1)]


def mr_series_facts(exam: MrExam, visit: Visit) -> dict[str, dict[str, Any]]:
    """What finds each image in the files, for truth.json: by key, its series and what tells it from its neighbours.

    ``series_uid``, ``hold``, ``start_s`` (from the start of the exam), ``noise`` (deviation in either channel, where
    unenhanced liver is about 300), and where they apply ``phase``, ``b_s_mm2``, ``echo_ms``, ``temporal_position``.
    """
    facts: dict[str, dict[str, Any]] = {}
    for series in series_of(exam, visit):
        keys = series.layout.images
        for n, key in enumerate(keys, start=1):
            settings, image = series.settings(key), exam.series[key]
            row: dict[str, Any] = {
                "series_uid": visit.uid(series.kind, "series"),
                "hold": image.hold,
                "start_s": settings.start_s,
                "noise": round(image.noise, 4),
                "phase": settings.phase,
                "b_s_mm2": settings.excitation.b_s_mm2 if image.hold == "dwi" and key != ADC_IMAGE else None,
                "echo_ms": settings.excitation.echo_ms if key != ADC_IMAGE else None,
                "temporal_position": n if image.hold == "dynamic" and len(keys) > 1 else None,
            }
            facts[key] = {name: value for name, value in row.items() if value is not None}
    return facts
