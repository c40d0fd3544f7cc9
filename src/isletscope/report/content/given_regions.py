"""Regions that somebody drew and that came with the images, held against the foci."""

from __future__ import annotations

from isletscope.model import GivenRegion
from isletscope.report import format as fmt
from isletscope.report.content.document import Cell, Column, Given, Table
from isletscope.report.content.overview import NamedFocus, PetView
from isletscope.report.words import words


def given_regions_table(view: PetView) -> Table | None:
    """Each drawn region with the foci that overlap it; None when none came with this PET."""
    regions = view.reading.given_regions
    if not regions:
        return None
    by_id = {item.focus.id: item for item in view.named}
    columns = (
        Column("Region", 46),
        Column("File", 46),
        Column("Volume, mL", 18, "right"),
        Column("Foci that overlap it"),
        Column("Covered", 18, "right"),
    )
    caption = f"{view.title}: {fmt.counted(len(regions), 'region')} drawn by others, compared with the foci found"
    return Table(caption, columns, tuple(_row(region, by_id) for region in regions), (), view.reading.tracer_class)


def _row(region: GivenRegion, by_id: dict[str, NamedFocus]) -> tuple[Cell, ...]:
    foci = [by_id[focus_id] for focus_id in region.focus_ids if focus_id in by_id]
    overlapping = "; ".join(f"{item.name}, {words().verdicts[item.focus.verdict]}" for item in foci)
    return (
        Cell(Given(region.name)),
        Cell(Given(region.source)),
        Cell(fmt.volume(region.volume_ml, pet=True)),
        Cell(overlapping or "no focus found there", tone="" if foci else "unsure"),
        Cell(fmt.percent(100.0 * region.share_covered)),
    )
