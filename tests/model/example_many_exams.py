"""The parts of the example case that several exams add: alignments, readings of CT and MR, matching, phenotype."""

from __future__ import annotations

from isletscope.model import (
    Alignment,
    AlignmentKind,
    Course,
    ExamKind,
    Fate,
    Focus,
    FocusLink,
    OrganFinding,
    ReadingOfImages,
    State,
    UnmatchedFocus,
    derived,
)


def example_alignments() -> list[Alignment]:
    """A frame that fits, and one that does not."""
    known = {"exam_key": "exam-1", "reference_series_key": "ct-1"}
    turned = [[1.0, 0.0, 0.0, 2.5], [0.0, 1.0, 0.0, -1.0], [0.0, 0.0, 1.0, 12.0], [0.0, 0.0, 0.0, 1.0]]
    return [
        Alignment(
            **known,
            frame_of_reference_uid="1.2.3.4",
            series_key="mr-1",
            series_keys=["mr-1", "mr-2"],
            kind=AlignmentKind.DEFORMABLE,
            usable=True,
            matrix=turned,
            displacement_file="alignment/mr-1.nii.gz",
            uncertainty_mm=2.4,
            quality={"overlap_liver": derived("overlap of the liver", 0.94, "1")},
            method="rigid by mutual information at 8 and 4 mm, then a smooth field",
            limits=["the pelvis is not on both"],
        ),
        Alignment(
            **known,
            frame_of_reference_uid="1.2.3.5",
            series_key="mr-9",
            kind=AlignmentKind.FAILED,
            usable=False,
            because="the images show different parts of the body",
        ),
    ]


def example_image_reading(focus: Focus) -> ReadingOfImages:
    """A CT reading with one focus and one organ."""
    return ReadingOfImages(
        exam_key="exam-1",
        kind=ExamKind.CT,
        series_key="ct-1",
        series_keys=["ct-1"],
        organs=[
            OrganFinding(name="liver", state=State.DERIVED, source="atlas", confidence="moderate", volume_ml=1500.0)
        ],
        structures=[
            OrganFinding(name="superior_mesenteric_vein", state=State.DERIVED, source="tracked", volume_ml=6.0, label=1)
        ],
        foci=[focus.model_copy(update={"id": "ct-1/1", "series_key": "ct-1"})],
        looked_for={"L1": "no difference from the liver around it on ct-1"},
        undecided={"L2": "mr-1 could not be loaded"},
        methods=["foci of 3 to 30 mm radius inside the liver"],
        limits=["lymph nodes were not searched"],
        foci_map="masks/ct-1_foci.nii.gz",
        organ_map="masks/ct-1_organs.nii.gz",
        structure_map="masks/ct-1_structures.nii.gz",
        segment_map="masks/ct-1_segments.nii.gz",
        segments_from="landmarks and typical shares",
        segments_because="hepatic and portal veins: no hepatic_vein_left",
        segment_flags=["BY_SHARE"],
    )


def example_course() -> list[Course]:
    """A lesion that was there at the first time point."""
    return [Course(time_point="baseline", fate=Fate.FIRST, because="seen", focus_ids=["pet-1/1"])]


def example_links() -> list[FocusLink]:
    """Why a focus of CT belongs to a lesion."""
    return [FocusLink(focus_id="ct-1/1", distance_mm=2.1, overlap=0.8, cost=0.4, because="nearest pet-1/1")]


def example_unmatched() -> list[UnmatchedFocus]:
    """A focus that stands alone."""
    return [UnmatchedFocus(focus_id="ct-1/2", because="seen on CT alone")]
