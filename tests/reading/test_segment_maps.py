"""The segments that a reading cuts from its own structures, and keeps with its organs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isletscope.anatomy import Organs
from isletscope.model import ExamKind, OrganFinding, ReadingOfImages, State
from isletscope.reading.label_maps import write_label_map
from isletscope.reading.segment_maps import cut_segments
from isletscope.reading.stored_maps import stored_segments, structure_masks
from isletscope.reading.structure_maps import Structures
from isletscope.spatial import Box, Mask
from isletscope.surgery import segments_from_landmarks
from tests.surgery.test_liver_segments import made

NOT_IN_PLANES = ("portal_bifurcation", "umbilical_fissure")


def scene(without: tuple[str, ...] = ()) -> tuple[Organs, Structures]:
    """The made liver as organ 7, its vessels and gallbladder as structures."""
    liver, masks, _ = made((5.0, 5.0, 5.0))
    organs = Organs(np.where(liver.array, 7, 0).astype(np.uint8), liver.geometry, {"liver": 7}, [])
    labels = np.zeros(liver.array.shape, np.uint8)
    rows = []
    for number, (name, mask) in enumerate(masks.items(), start=1):
        if name not in (*without, *NOT_IN_PLANES):
            labels[mask.array & (labels == 0)] = number
            rows.append(OrganFinding(name=name, state=State.DERIVED, source="made", label=number))
    return organs, Structures(labels, rows, [])


def reading_of(rows: list[OrganFinding], **told: object) -> ReadingOfImages:
    known = {"exam_key": "exam-1", "kind": ExamKind.CT, "series_key": "ct-1", "structures": rows, **told}
    return ReadingOfImages.model_validate(known)


def test_landmarks_of_the_structures_cut_the_whole_grid_as_they_cut_the_liver() -> None:
    """The portal vein parts where its branches come closest; nothing of that was marked."""
    organs, structures = scene(without=("hepatic_vein_left",))
    found = cut_segments(organs, structures)
    liver, masks, _ = made((5.0, 5.0, 5.0))
    del masks["umbilical_fissure"]
    marked = segments_from_landmarks(liver, masks, {})
    assert found.labels is not None
    assert found.source == "landmarks and typical shares"
    assert found.because == "hepatic and portal veins: no hepatic vein left"
    assert np.array_equal(found.labels > 0, liver.array)
    assert np.mean(found.labels[liver.array] == marked.segments[liver.array]) > 0.95


def test_without_vessels_or_liver_there_are_none_and_the_reason_is_told() -> None:
    organs, _ = scene()
    bare = cut_segments(organs, Structures(np.zeros_like(organs.labels), [], []))
    assert bare.labels is None
    assert "hepatic and portal veins: no hepatic vein right" in bare.because
    assert "imported" not in bare.because  # nobody said that there was a map
    empty = Organs(np.zeros_like(organs.labels), organs.geometry, {}, [])
    assert cut_segments(empty, Structures(np.zeros_like(organs.labels), [], [])).because == "the liver has no outline"


def test_what_was_kept_is_found_again_only_for_the_same_liver(tmp_path: Path) -> None:
    organs, structures = scene(without=("hepatic_vein_left",))
    found = cut_segments(organs, structures)
    assert found.labels is not None
    write_label_map(tmp_path / "segments.nii.gz", found.labels, organs.geometry)
    write_label_map(tmp_path / "structures.nii.gz", structures.labels, organs.geometry)
    reading = reading_of(
        structures.findings,
        segment_map="segments.nii.gz",
        segments_from=found.source,
        segment_flags=list(found.flags),
        structure_map="structures.nii.gz",
    )
    whole = Box((0, 0, 0), organs.geometry.shape)
    liver = organs.mask("liver")
    again = stored_segments(reading, tmp_path, liver, whole)
    assert again is not None
    assert (again.source.value, again.flags) == (found.source, found.flags)
    other = Mask(np.roll(liver.array, 1, axis=2), organs.geometry)
    assert stored_segments(reading, tmp_path, other, whole) is None
    masks = structure_masks(reading, tmp_path, whole, organs.geometry)
    assert set(masks) == {one.name for one in structures.findings}
    (tmp_path / "structures.nii.gz").unlink()
    assert structure_masks(reading, tmp_path, whole, organs.geometry) == {}


@pytest.mark.parametrize("name", ["inferior_vena_cava", "gallbladder"])
def test_an_organ_stands_in_for_a_structure_that_is_missing(name: str) -> None:
    organs, structures = scene(without=("hepatic_vein_left", name))
    _, masks, _ = made((5.0, 5.0, 5.0))
    labels = organs.labels.copy()
    labels[masks[name].array & (labels == 0)] = 13
    with_organ = Organs(labels, organs.geometry, {"liver": 7, name: 13}, [])
    lacks = f"no {name.replace('_', ' ')}"
    assert lacks in cut_segments(organs, structures).because
    assert lacks not in cut_segments(with_organ, structures).because
