"""The volumes of a case's series, loaded when first asked for and kept in the case folder."""

from __future__ import annotations

from collections.abc import Mapping

from isletscope import intake
from isletscope.model import Case, Series
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.steps import digest
from isletscope.spatial import Volume


class SeriesSource:
    """PET as SUVbw in g/mL, CT in HU, ADC in 10^-6 mm2/s, other MR in arbitrary intensity; memory-mapped."""

    def __init__(self, folder: CaseFolder, case: Case, files_of: Mapping[str, intake.SeriesFiles]) -> None:
        self._folder = folder
        self._case = case
        self._files_of = files_of

    def volume(self, series_key: str) -> Volume:
        """The volume of a usable series. Raises Refusal when its files form none, OutputError for the cache."""
        series = self._case.series(series_key)
        made_from = stamp_of(series)
        kept = self._folder.volume(series_key, made_from)
        if kept is not None:
            return kept
        files = self._files_of[series_key]
        quantification = series.quantification
        if quantification is not None and quantification.quantified:
            volume = intake.load_suv(files, quantification)
        else:
            volume = intake.load_volume(files)
        self._folder.keep_volume(series_key, volume, made_from)
        return self._folder.volume(series_key, made_from) or volume


def stamp_of(series: Series) -> str:
    """Hash over what a series' volume is made from: its files, and for PET how they became SUV."""
    quantification = series.quantification
    return digest(series.fingerprint, quantification.model_dump(mode="json") if quantification else None)
