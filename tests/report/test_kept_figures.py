"""Figures are drawn once, and again exactly when something that they show has changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from isletscope.model import Verdict
from isletscope.reading import KeptDrawings, pixel_stamp
from isletscope.report import write_report
from isletscope.report.content import build as built
from isletscope.report.content.document import Figure
from isletscope.report.figures.kept import kept_figures
from isletscope.report.images import NoImages
from tests.report.cases import FakeImages, two_tracer_case

_FIGURE = Figure("one", "<svg/>", 10.0, 5.0, "a picture", caption=("first", "second"), title="t", tracer="fdg")


class _Kept(NoImages):
    def __init__(self, folder: Path, pixels: str = "pixels") -> None:
        self.kept = KeptDrawings(folder, pixels)

    def drawings(self) -> KeptDrawings | None:
        return self.kept


def _counted(calls: list[int]) -> Callable[[], list[Figure]]:
    def draw() -> list[Figure]:
        calls.append(1)
        return [_FIGURE]

    return draw


def test_a_figure_is_drawn_once_and_comes_back_the_same(tmp_path: Path) -> None:
    calls: list[int] = []
    for _ in range(3):
        assert kept_figures(_Kept(tmp_path), ["slices", "L1"], _counted(calls)) == [_FIGURE]
    assert len(calls) == 1
    assert kept_figures(NoImages(), ["slices", "L1"], _counted(calls)) == [_FIGURE]
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("pixels", "shows"),
    [("others", ["slices", "L1"]), ("pixels", ["slices", "L2"]), ("pixels", ["strip", "L1"]), ("pixels", ["slices"])],
)
def test_what_changed_is_drawn_again(tmp_path: Path, pixels: str, shows: list[object]) -> None:
    calls: list[int] = []
    kept_figures(_Kept(tmp_path), ["slices", "L1"], _counted(calls))
    kept_figures(_Kept(tmp_path, pixels), shows, _counted(calls))
    assert len(calls) == 2


def test_a_broken_file_is_no_figure(tmp_path: Path) -> None:
    calls: list[int] = []
    kept_figures(_Kept(tmp_path), ["slices"], _counted(calls))
    next(tmp_path.glob("*.json")).write_text('[{"name": ')
    assert kept_figures(_Kept(tmp_path), ["slices"], _counted(calls)) == [_FIGURE]
    assert len(calls) == 2


def test_figures_that_no_report_shows_any_more_are_forgotten(tmp_path: Path) -> None:
    kept_figures(_Kept(tmp_path), ["old"], _counted([]))
    images = _Kept(tmp_path)
    kept_figures(images, ["new"], _counted([]))
    images.kept.forget_others()
    calls: list[int] = []
    kept_figures(_Kept(tmp_path), ["new"], _counted(calls))
    assert calls == []
    kept_figures(_Kept(tmp_path), ["old"], _counted(calls))
    assert calls == [1]


def test_the_stamp_of_pixels_changes_with_any_file_of_the_folders(tmp_path: Path) -> None:
    masks, volumes = tmp_path / "masks", tmp_path / "volumes"
    for folder in (masks, volumes):
        folder.mkdir()
    (masks / "foci.nii.gz").write_bytes(b"1234")
    stamps = [pixel_stamp([masks, volumes])]
    (volumes / "pt-1.npy").write_bytes(b"12")
    stamps.append(pixel_stamp([masks, volumes]))
    (masks / "foci.nii.gz").write_bytes(b"12345")
    stamps.append(pixel_stamp([masks, volumes]))
    os.utime(masks / "foci.nii.gz", ns=(1, 1))
    stamps += [pixel_stamp([masks, volumes]), pixel_stamp([masks, volumes], {"alignment": 1})]
    assert len(set(stamps)) == 5
    assert pixel_stamp([masks, volumes]) == stamps[3]


def test_a_reader_s_verdict_draws_that_focus_alone_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, images = two_tracer_case()
    drawn: list[str] = []
    original = built.slice_figure

    def slices(item: built.NamedFocus, *others: object) -> Figure:
        drawn.append(item.focus.id)
        return original(item, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(built, "slice_figure", slices)
    plain = write_report(case, images, tmp_path / "plain")
    everything = list(drawn)

    def report(shown: object, name: str) -> bytes:
        drawn.clear()
        kept = _with_drawings(images, tmp_path / "kept")
        return write_report(shown, kept, tmp_path / name).html.read_bytes()  # type: ignore[arg-type]

    assert report(case, "first") == plain.html.read_bytes()
    assert drawn == everything
    assert report(case, "second") == plain.html.read_bytes()
    assert drawn == []
    changed = case.model_copy(deep=True)
    focus = next(focus for reading in changed.readings for focus in reading.foci if focus.id == everything[0])
    focus.verdict = Verdict.UNSURE if focus.verdict is Verdict.TUMOUR else Verdict.TUMOUR
    fresh = write_report(changed, images, tmp_path / "fresh").html.read_bytes()
    assert report(changed, "third") == fresh
    assert drawn == [everything[0]]


def _with_drawings(images: FakeImages, folder: Path) -> FakeImages:
    class Kept(FakeImages):
        def drawings(self) -> KeptDrawings | None:
            return kept

    kept = KeptDrawings(folder, "pixels")
    return Kept(images.volumes, images.foci)
